"""What has to be done again and again, beside the commands: sweeps, retention."""

from collections.abc import Callable
from dataclasses import dataclass

_UNITS = ((1, 60, "* * * * * */{}"), (60, 60, "*/{} * * * *"), (3600, 24, "0 */{} * * *"))
"""Seconds, minutes and hours: how long one is, how many there are, and as a cron expression."""


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """Something to do at intervals.

    It is begun again whatever came of it, and may be done twice: after a crash, or by two
    workers.

    Raises:
        ValueError: there is no such interval.
    """

    name: str
    """Of its own, in words joined by underscores."""
    every: int
    """Seconds: a whole part of a minute, of an hour or of a day, or a day."""
    run: Callable[[], object]
    """Does it once; what it returns is of no interest."""

    def __post_init__(self) -> None:
        self.cron  # noqa: B018

    @property
    def cron(self) -> str:
        """When to do it, as a cron expression; a sixth field is for seconds."""
        for unit, whole, expression in _UNITS:
            number, rest = divmod(self.every, unit)
            if not rest and 0 < number < whole and whole % number == 0:
                return expression.format(number)
        if self.every == 24 * 3600:
            return "0 0 * * *"
        raise ValueError(f"{self.name}: every {self.every} s is no part of a minute, hour or day")
