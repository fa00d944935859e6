"""The runner: carries out the commands of the outbox when they are due.

:class:`Performer` makes one attempt at a command and stores what follows, for any scheduler.
:class:`Loop` schedules within one process. The scheduler for many workers on PostgreSQL is in
:mod:`.worker`, and their shared rate limiter in :mod:`.shared_rate_limiter`; both need the extra
``postgres``.
"""

from .attempt import Notify
from .loop import Loop
from .performer import Performer, Watch
from .periodic import PeriodicTask
from .reconcile import reconcile
from .stuck import RETRY_BUDGET_SPENT

__all__ = [
    "RETRY_BUDGET_SPENT",
    "Loop",
    "Notify",
    "Performer",
    "PeriodicTask",
    "Watch",
    "reconcile",
]
