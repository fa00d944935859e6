"""Periodic tasks: what runs at intervals beside the commands, such as sweeps and retention."""

from collections.abc import Callable
from dataclasses import dataclass

_UNITS = ((1, 60, "* * * * * */{}"), (60, 60, "*/{} * * * *"), (3600, 24, "0 */{} * * *"))
"""Seconds, minutes and hours: the length of one, how many make up the next larger unit, and the
cron expression."""


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """A task that runs at intervals.

    It runs again whether or not the last run failed. It may run twice in one interval: after a
    crash, or in two workers.

    Raises:
        ValueError: the interval does not divide a minute, an hour or a day.
    """

    name: str
    """A name that no other task has, in words joined by underscores."""
    every: int
    """The interval in seconds: it divides a minute, an hour or a day."""
    run: Callable[[], object]
    """Runs it once. What it returns is ignored."""

    def __post_init__(self) -> None:
        self.cron  # noqa: B018

    @property
    def cron(self) -> str:
        """When it runs, as a cron expression; a sixth field holds seconds."""
        for unit, whole, expression in _UNITS:
            number, rest = divmod(self.every, unit)
            if not rest and 0 < number < whole and whole % number == 0:
                return expression.format(number)
        if self.every == 24 * 3600:
            return "0 0 * * *"
        raise ValueError(
            f"the periodic task {self.name} can't run every {self.every} s. "
            "Use a number of seconds that divides a minute, an hour or a day"
        )
