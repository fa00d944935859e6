"""Periodic tasks: what runs at intervals beside the commands, such as sweeps and retention."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """A task that runs at intervals.

    It runs again whether or not the last run failed. It may run twice in one interval: after a
    crash, or in two workers.

    Raises:
        ValueError: the interval is not positive.
    """

    name: str
    """A name that no other task has, in words joined by underscores."""
    every: float
    """The interval in seconds."""
    run: Callable[[], object]
    """Runs it once. What it returns is ignored."""

    def __post_init__(self) -> None:
        if not self.every > 0:
            raise ValueError(
                f"the periodic task {self.name} can't run every {self.every} s. "
                "Use a positive number of seconds"
            )
