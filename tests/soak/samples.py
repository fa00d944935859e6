"""What processes take of memory and open files, and whether it grows."""

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

MEGABYTE = 1 << 20

SHARE, ROOM = 0.10, 10.0
"""Memory may grow by this part and so many MB: caches fill, and allocators keep what they had."""

MORE_FILES = 8
"""Open files may be so many more: connections come and go."""


@dataclass
class Samples:
    """What one process took, at each moment that somebody looked."""

    name: str
    pid: int
    at: list[float] = field(default_factory=list)
    """Seconds since the beginning."""
    memory: list[float] = field(default_factory=list)
    """The resident memory (MB)."""
    files: list[float] = field(default_factory=list)
    """The number of open files."""

    def take(self, at: float) -> None:
        """Look now.

        Raises:
            ProcessLookupError: the process is gone.
        """
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
            files = len(os.listdir(f"/proc/{self.pid}/fd"))
        except FileNotFoundError:
            raise ProcessLookupError(f"{self.name} is gone") from None
        self.at.append(at)
        self.memory.append(pages * os.sysconf("SC_PAGESIZE") / MEGABYTE)
        self.files.append(files)

    @property
    def growth(self) -> list[str]:
        """What grew by more than it may; empty when nothing did."""
        found = []
        first, last = (statistics.median(third) for third in thirds(self.memory))
        if last > first * (1 + SHARE) + ROOM:
            found.append(f"{self.name}: memory grew from {first:.1f} to {last:.1f} MB")
        first, last = (statistics.median(third) for third in thirds(self.files))
        if last > first + MORE_FILES:
            found.append(f"{self.name}: open files grew from {first:.0f} to {last:.0f}")
        return found

    def __str__(self) -> str:
        rows = [self.name]
        for what, values, unit in (("memory", self.memory, "MB"), ("files", self.files, "")):
            first, last = (spread(third) for third in thirds(values))
            slope = slope_of(self.at, values) * 3600
            rows.append(f"  {what:7} {first} -> {last} {unit:2} {slope:+8.1f} per hour")
        return "\n".join(rows)


def thirds(values: Sequence[float]) -> tuple[Sequence[float], Sequence[float]]:
    """The first and the last third."""
    size = max(1, len(values) // 3)
    return values[:size], values[-size:]


def spread(values: Sequence[float]) -> str:
    """The least, the median and the greatest."""
    middle = statistics.median(values)
    return f"{min(values):6.1f} {middle:6.1f} {max(values):6.1f}"


def slope_of(at: Sequence[float], values: Sequence[float]) -> float:
    """How much it grows per second, by least squares over the last two thirds."""
    begin = len(at) // 3
    if len(at) - begin < 2:
        return 0.0
    return statistics.linear_regression(at[begin:], values[begin:]).slope
