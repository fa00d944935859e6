"""What all faults of a file share."""

from collections.abc import Iterator

import pytest

from .quick import Bench


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Where the faults happen."""
    made = Bench()
    yield made
    made.close()
