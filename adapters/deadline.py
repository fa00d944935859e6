"""One deadline for everything that a piece of work waits for.

A timeout on each wait bounds nothing in total: a server that sends one byte a second never exceeds
a read timeout, and four requests of 25 seconds take 100. So whoever starts a piece of work says how
long all of it may take, and each wait inside asks how much is left::

    with within(10):
        ...
        sock.settimeout(remaining(25))  # at most what is left of the 10 seconds

The deadline belongs to the thread or task, is measured on the monotonic clock, and an inner one
never outlasts an outer one.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ENDS_AT: ContextVar[float] = ContextVar("relink deadline", default=float("inf"))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give the work in the block this long, unless an outer deadline ends before.

    Args:
        seconds: from now.
    """
    token = _ENDS_AT.set(min(_ENDS_AT.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ENDS_AT.reset(token)


def remaining(longest: float = float("inf")) -> float:
    """The seconds until the deadline, at most ``longest``; 0 once it is over."""
    return min(longest, max(0.0, _ENDS_AT.get() - time.monotonic()))
