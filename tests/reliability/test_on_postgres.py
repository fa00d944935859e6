"""Each fault of the layouts on PostgreSQL, in its quick form."""

import pytest

from .fault import Fault, Layout
from .quick import Bench, check, tried


@pytest.mark.parametrize("what", tried(Layout.POSTGRES, Layout.PGBOUNCER))
def test_nothing_is_lost_or_doubled(bench: Bench, what: Fault | Layout) -> None:
    check(bench, what)
