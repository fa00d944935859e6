"""Deleting old rows of a database, within a transaction."""

from collections import defaultdict

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    and_,
    delete,
    insert,
    select,
    text,
    update,
)

from relink.engine import Address, System

from . import journal as journal_rows
from .codec import Codec
from .rebuild import Written, rebuild
from .schema import checkpoints, inbox, journal, outbox


def delete_finished(connection: Connection, before: float, limit: int) -> dict[str, int]:
    """Delete messages, and commands that are done, from before that time (Unix seconds).

    Args:
        connection: within a transaction that writes.
        before: Unix seconds.
        limit: the largest number of rows of each table.

    Returns:
        The number of rows, by table.
    """
    # As text, so that the planner sees that the partial index covers it.
    done = and_(text("status = 'done'"), outbox.c.finished_at < before)
    return {
        "inbox": _delete(connection, inbox, inbox.c.received_at < before, limit),
        "outbox": _delete(connection, outbox, done, limit),
    }


def _delete(connection: Connection, table: Table, old: ColumnElement[bool], limit: int) -> int:
    some = select(table.c.id).where(old).limit(limit)
    return connection.execute(delete(table).where(table.c.id.in_(some))).rowcount


def delete_journal(
    connection: Connection, before: float, limit: int, system: System, codec: Codec
) -> int:
    """Delete the oldest entries of the journal, and keep checkpoints in their place.

    Args:
        connection: within a transaction that writes.
        before: Unix seconds; the first entry that is not older ends it.
        limit: the largest number of entries.
        system: rebuilds the machines.
        codec: reads the events.

    Returns:
        The number of entries.

    Raises:
        UnreadableRecordError: this release does not know an entry.
    """
    # Locked, so that another transaction that prunes takes the next ones.
    query = select(journal).order_by(journal.c.seq).limit(limit).with_for_update()
    entries: defaultdict[Address, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        if row["at"] >= before:
            break
        entries[Address(row["machine"], row["key"])].append(row)
    for address, rows in entries.items():
        _set_checkpoint(connection, address, rows, system, codec)
        connection.execute(
            delete(journal).where(
                journal.c.machine == address.machine,
                journal.c.key == address.key,
                journal.c.version <= rows[-1]["version"],
            )
        )
    return sum(map(len, entries.values()))


def _set_checkpoint(
    connection: Connection, address: Address, rows: list[RowMapping], system: System, codec: Codec
) -> None:
    """Store the machine as it was after these entries."""
    here = (checkpoints.c.machine == address.machine, checkpoints.c.key == address.key)
    found = connection.execute(select(checkpoints).where(*here)).mappings().first()
    since = None if found is None else Written(found["state"], found["facts"], found["version"])
    entries = (journal_rows.from_row(row, codec) for row in rows)
    # As its last entry wrote it: the entries that stay may be of the same older chart.
    written = rebuild(system, address, entries, since).written
    values = {"state": written.state, "version": written.version, "facts": written.facts}
    if found is None:
        connection.execute(insert(checkpoints), {**address._asdict(), **values})
    else:
        connection.execute(update(checkpoints).where(*here).values(values))
