"""How long somebody waits: a bound for everything that is done on their behalf.

A request that retries has to know when its caller gives up, and so has every layer below it: the
rate limiter, the HTTP client, the pause before a retry. :class:`Deadline` says it once, where the
caller comes in. What runs within it asks :func:`time_left`. Within two deadlines, the earlier one
holds.

A deadline is measured on a monotonic clock: the time of day may be set back while somebody waits.
"""

import math
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

_IN_FORCE: ContextVar[tuple["Deadline", ...]] = ContextVar("relink_deadlines", default=())


class Deadline:
    """A context manager: what runs within it has to be done in time.

    It also holds in threads that are started with a copy of the context, as anyio starts them.

    Args:
        seconds: from now.
        timer: a clock that is never set back (seconds).
    """

    def __init__(self, seconds: float, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._ends_at = timer() + seconds
        self._tokens: list[Token[tuple[Deadline, ...]]] = []

    @property
    def left(self) -> float:
        """Seconds until it is over; negative afterwards."""
        return self._ends_at - self._timer()

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


def time_left() -> float:
    """Seconds until the earliest deadline in force is over; infinite where there is none."""
    return min((deadline.left for deadline in _IN_FORCE.get()), default=math.inf)
