"""Time in the simulated world, and what is due in it.

A virtual clock stands still until it is moved, so that a history can be repeated to the
byte; a ticking one follows the machine's clock, for people and for services that run beside
the simulator. Both are in Unix seconds.
"""

import heapq
import time
from collections.abc import Callable
from typing import Any, Protocol


class Clock(Protocol):
    """What the simulator asks of a clock."""

    @property
    def now(self) -> float:
        """The time (Unix seconds)."""

    def move_to(self, when: float) -> None:
        """Make it that late; a clock never goes back."""

    def elapse(self, seconds: float) -> float:
        """Let the time pass that an answer takes; what is returned is still to be waited for."""


class VirtualClock:
    """Moves only when told to."""

    def __init__(self, start: float) -> None:
        self.now = float(start)

    def move_to(self, when: float) -> None:
        """Make it that late; a clock never goes back."""
        self.now = max(self.now, when)

    def elapse(self, seconds: float) -> float:
        """Let the time pass that an answer takes. Nobody has to wait."""
        self.now += seconds
        return 0.0


class TickingClock:
    """The machine's clock; moving it puts it that far ahead."""

    def __init__(self) -> None:
        self._ahead = 0.0

    @property
    def now(self) -> float:
        """The time (Unix seconds)."""
        return time.time() + self._ahead

    def move_to(self, when: float) -> None:
        """Make it that late; a clock never goes back."""
        self._ahead += max(0.0, when - self.now)

    def elapse(self, seconds: float) -> float:
        """This time passes by itself, while the server waits."""
        return seconds


class Timetable:
    """What will happen by itself, such as an announced deactivation, in order of time."""

    def __init__(self) -> None:
        self._items: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._added = 0

    def add(self, due: float, act: Callable[..., None], *args: Any) -> None:
        """Call ``act(*args)`` when it is ``due``; what is due at once comes in this order."""
        heapq.heappush(self._items, (due, self._added, act, args))
        self._added += 1

    @property
    def next_due(self) -> float | None:
        """When the next item is due; None when there is none."""
        return self._items[0][0] if self._items else None

    def run_next(self) -> None:
        """Let the next item happen."""
        _, _, act, args = heapq.heappop(self._items)
        act(*args)
