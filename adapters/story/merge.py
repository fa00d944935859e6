"""Merging: the journals of several machines in one order, by what caused them.

One message (a webhook, an answer, a request, a timer) makes decisions of several machines. They
belong together, and are told together. Which message came first is known where both changed the
same machine, by its versions; elsewhere by the time at which they arrived. Clocks of several
processes can differ, so versions come first.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from relink.adapters.store import JournalEntry
from relink.engine import Decision

from .ordered import Told, ordered

Recalled = tuple[JournalEntry, Decision]


class Cause(NamedTuple):
    """One message, and the decisions that it led to."""

    id: str
    """Of the message."""
    at: float
    """When it arrived (Unix seconds)."""
    decisions: list[Told]
    """In the order in which they were made."""


def merged(journals: Iterable[Sequence[Recalled]]) -> Iterator[Cause]:
    """The messages behind several journals, in order, each with its decisions.

    Args:
        journals: each of one machine, in the order of its versions.
    """
    causes: dict[str, float] = {}
    decisions: dict[str, list[Recalled]] = {}
    follows: dict[str, set[str]] = {}
    waits_for: dict[str, int] = {}
    for journal in journals:
        before: str | None = None
        for entry, decision in journal:
            id = entry.causation_id
            causes.setdefault(id, entry.at)
            decisions.setdefault(id, []).append((entry, decision))
            waits_for.setdefault(id, 0)
            if before not in (None, id) and id not in follows.setdefault(str(before), set()):
                follows[str(before)].add(id)
                waits_for[id] += 1
            before = id
    place = {id: n for n, id in enumerate(causes)}
    ready = [(at, place[id], id) for id, at in causes.items() if not waits_for[id]]
    heapq.heapify(ready)
    while ready:
        at, _, id = heapq.heappop(ready)
        del causes[id]
        yield Cause(id, at, ordered(decisions[id]))
        for later in follows.get(id, ()):
            waits_for[later] -= 1
            if not waits_for[later]:
                heapq.heappush(ready, (causes[later], place[later], later))
    # Only journals that contradict each other are left. They are told all the same.
    for id, at in sorted(causes.items(), key=lambda each: each[1]):
        yield Cause(id, at, ordered(decisions[id]))
