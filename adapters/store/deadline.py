"""How long the work under way may still wait for the database.

A bound on each wait does not bound their sum. So a caller sets one deadline for a whole piece of
work, and every wait within it, in other threads too, takes what is left.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_UNTIL: ContextVar[float | None] = ContextVar("relink_database_deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound everything that is done within. An earlier deadline around it stays.

    Args:
        seconds: from now.
    """
    until, outer = time.monotonic() + seconds, _UNTIL.get()
    token = _UNTIL.set(until if outer is None else min(until, outer))
    try:
        yield
    finally:
        _UNTIL.reset(token)


def remaining(most: float) -> float:
    """The seconds that are left, at least 0.

    Args:
        most: the seconds where no deadline is set, or a later one.
    """
    until = _UNTIL.get()
    return most if until is None else min(most, max(0.0, until - time.monotonic()))
