"""Replay: does the journal of each machine lead to its snapshot?

Decisions are pure. A machine that is sent the events of its journal again, from the beginning or
from its checkpoint, must come out as it is stored. If it does not, something changed the database
behind relink's back. That is a :class:`Difference`.

A release may change a chart. What the older chart decided stands. Where the present chart would
decide differently, replay follows the journal, and reports :class:`DecidedByOlderChart`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from relink.engine import Address, EngineError, System

from .protocol import History, Store
from .rebuild import rebuild

SLICE = 500
"""Machines that are read at a time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A machine whose journal does not lead to its snapshot."""

    address: Address
    what: str
    """What differs, for people."""


@dataclass(frozen=True, slots=True)
class DecidedByOlderChart:
    """A machine with decisions of an older chart that the present chart would make differently."""

    address: Address
    versions: tuple[int, ...]
    """The versions that the older chart led to."""


Finding = Difference | DecidedByOlderChart


def replay(store: Store, progress: Callable[[int, int], None]) -> Iterator[Finding]:
    """Rebuild every machine from its journal, and compare; the store may be in use.

    Args:
        store: what to check.
        progress: called after each slice with the number of machines so far, and of all.

    Returns:
        What was found; a machine can have one finding of each kind.

    Raises:
        UnreadableRecordError: this release can't read a record.
    """
    done, total = 0, store.count_machines()
    last: Address | None = None
    while histories := store.histories(last, SLICE):
        for history in histories:
            yield from _compare(store.system, history)
        last = histories[-1].address
        done += len(histories)
        progress(done, max(total, done))


def _compare(system: System, history: History) -> Iterator[Finding]:
    address, stored, since = history.address, history.snapshot, history.checkpoint
    first = since.version + 1 if since else 1
    versions = [entry.version for entry in history.entries]
    if versions != list(range(first, first + len(versions))):
        what = f"its journal has the versions {versions}, which should follow {first - 1}"
        yield Difference(address, what)
        return
    try:
        found = rebuild(system, address, history.entries, since)
    except EngineError as error:
        yield Difference(address, f"its journal can't be replayed: {error}")
        return
    if found.decided_differently:
        yield DecidedByOlderChart(address, found.decided_differently)
    rebuilt = found.snapshot
    if rebuilt.version != stored.version:
        what = f"it has version {stored.version}, and its journal ends with {rebuilt.version}"
        yield Difference(address, what)
    elif rebuilt.state != stored.state:
        what = f"it is {stored.state}, and its journal leads to {rebuilt.state}"
        yield Difference(address, what)
    else:
        old, new = stored.facts.model_dump(), rebuilt.facts.model_dump()
        differing = sorted(name for name in new if new[name] != old.get(name))
        if differing:
            yield Difference(address, f"its journal leads to other facts: {', '.join(differing)}")
