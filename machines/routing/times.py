"""Times of reports, and the reads that they answer.

A report whose time lies ahead of our clock would make a machine deaf to all that follows (K2). A
read's answer ends the read of its object, and may be the one that settles a contradiction (K10).

Rules kept here: K2, K10.
"""

from typing import cast

from relink.engine import Address, Load, Send, Snapshot

from ..events import FromStripe
from ..freshness import READ_WINDOW, ReportFacts
from ..messages import ReadAnswered
from ..read import ReadFacts, has_waited_long_enough

MOST_AHEAD = 300
"""Seconds by which a report's time may be ahead of our clock (K2)."""


def is_in_future(trigger: FromStripe) -> bool:
    """Whether its time lies so far ahead of our clock that it would make a machine deaf (K2)."""
    return trigger.as_of > trigger.at + MOST_AHEAD


def as_of_report(trigger: FromStripe) -> int:
    """When it was true; a read whose time lies ahead counts from when it began (K2)."""
    if trigger.read and is_in_future(trigger):
        return int(trigger.at if trigger.begun_at is None else trigger.begun_at)
    return trigger.as_of


def _read_of(key: str, load: Load) -> ReadFacts | None:
    """The read of an object, if one is due."""
    found = load(Address("read", key))
    if found is None or found.state != "due":
        return None
    return cast("Snapshot[ReadFacts]", found).facts


def answered(trigger: FromStripe, key: str, load: Load) -> list[Send]:
    """Tell the read of an object that Stripe has answered, before what it answered."""
    if not trigger.read or _read_of(key, load) is None:
        return []
    answer = trigger.follow(ReadAnswered, begun_at=trigger.begun_at)
    return [Send(machine="read", key=key, event=answer)]


def is_unusable(trigger: FromStripe) -> bool:
    """Whether it changes nothing, because of its time (K2)."""
    return not trigger.read and is_in_future(trigger)


def decides_contradiction(trigger: FromStripe, machine: str, key: str, load: Load) -> bool:
    """Whether it answers a read that settles any contradiction (K10).

    That is the read that was asked for to settle one, or any other that began as long after all
    that is known, by our clock and by its own time. It settles nothing that was reported after the
    read had begun.
    """
    begun_at = trigger.begun_at
    if begun_at is None or not trigger.read:
        return False
    known = load(Address(machine, key))
    latest = cast(ReportFacts, known.facts).known_until if known else -1
    asked = _read_of(key, load)
    if asked is None or not asked.settles:
        return min(begun_at, as_of_report(trigger)) >= latest + READ_WINDOW
    if has_waited_long_enough(asked):
        # What was reported in the second in which the read began may be younger.
        return begun_at >= max(asked.asked_at, latest + 1)
    return begun_at >= max(asked.not_before, latest + READ_WINDOW)
