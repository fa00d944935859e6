"""The timeline: when an account was reported to work, and when not.

A replaced account comes back once it is reported active after it had stopped (S6), in whatever
order the reports arrive. So late reports are put where they belong. Only so many are kept, so that
the memory stays bounded; those go first that only repeat what was said before and after them.
"""

from typing import NamedTuple

LONGEST = 24
"""How many reports are kept."""


class Told(NamedTuple):
    """One report."""

    as_of: int
    """Its time (Unix seconds)."""
    works: bool
    cause: str | None = None
    """Stripe's ``cause`` of it, if it stopped and the report includes one."""

    def repeats(self, earlier: "Told") -> bool:
        """Whether it says no other than an earlier one."""
        return (self.works, self.cause) == (earlier.works, earlier.cause)


Timeline = tuple[Told, ...]
"""Reports, oldest first. Of one second, those that say "it stopped" come last."""


def with_report(timeline: Timeline, as_of: int, works: bool, cause: str | None = None) -> Timeline:
    """The timeline with one more report in it.

    Args:
        timeline: what was reported so far.
        as_of: the time of the report (Unix seconds).
        works: whether it says that the account works.
        cause: why it does not, if the report says that.
    """
    told = Told(as_of, works, cause)
    if not timeline or timeline[-1].as_of < as_of:
        return _shortened((*timeline, told))
    if told in timeline:
        return timeline
    return _shortened(tuple(sorted((*timeline, told), key=_order)))


def _shortened(timeline: Timeline) -> Timeline:
    """Without its first report that only repeats, or without the oldest one, if it is too long."""
    if len(timeline) <= LONGEST:
        return timeline
    for place in range(1, len(timeline) - 1):
        before, told, after = timeline[place - 1 : place + 2]
        if told.repeats(before) and after.repeats(told):
            return timeline[:place] + timeline[place + 1 :]
    return timeline[1:]


def came_back(timeline: Timeline, since: int) -> bool:
    """Whether it works after it had stopped, seen from a time: an active report is newer than an
    inactive one that was the latest at that time, or is newer than that time.

    Args:
        timeline: what was reported.
        since: that time (Unix seconds).
    """
    stopped = False
    for told in timeline:
        if not told.works:
            stopped = True
        elif told.as_of <= since:
            # Before that time it worked again.
            stopped = False
        elif stopped:
            return True
    return False


def turned_at(timeline: Timeline) -> int | None:
    """When it last stopped, came back, or stopped for another cause, by what was reported (Unix
    seconds); None if all that was reported says the same.

    A report that leaves the cause out says the same as the one before.

    Args:
        timeline: what was reported.
    """
    turned, works, cause = None, None, None
    for told in timeline:
        has_other_cause = None not in (cause, told.cause) and cause != told.cause
        if works is not None and (works != told.works or has_other_cause):
            turned, cause = told.as_of, None
        works, cause = told.works, told.cause or cause
    return turned


def has_worked_between(timeline: Timeline, after: int, before: int) -> bool:
    """Whether it was reported to work between two times (Unix seconds)."""
    for told in reversed(timeline):
        if told.as_of <= after:
            return False
        if told.works and told.as_of < before:
            return True
    return False


def _order(told: Told) -> tuple[int, bool, str]:
    return told.as_of, not told.works, told.cause or ""
