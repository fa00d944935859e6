"""The runner: performs the commands of the outbox.

:class:`Performer` makes one attempt at a command and stores the result, for any scheduler.
:class:`Loop` is the scheduler of a single process. The scheduler for many workers on PostgreSQL is
in :mod:`.worker`, and their rate limiter in :mod:`.shared_rate_limiter`; both need the extra
``postgres``.
"""

from .attempt import RETRY_BUDGET_SPENT, Notify
from .loop import Loop
from .performer import Performer, Watch
from .periodic import PeriodicTask
from .reconcile import reconcile

__all__ = [
    "RETRY_BUDGET_SPENT",
    "Loop",
    "Notify",
    "Performer",
    "PeriodicTask",
    "Watch",
    "reconcile",
]
