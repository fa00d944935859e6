"""The runner: commands of the outbox are performed, and when.

:class:`Performer` makes one attempt at a command and stores what follows, for any scheduler; one
is :class:`Loop`, for a single process. The one for many workers on PostgreSQL is in
:mod:`.worker`, and their common pace in :mod:`.shared_pace`; both need the extra ``postgres``.
"""

from .attempt import OUT_OF_PATIENCE, Notify, WatchCommand
from .duty import Duty
from .loop import Loop
from .pace import LIVE_RATE, TEST_RATE, LocalPace, Pace, PacedTransport
from .performer import Performer, Watch
from .reconcile import reconcile

__all__ = [
    "LIVE_RATE",
    "OUT_OF_PATIENCE",
    "TEST_RATE",
    "Duty",
    "LocalPace",
    "Loop",
    "Notify",
    "Pace",
    "PacedTransport",
    "Performer",
    "Watch",
    "WatchCommand",
    "reconcile",
]
