"""Rebuild a machine from its journal, also where an older chart decided.

Decisions are pure, so the present chart makes its own decisions again. Where the journal has the
digest of another table, the present chart may decide differently. The journal is right then: the
machine takes the state and the facts that it names.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from relink.engine import Address, Facts, Snapshot, System, Table

from .codec import validated
from .journal import JournalEntry


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A machine as its journal says."""

    snapshot: Snapshot[Facts]
    decided_differently: tuple[int, ...]
    """The versions that an older chart decided, and the present chart would decide differently."""


def rebuild(
    system: System,
    address: Address,
    entries: Iterable[JournalEntry],
    since: Snapshot[Facts] | None,
) -> Rebuilt:
    """Rebuild a machine.

    Args:
        system: has its chart.
        address: which machine.
        entries: what it decided, in order.
        since: the machine before the first of them; None for a new one.

    Raises:
        EngineError: the present chart decided an entry, and can't any more.
        UnreadableRecordError: this release does not know the facts that an older chart left.
    """
    table = system.tables[address.machine]
    snapshot = since or system.begin(address).snapshot
    different = []
    for entry in entries:
        if entry.chart == table.digest:
            snapshot = table.decide(snapshot, entry.event).snapshot
            continue
        journaled = _as_journaled(table, snapshot, entry)
        if _decided(table, snapshot, entry) != journaled:
            different.append(entry.version)
        snapshot = journaled
    return Rebuilt(snapshot, tuple(different))


def _decided(table: Table, before: Snapshot[Facts], entry: JournalEntry) -> Snapshot[Facts] | None:
    """What the present chart decides; None where it can't, or begins in another state."""
    if before.state != entry.from_state:
        return None
    try:
        return table.decide(before, entry.event).snapshot
    except Exception:
        # A guard or an effect may stumble over a state or facts that only the older chart led to.
        return None


def _as_journaled(table: Table, before: Snapshot[Facts], entry: JournalEntry) -> Snapshot[Facts]:
    facts_type = table.chart.facts_type
    known = before.facts.model_dump(mode="json")
    new = {
        field: value
        for field, (_, value) in entry.changes.items()
        if field in facts_type.model_fields
    }
    what = f"facts of {entry.address.machine} {entry.address.key}"
    facts = validated(facts_type, {**known, **new}, what)
    return Snapshot(entry.to_state, facts, before.version + 1)
