"""Intervals as Procrastinate takes them."""

import pytest
from croniter import croniter

from relink.adapters.runner import PeriodicTask

MIDNIGHT = 1_760_054_400


@pytest.mark.parametrize("every", [1, 2, 15, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600])
def test_an_interval_as_a_cron_expression(every: int):
    times = croniter(PeriodicTask("x", every, print).cron, MIDNIGHT)
    found = [times.get_next() for _ in range(100)]
    assert found == [MIDNIGHT + every * n for n in range(1, 101)]


@pytest.mark.parametrize("every", [0, -60, 7, 90, 61, 3599, 5 * 3600, 48 * 3600])
def test_an_interval_that_can_not_be(every: int):
    with pytest.raises(ValueError, match=f"x: every {every} s is no part of"):
        PeriodicTask("x", every, print)
