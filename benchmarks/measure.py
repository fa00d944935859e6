"""Measuring: sides take turns in rounds, and what comes out are lines of the table."""

import gc
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

Round = Callable[[], float]
"""Works for a moment, and returns one reading."""

OURS = "relink"
"""The side that all others are compared to."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    row: str
    side: str
    unit: str
    """``µs``, ``s`` and the like: less is better; ``…/s``: more is better."""
    readings: tuple[float, ...]
    """One for each round."""
    ratios: tuple[float, ...] = ()
    """How many times as fast as this side relink was, round by round; empty for relink itself."""
    note: str = ""

    @property
    def section(self) -> str:
        """The row as the command line names it: ``ingest`` of ``ingest on SQLite``."""
        return self.row.partition(" ")[0].rstrip(",")

    @property
    def median(self) -> float:
        """The reading in the middle."""
        return median(self.readings)

    @property
    def ratio(self) -> float | None:
        """How many times as fast as this side relink is: the median of the rounds."""
        return median(self.ratios) if self.ratios else None

    def to_json(self) -> dict[str, Any]:
        """What :meth:`from_json` reads."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Line":
        """A line that :meth:`to_json` wrote."""
        lists = {name: tuple(found[name]) for name in ("readings", "ratios")}
        return cls(**{**found, **lists})


def take_turns(sides: Mapping[str, Round], rounds: int, what: str) -> dict[str, list[float]]:
    """The readings of each side. Each round begins with another side.

    Args:
        sides: by name. Each has run once already, so that it is warm.
        rounds: how many.
        what: is shown as progress.
    """
    readings: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for number in range(rounds):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            progress(f"{what}: round {number + 1} of {rounds}, {name}")
            with unhindered():
                readings[name].append(sides[name]())
    return readings


def lines(
    row: str, unit: str, readings: Mapping[str, Sequence[float]], ours: str = OURS
) -> list[Line]:
    """The table's lines of one row, with the ratios to one of its sides.

    Args:
        row: its name.
        unit: of the readings.
        readings: by side.
        ours: the side that the others are compared to.
    """
    more_is_better = unit.endswith("/s")
    made = []
    for side, values in readings.items():
        pairs = zip(values, readings[ours], strict=True)
        ratios = [mine / theirs if more_is_better else theirs / mine for theirs, mine in pairs]
        made.append(Line(row, side, unit, tuple(values), () if side == ours else tuple(ratios)))
    return made


def timed(go: Callable[[], object], operations: int, seconds: float) -> Round:
    """Rounds of a function in this process: microseconds of CPU time for one operation.

    The time of day would count what else the machine does, which a ratio takes for slowness.

    Args:
        go: does the operations.
        operations: how many it does.
        seconds: how long a round takes, about.
    """
    go()
    began = time.process_time()
    go()
    times = max(1, round(seconds / max(1e-6, time.process_time() - began)))

    def reading() -> float:
        began = time.process_time()
        for _ in range(times):
            go()
        return (time.process_time() - began) * 1e6 / times / operations

    return reading


@contextmanager
def unhindered() -> Iterator[None]:
    """Garbage of one side is not collected while another one is measured."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def progress(what: str) -> None:
    """Show what is being done: in place on a terminal, and nowhere else."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what[:100]}", end="", file=sys.stderr, flush=True)


def say(what: str) -> None:
    """Show what begins now, wherever standard error goes."""
    start, end = ("\r\x1b[K", "") if sys.stderr.isatty() else ("", "\n")
    print(f"{start}{what}", end=end, file=sys.stderr, flush=True)
