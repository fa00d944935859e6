"""Retention: what is old goes, and nothing that is still needed.

- **Inbox**: an event's id is needed for as long as Stripe can deliver it again.
- **Journal**: it must lead to the snapshot. Before a machine's oldest entries go, the machine
  is rebuilt from them and kept as a *checkpoint*, from which its replay begins.
- **Outbox**: commands that are done. What is due or a dead letter stays, however old.

All in slices, so that writers hardly wait.
"""

from collections import defaultdict

from sqlalchemy import Connection, RowMapping, Table, delete, insert, select, text, update

from relink.engine import Address

from . import journal as journal_rows
from .schema import checkpoints, inbox, journal, outbox
from .store import Store

DAY = 24 * 60 * 60
"""Seconds."""

SHORTEST = 35 * DAY
"""Seconds. An event can be sent again from Stripe's dashboard for 30 days."""

KEPT = 400 * DAY
"""Seconds, by default: a year, and time to look back on it."""

DONE = "status = 'done' AND finished_at < :before"

SLICE = 1_000
"""Rows that go in one transaction."""


def prune(store: Store, now: float, kept: float = KEPT) -> dict[str, int]:
    """Let go of one slice of what is older.

    Args:
        store: the database.
        now: Unix seconds.
        kept: how long everything is kept (seconds); not less than :data:`SHORTEST`.

    Returns:
        how many rows went, by table. While any table's number is :data:`SLICE`, there is more.

    Raises:
        ValueError: ``kept`` is too short.
        UnreadableRecordError: a journal entry is of a kind that this release does not know; its
            slice of the journal stays, and what came after it.
    """
    if kept < SHORTEST:
        days = SHORTEST // DAY
        raise ValueError(f"what Stripe can send again must be kept for {days} days, got {kept} s")
    before = now - kept
    gone = {}
    with store.changing() as connection:
        gone["inbox"] = _delete(connection, inbox, "received_at < :before", before)
        gone["outbox"] = _delete(connection, outbox, DONE, before)
    with store.changing() as connection:
        gone["journal"] = _prune_journal(store, connection, before)
    return gone


def _delete(connection: Connection, table: Table, old: str, before: float) -> int:
    some = select(table.c.id).where(text(old)).limit(SLICE)
    gone = connection.execute(delete(table).where(table.c.id.in_(some)), {"before": before})
    return gone.rowcount


def _prune_journal(store: Store, connection: Connection, before: float) -> int:
    # Locked, so that another who does the same takes the next ones.
    query = select(journal).order_by(journal.c.seq).limit(SLICE).with_for_update()
    entries: defaultdict[Address, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        if row["at"] >= before:
            break
        entries[Address(row["machine"], row["key"])].append(row)
    for address, rows in entries.items():
        _checkpoint(store, connection, address, rows)
        connection.execute(
            delete(journal).where(
                journal.c.machine == address.machine,
                journal.c.key == address.key,
                journal.c.version <= rows[-1]["version"],
            )
        )
    return sum(map(len, entries.values()))


def _checkpoint(
    store: Store, connection: Connection, address: Address, rows: list[RowMapping]
) -> None:
    """Keep the machine as it was after these entries."""
    this = (checkpoints.c.machine == address.machine, checkpoints.c.key == address.key)
    found = connection.execute(select(checkpoints).where(*this)).mappings().first()
    since = None if found is None else store.stored(address, found)
    events = (journal_rows.from_row(row, store.codec).event for row in rows)
    rebuilt = store.system.replay(address, events, since)
    values = {
        "state": rebuilt.state,
        "version": rebuilt.version,
        "facts": rebuilt.facts.model_dump(mode="json"),
    }
    if found is None:
        connection.execute(insert(checkpoints), {**address._asdict(), **values})
    else:
        connection.execute(update(checkpoints).where(*this).values(values))
