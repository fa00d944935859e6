"""The story of a world: what happened, line by line, and its digest.

Two runs of one seed are the same if their digests are: every line is in it, told or not.
"""

from collections.abc import Callable
from hashlib import blake2b

DAY = 24 * 60 * 60


class Story:
    """What happened so far.

    Args:
        clock: the time in the world (Unix seconds).
        is_told: whether the lines are kept.
    """

    def __init__(self, clock: Callable[[], float], is_told: bool) -> None:
        self._clock = clock
        self._began = clock()
        self._hash = blake2b(digest_size=16)
        self.is_told = is_told
        self.lines: list[str] = []
        """The lines, if they are kept."""

    def say(self, text: str) -> None:
        """Add a line."""
        now = self._clock()
        self._hash.update(f"{now!r} {text}\n".encode())
        if self.is_told:
            self.lines.append(f"{moment(now - self._began)}  {text}")

    @property
    def digest(self) -> str:
        """The same for the same story, byte for byte."""
        return self._hash.hexdigest()


def moment(seconds: float) -> str:
    """A time since the beginning, such as ``day 2 13:05:20.250``."""
    day, rest = divmod(seconds, DAY)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    return f"day {day:.0f} {hours:02.0f}:{minutes:02.0f}:{int(rest * 1000) / 1000:06.3f}"
