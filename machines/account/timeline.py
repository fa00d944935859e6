"""The timeline: when an account was reported to work, and when not.

A replaced account comes back once it is reported active after it had stopped (S6), in whatever
order the reports arrive. So late reports are put where they belong. Only the latest reports are
kept, so that the memory stays bounded.
"""

from itertools import groupby
from typing import NamedTuple

LONGEST = 24
"""How many reports are kept."""


class Told(NamedTuple):
    """One report."""

    as_of: int
    """Its time (Unix seconds)."""
    works: bool


Timeline = tuple[Told, ...]
"""Reports, oldest first. Of one second, those that say "it stopped" come last."""


def with_report(timeline: Timeline, as_of: int, works: bool) -> Timeline:
    """The timeline with one more report in it.

    Args:
        timeline: what was reported so far.
        as_of: the time of the report (Unix seconds).
        works: whether it says that the account works.
    """
    told = Told(as_of, works)
    if not timeline or timeline[-1].as_of < as_of:
        return (*timeline[1 - LONGEST :], told)
    if told in timeline:
        return timeline
    return tuple(sorted((*timeline, told), key=_order)[-LONGEST:])


def came_back(timeline: Timeline, since: int) -> bool:
    """Whether it works after it had stopped, seen from a time: an active report is newer than an
    inactive one that was the latest at that time, or is newer than that time.

    Args:
        timeline: what was reported.
        since: that time (Unix seconds).
    """
    stopped = False
    for as_of, works in timeline:
        if not works:
            stopped = True
        elif as_of <= since:
            # Before that time it worked again.
            stopped = False
        elif stopped:
            return True
    return False


def turned_at(timeline: Timeline) -> int | None:
    """When it last stopped or came back, by what was reported (Unix seconds); None if all that was
    reported says the same.

    Args:
        timeline: what was reported.
    """
    runs = [next(run) for _, run in groupby(timeline, key=lambda told: told.works)]
    return runs[-1].as_of if len(runs) > 1 else None


def has_worked_between(timeline: Timeline, after: int, before: int) -> bool:
    """Whether it was reported to work between two times (Unix seconds)."""
    for as_of, works in reversed(timeline):
        if as_of <= after:
            return False
        if works and as_of < before:
            return True
    return False


def _order(told: Told) -> tuple[int, bool]:
    return told.as_of, not told.works
