"""Each fault of the layouts on PostgreSQL, in its quick form."""

import pytest

from .fault import Fault, Layout
from .load import Load
from .quick import check, tried
from .site import Site

EACH = tried(Layout.POSTGRES, Layout.PGBOUNCER)


@pytest.mark.parametrize(("installation", "fault"), EACH, indirect=["installation"])
def test_nothing_is_lost_or_doubled(installation: tuple[Site, Load], fault: Fault) -> None:
    check(installation, fault)
