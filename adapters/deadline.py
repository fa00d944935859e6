"""One deadline for everything that is done on somebody's behalf.

A timeout on each wait bounds nothing in total: a server that sends one byte a second never exceeds
a read timeout, and four requests of 25 seconds take 100. So whoever starts a piece of work says how
long all of it may take, and each wait inside asks how much is left::

    with Deadline(10):
        ...
        sock.settimeout(remaining(25))  # at most what is left of the 10 seconds

A deadline belongs to the thread or task, and to threads that are started with a copy of its
context, as anyio starts them. Within two deadlines, the earlier one holds. It is measured on a
monotonic clock: the time of day may be set back while somebody waits.

The database has deadlines of its own: when Stripe has answered at the last moment, the answer is
still stored.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from enum import Enum, auto
from types import TracebackType
from typing import Self


class Wait(Enum):
    """What a deadline bounds."""

    PARTIES = auto()
    """The waits for other parties, and for a turn."""
    DATABASE = auto()
    """The waits for the database."""


_IN_FORCE: ContextVar[tuple["Deadline", ...]] = ContextVar("relink_deadlines", default=())


class Deadline:
    """A context manager: what runs within it has to be done in time. It may be entered again: the
    time goes on between.

    Args:
        seconds: from now.
        timer: a clock that is never set back (seconds).
        wait: what it bounds.
    """

    def __init__(
        self,
        seconds: float,
        timer: Callable[[], float] = time.monotonic,
        wait: Wait = Wait.PARTIES,
    ) -> None:
        self.wait = wait
        self._timer = timer
        self._ends_at = timer() + seconds
        self._tokens: list[Token[tuple[Deadline, ...]]] = []

    @property
    def left(self) -> float:
        """Seconds until it is over; 0 afterwards."""
        return max(0.0, self._ends_at - self._timer())

    def __enter__(self) -> Self:
        self._tokens.append(_IN_FORCE.set((*_IN_FORCE.get(), self)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _IN_FORCE.reset(self._tokens.pop())


def remaining(longest: float = float("inf"), wait: Wait = Wait.PARTIES) -> float:
    """The seconds until the earliest deadline in force is over, at most ``longest``; 0 afterwards.

    Args:
        longest: the bound where no deadline is nearer (seconds).
        wait: what is waited for.
    """
    return min([longest, *(each.left for each in _IN_FORCE.get() if each.wait is wait)])
