"""Rebuild a machine from its journal, also where an older chart decided.

Decisions are pure, so the present chart makes its own decisions again. Where the journal has the
digest of another table, the present chart may decide differently. The journal is right then: the
machine takes the state and the facts that it names.

An older chart may have named states and facts otherwise. A machine is therefore followed in the
form in which it was written, and each step is brought into today's form by itself.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from relink.engine import Address, Facts, Snapshot, System, Table
from relink.engine.facts_json import facts_text
from relink.engine.upgrade import successors

from .codec import Codec
from .journal import JournalEntry


@dataclass(frozen=True, slots=True)
class Written:
    """A machine as the chart that decided last wrote it."""

    state: str
    facts: dict[str, Any]
    """As JSON."""
    version: int

    @classmethod
    def of(cls, snapshot: Snapshot[Facts]) -> "Written":
        """A machine as the present chart writes it."""
        return cls(snapshot.state, json.loads(facts_text(snapshot.facts)), snapshot.version)

    def after(self, entry: JournalEntry, model: type[Facts]) -> "Written":
        """The machine after a decision of an older chart.

        Args:
            entry: the decision.
            model: the class of its facts today, which says what became of former fields.
        """
        new = {field: value for field, (_, value) in entry.changes.items()}
        # What was made of a former field is older than its new value.
        stale = successors(model, new) - new.keys()
        kept = {field: value for field, value in self.facts.items() if field not in stale}
        return Written(entry.to_state, {**kept, **new}, self.version + 1)

    def read(self, table: Table, address: Address) -> Snapshot[Facts]:
        """The machine in today's form.

        Raises:
            UnreadableRecordError: this release does not know its state, or its facts.
        """
        what = f"{address.machine} {address.key}"
        return Codec.snapshot(table, self.state, self.facts, self.version, what)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A machine as its journal says."""

    snapshot: Snapshot[Facts]
    written: Written
    decided_differently: tuple[int, ...]
    """The versions that an older chart decided, and the present chart would decide differently."""


def rebuild(
    system: System, address: Address, entries: Iterable[JournalEntry], since: Written | None
) -> Rebuilt:
    """Rebuild a machine.

    Args:
        system: has its chart.
        address: which machine.
        entries: what it decided, in order.
        since: the machine before the first of them; None for a new one.

    Raises:
        EngineError: the present chart decided an entry, and can't any more.
        UnreadableRecordError: this release does not know a state, or facts, that an older chart
            left.
    """
    table = system.tables[address.machine]
    snapshot = since.read(table, address) if since else system.begin(address).snapshot
    written = since
    different = []
    for entry in entries:
        if entry.chart == table.digest:
            snapshot = table.decide(snapshot, entry.event).snapshot
            written = None
            continue
        begun = written or Written.of(snapshot)
        written = begun.after(entry, table.chart.facts_type)
        journaled = written.read(table, address)
        if _decided(table, snapshot, entry) != journaled:
            different.append(entry.version)
        snapshot = journaled
    return Rebuilt(snapshot, written or Written.of(snapshot), tuple(different))


def _decided(table: Table, before: Snapshot[Facts], entry: JournalEntry) -> Snapshot[Facts] | None:
    """What the present chart decides; None where it can't, or begins in another state."""
    try:
        if before.state != table.current_state(entry.from_state, before.facts):
            return None
        return table.decide(before, entry.event).snapshot
    except Exception:
        # A guard or an effect may stumble over a state or facts that only the older chart led to.
        return None
