"""The runner: carries out the commands of the outbox when they are due.

:class:`Performer` makes one attempt at a command and stores what follows, for any scheduler.
:class:`Loop` schedules within one process. The scheduler for many workers on PostgreSQL is in
:mod:`.worker`, and their shared rate limiter in :mod:`.shared_rate_limiter`; both need the extra
``postgres``.
"""

from .attempt import RETRY_BUDGET_SPENT, Notify, WatchCommand
from .loop import Loop
from .performer import Performer, Watch
from .periodic import PeriodicTask
from .rate_limiter import LIVE_RATE, TEST_RATE, LocalRateLimiter, RateLimitedTransport, RateLimiter
from .reconcile import reconcile

__all__ = [
    "LIVE_RATE",
    "RETRY_BUDGET_SPENT",
    "TEST_RATE",
    "LocalRateLimiter",
    "Loop",
    "Notify",
    "Performer",
    "PeriodicTask",
    "RateLimitedTransport",
    "RateLimiter",
    "Watch",
    "WatchCommand",
    "reconcile",
]
