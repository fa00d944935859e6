"""Marks for tests that concern one kind of database."""

import pytest

on_sqlite = pytest.mark.parametrize("new_url", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("new_url", ["postgres"], indirect=True)
