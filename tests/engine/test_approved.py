"""What is drawn is what somebody has looked at; see ``approved.py``."""

import pytest

from .approved import FOLDER, PICTURES


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_it_was_approved(name: str):
    assert PICTURES[name]() == (FOLDER / name).read_text(encoding="utf-8")


def test_no_picture_was_approved_that_is_not_drawn():
    assert {path.name for path in FOLDER.iterdir()} == set(PICTURES)
