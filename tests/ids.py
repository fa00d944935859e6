"""Ids of tests that are the same in every process, so that processes can share the tests.

A function or an object shows its address, which is another one in each process.
"""

import re

import pytest

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def without_address(value: object) -> str:
    """A value as an id, for ``ids`` of ``parametrize``."""
    return _ADDRESS.sub("", str(value))


def refuse_addresses(items: list[pytest.Item]) -> None:
    """Name each test whose id no other process has.

    Raises:
        UsageError: there are such tests.
    """
    if found := [item.nodeid for item in items if _ADDRESS.search(item.nodeid)]:
        raise pytest.UsageError(
            "the ids of tests hold addresses, which differ in each process; give "
            "ids=without_address:\n  " + "\n  ".join(found)
        )
