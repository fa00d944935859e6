"""One installation for all faults of a layout."""

from collections.abc import Iterator

import pytest

from .load import Load
from .quick import under_load
from .site import Site


@pytest.fixture(scope="module")
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Load]]:
    """The installation of a layout, under load."""
    layout = request.param
    with under_load(layout, tmp_path_factory.mktemp(layout.name.lower())) as made:
        yield made
