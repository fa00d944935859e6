"""The quick form of the faults, for the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..profile import PROFILE
from .declared import FAULTS
from .fault import QUICK, Fault, Layout
from .load import Load
from .measure import measure
from .site import Site, installed

EVERY = 14
"""Of a list of faults, the full profile tries only every so many-th."""


def tried(*layouts: Layout) -> list[object]:
    """The faults that this profile tries, as parameters of a test.

    Each takes half a minute with its recovery, so the script measures all, and the tests a few.
    """
    chosen = [fault for fault in FAULTS if fault.layout in layouts][:: EVERY * PROFILE.stride]
    return [pytest.param(fault.layout, fault, id=fault.name) for fault in chosen]


@contextmanager
def under_load(layout: Layout, folder: Path) -> Iterator[tuple[Site, Load]]:
    """An installation that all faults of its layout share."""
    with installed(layout, folder, QUICK.environment) as site:
        load = Load(site)
        try:
            yield site, load
        finally:
            load.close()


def check(on: tuple[Site, Load], fault: Fault) -> None:
    """Nothing is lost or doubled, and all recovers in time.

    Raises:
        AssertionError: it does not hold.
    """
    site, load = on
    row = measure(site, load, fault, QUICK)
    assert row.is_good, f"{fault.name}: {'; '.join(row.wrong)}"
