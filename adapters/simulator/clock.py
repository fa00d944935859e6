"""The simulator's time, and what is scheduled in it.

A virtual clock stands still until it is moved, so that a history can be reproduced byte for byte. A
ticking clock follows the machine's clock, for people and for services that run beside the
simulator. Both are in Unix seconds.
"""

import heapq
import time
from collections.abc import Callable
from typing import Any, Protocol


class Clock(Protocol):
    """The simulator's clock."""

    @property
    def now(self) -> float:
        """The time (Unix seconds)."""

    def move_to(self, when: float) -> None:
        """Move the clock forward to a time (Unix seconds). It never goes back."""

    def elapse(self, seconds: float) -> float:
        """Let the time of a slow answer pass. Returns the seconds that a server must wait."""


class VirtualClock:
    """A clock that moves only on request."""

    def __init__(self, start: float) -> None:
        self.now = float(start)

    def move_to(self, when: float) -> None:
        """Move the clock forward to a time (Unix seconds). It never goes back."""
        self.now = max(self.now, when)

    def elapse(self, seconds: float) -> float:
        """Let the time of a slow answer pass (seconds). No server has to wait."""
        self.now += seconds
        return 0.0


class TickingClock:
    """The machine's clock, plus an offset by which it was moved forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    @property
    def now(self) -> float:
        """The time (Unix seconds)."""
        return time.time() + self._ahead

    def move_to(self, when: float) -> None:
        """Move the clock forward to a time (Unix seconds). It never goes back."""
        self._ahead += max(0.0, when - self.now)

    def elapse(self, seconds: float) -> float:
        """The time passes while the server waits."""
        return seconds


class Timetable:
    """Scheduled events, such as announced deactivations, in order of time."""

    def __init__(self) -> None:
        self._items: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._added = 0

    def add(self, due: float, act: Callable[..., None], *args: Any) -> None:
        """Schedule ``act(*args)`` for ``due`` (Unix seconds). Ties run in order."""
        heapq.heappush(self._items, (due, self._added, act, args))
        self._added += 1

    @property
    def next_due(self) -> float | None:
        """When the next event is due (Unix seconds); None when there is none."""
        return self._items[0][0] if self._items else None

    def run_next(self) -> None:
        """Run the next event."""
        _, _, act, args = heapq.heappop(self._items)
        act(*args)
