"""Periodic tasks: intervals as the cron expressions that Procrastinate takes."""

import pytest
from croniter import croniter

from relink.adapters.runner import PeriodicTask

MIDNIGHT = 1_760_054_400


@pytest.mark.parametrize("every", [1, 2, 15, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600])
def test_an_interval_becomes_a_cron_expression(every: int):
    times = croniter(PeriodicTask("x", every, print).cron, MIDNIGHT)
    found = [times.get_next() for _ in range(100)]
    assert found == [MIDNIGHT + every * n for n in range(1, 101)]


@pytest.mark.parametrize("every", [0, -60, 7, 90, 61, 3599, 5 * 3600, 48 * 3600])
def test_an_interval_that_divides_nothing_is_refused(every: int):
    with pytest.raises(
        ValueError,
        match=rf"task x can't run every {every} s\. Use a number of seconds that divides",
    ):
        PeriodicTask("x", every, print)
