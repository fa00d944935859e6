"""Replay: does the journal of each machine lead to its snapshot?

Decisions are pure. A machine that is sent the events of its journal again, from the beginning or
from its checkpoint, must come out as it is stored. If it does not, either something changed the
database behind relink's back, or this release decides differently from the one that wrote the
journal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from relink.engine import Address, System

from .protocol import History, Store

SLICE = 500
"""Machines that are read at a time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A machine whose journal does not lead to its snapshot."""

    address: Address
    what: str
    """What differs, for people."""


def replay(store: Store, progress: Callable[[int, int], None]) -> Iterator[Difference]:
    """Rebuild every machine from its journal, and compare; the store may be in use.

    Args:
        store: what to check.
        progress: called after each slice with the number of machines so far, and of all.

    Raises:
        UnreadableRecordError: this release can't read a record.
    """
    done, total = 0, store.count_machines()
    last: Address | None = None
    while histories := store.histories(last, SLICE):
        for history in histories:
            what = _compare(store.system, history)
            if what:
                yield Difference(history.address, what)
        last = histories[-1].address
        done += len(histories)
        progress(done, max(total, done))


def _compare(system: System, history: History) -> str | None:
    stored, since = history.snapshot, history.checkpoint
    first = since.version + 1 if since else 1
    versions = [entry.version for entry in history.entries]
    if versions != list(range(first, first + len(versions))):
        return f"its journal has the versions {versions}, which should follow {first - 1}"
    rebuilt = system.replay(history.address, (entry.event for entry in history.entries), since)
    if rebuilt.version != stored.version:
        return f"it has version {stored.version}, and its journal ends with {rebuilt.version}"
    if rebuilt.state != stored.state:
        return f"it is {stored.state}, and its journal leads to {rebuilt.state}"
    old, new = stored.facts.model_dump(), rebuilt.facts.model_dump()
    differing = sorted(name for name in new if new[name] != old.get(name))
    return f"its journal leads to other facts: {', '.join(differing)}" if differing else None
