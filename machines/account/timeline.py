"""The timeline: when an account was reported to work, and when not.

A replaced account comes back once it is reported active after it had stopped (S6), in whatever
order the reports arrive. So late reports are put where they belong. Neighbouring reports that say
the same are one *spell*; the oldest spells are dropped, so that the memory stays bounded.
"""

from typing import NamedTuple

LONGEST = 8
"""How many spells are kept."""


class Spell(NamedTuple):
    """A time in which all reports say the same."""

    first: int
    """The time of its first report (Unix seconds)."""
    last: int
    """The time of its last report (Unix seconds)."""
    works: bool


Timeline = tuple[Spell, ...]
"""Spells that take turns, oldest first."""


def with_report(timeline: Timeline, as_of: int, works: bool) -> Timeline:
    """The timeline with one more report in it.

    Args:
        timeline: what was reported so far.
        as_of: the time of the report (Unix seconds).
        works: whether it says that the account works.
    """
    if timeline and timeline[-1].works is works and timeline[-1].first <= as_of:
        latest = timeline[-1]
        return timeline if as_of <= latest.last else (*timeline[:-1], latest._replace(last=as_of))
    spells = []
    for spell in timeline:
        if spell.works is not works and spell.first <= as_of < spell.last:
            # The report lies within a spell that says the opposite, and splits it. Only the ends
            # of a spell are known to be times of reports.
            spells += [spell._replace(last=spell.first), spell._replace(first=spell.last)]
        else:
            spells.append(spell)
    spells.append(Spell(as_of, as_of, works))
    # Within one second, "stopped" comes after "works": both orders of arrival give the same.
    spells.sort(key=lambda spell: (spell.first, spell.last, not spell.works))
    return _merged(spells)[-LONGEST:]


def came_back(timeline: Timeline, since: int) -> bool:
    """Whether it works after it had stopped, seen from a time: an active report is newer than an
    inactive one that was the latest at that time, or is newer than that time.

    Args:
        timeline: what was reported.
        since: that time (Unix seconds).
    """
    stopped = False
    for spell in timeline:
        if not spell.works:
            stopped = True
        elif spell.first <= since:
            # Before that time it worked again.
            stopped = False
        elif stopped:
            return True
    return False


def has_worked_between(timeline: Timeline, after: int, before: int) -> bool:
    """Whether it was reported to work between two times (Unix seconds)."""
    return any(spell.works and spell.first < before and spell.last > after for spell in timeline)


def _merged(spells: list[Spell]) -> Timeline:
    merged: list[Spell] = []
    for spell in spells:
        if merged and merged[-1].works is spell.works:
            latest = merged[-1]
            merged[-1] = latest._replace(last=max(latest.last, spell.last))
        else:
            merged.append(spell)
    return tuple(merged)
