"""What a fault is: what goes wrong, where, and for how long."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .site import Site


class Layout(Enum):
    """How the service is installed. The value is for readers."""

    SQLITE = "SQLite: one `relink serve`"
    SMALL_DISK = "SQLite on a disk of 256 MB: one `relink serve`"
    GUNICORN = "SQLite: one worker under gunicorn"
    POSTGRES = "PostgreSQL: two `relink serve`, two `relink work`"
    PGBOUNCER = "PostgreSQL behind PgBouncer: one `relink serve`, one `relink work`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    Args:
        name: unique; ``--only`` takes it.
        text: what happens, for readers.
        layout: where.
        happens: makes it happen when it is entered, and ends it when it is left.
        seconds: how long it lasts.
        cuts_attempts: whether it can separate the effect of an attempt from its record, as a death
            does. Only then may a notification arrive again after it was taken.
    """

    name: str
    text: str
    layout: Layout
    happens: Callable[["Site"], AbstractContextManager[object]]
    seconds: float = 8.0
    cuts_attempts: bool = False


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is tried of each fault."""

    times: int
    """How often one that lasts for a moment happens. One that lasts happens a third as often."""
    longest: float
    """The longest time that it lasts (seconds)."""
    calm: float
    """Seconds of load before the first and after the last time."""
    environment: Mapping[str, str]
    """What differs in the settings of all processes."""

    def times_of(self, fault: Fault) -> int:
        """How often a fault happens."""
        return self.times if fault.seconds <= MOMENT else max(1, self.times // 3)

    def seconds_of(self, fault: Fault) -> float:
        """For how long it lasts (seconds)."""
        return min(fault.seconds, self.longest)


MOMENT = 2.0
"""Seconds that are a moment."""

QUICK = Extent(
    times=1,
    longest=1.5,
    calm=0.3,
    environment={
        "RELINK_DATABASE_TIMEOUT": "1",
        "RELINK_NOTIFY_TIMEOUT": "1",
        "RELINK_STRIPE_TIMEOUT": "2",
        "RELINK_CALLER_STRIPE_TIMEOUT": "2",
    },
)
"""For the tests: shorter bounds, so that short faults reach them."""

NORMAL = Extent(times=2, longest=30.0, calm=1.5, environment={})
"""For the page: the default settings."""

LONG = Extent(times=9, longest=30.0, calm=3.0, environment={})
