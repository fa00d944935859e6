"""Decisions recalled: each entry of a journal as the decision that it was.

The journal holds what was decided, but not the facts around it, nor the commands in full. Decisions
are pure, so deciding again gives both. Where an older chart decided otherwise, the journal is
right, and the commands are not known.
"""

from collections.abc import Iterator

from relink.adapters.store import JournalEntry
from relink.adapters.store.protocol import History
from relink.adapters.store.rebuild import Written
from relink.engine import Decision, Facts, Leaf, Outcome, Reason, Snapshot, System, Table
from relink.machines.reasons import IGNORED


def recalled(system: System, history: History) -> Iterator[tuple[JournalEntry, Decision]]:
    """The entries of a machine's journal, each with the decision that it was.

    Args:
        system: has the machine's chart.
        history: the machine's journal, with the checkpoint before it.

    Raises:
        UnreadableRecordError: this release does not know a state, or facts, that an older chart
            left.
    """
    table, since = system.tables[history.address.machine], history.checkpoint
    before: Snapshot[Facts] = (
        since.read(table, history.address) if since else system.begin(history.address).snapshot
    )
    written = since
    for entry in history.entries:
        if entry.chart == table.digest:
            decision, written = table.decide(before, entry.event), None
        else:
            written = (written or Written.of(before)).after(entry, table.chart.facts_type)
            after = written.read(table, entry.address)
            found = _again(table, before, entry)
            is_same = found is not None and found.snapshot == after
            decision = found if found and is_same else _as_written(before, entry, after)
        yield entry, decision
        before = decision.snapshot


def _again(table: Table, before: Snapshot[Facts], entry: JournalEntry) -> Decision | None:
    """What the present chart decides; None where it cannot."""
    try:
        return table.decide(before, entry.event)
    except Exception:
        # A guard or an effect may stumble over a state or facts that only the older chart led to.
        return None


def _as_written(before: Snapshot[Facts], entry: JournalEntry, after: Snapshot[Facts]) -> Decision:
    """The decision as the journal tells it."""
    reason = None
    if entry.reason is not None:
        reason = IGNORED.get(entry.reason) or Reason(None, entry.reason)
    outcome: Outcome = "ignored" if reason else "moved" if before.state != after.state else "stayed"
    leaf = Leaf(
        -1,
        before.state,
        entry.event.name,
        entry.guards,
        outcome,
        after.state,
        transition=entry.transition,
        reason=reason,
        anomaly=entry.anomaly,
    )
    return Decision(before, entry.event, leaf, after.facts, ())
