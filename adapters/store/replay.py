"""Replay: does the journal of each machine lead to its snapshot?

Decisions are pure, so a machine that is sent again what its journal holds, from its beginning
or from the checkpoint that retention left, comes out as it is stored. Where it does not,
something has changed the database past relink, or this release decides otherwise than the one
that wrote the journal.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select, tuple_

from relink.engine import Address, Facts, Snapshot

from . import journal as journal_rows
from .journal import JournalEntry
from .schema import checkpoints, journal, snapshots
from .store import Store

SLICE = 500
"""Machines that are read at a time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A machine that is stored otherwise than its journal says."""

    address: Address
    what: str


def replay(store: Store, progress: Callable[[int, int], None]) -> Iterator[Difference]:
    """Rebuild every machine from its journal, and compare; the database may be in use.

    Args:
        store: the database.
        progress: told after each slice how many machines of how many are done.

    Raises:
        UnreadableRecordError: a record is of a kind that this release does not know.
    """
    done, after = 0, Address("", "")
    with store.reading() as connection:
        total = connection.execute(select(func.count()).select_from(snapshots)).scalar_one()
    while True:
        # One view of both tables, while others go on writing.
        with store.reading(repeatable=True) as connection:
            stored = _stored(store, connection, after)
            if not stored:
                return
            last = list(stored)[-1]
            entries = _entries(store, connection, after, last)
            begun = _checkpoints(store, connection, after, last)
        for address, snapshot in stored.items():
            what = _compare(store, address, snapshot, entries[address], begun.get(address))
            if what:
                yield Difference(address, what)
        done, after = done + len(stored), last
        progress(done, max(total, done))


def _compare(
    store: Store,
    address: Address,
    stored: Snapshot[Facts],
    entries: list[JournalEntry],
    since: Snapshot[Facts] | None,
) -> str | None:
    first = since.version + 1 if since else 1
    versions = [entry.version for entry in entries]
    if versions != list(range(first, first + len(entries))):
        return f"its journal has the versions {versions}, which should follow {first - 1}"
    rebuilt = store.system.replay(address, (entry.event for entry in entries), since)
    if rebuilt.version != stored.version:
        return f"it has version {stored.version}, and its journal ends with {rebuilt.version}"
    if rebuilt.state != stored.state:
        return f"it is {stored.state}, and its journal leads to {rebuilt.state}"
    old, new = stored.facts.model_dump(), rebuilt.facts.model_dump()
    differing = sorted(name for name in new if new[name] != old.get(name))
    return f"its journal leads to other facts: {', '.join(differing)}" if differing else None


def _stored(store: Store, connection: Connection, after: Address) -> dict[Address, Snapshot[Facts]]:
    table = snapshots.c
    query = (
        select(table.machine, table.key, table.state, table.facts, table.version)
        .where(
            or_(
                table.machine > after.machine,
                and_(table.machine == after.machine, table.key > after.key),
            )
        )
        .order_by(table.machine, table.key)
        .limit(SLICE)
    )
    return _by_address(store, connection, query)


def _checkpoints(
    store: Store, connection: Connection, after: Address, last: Address
) -> dict[Address, Snapshot[Facts]]:
    where = tuple_(checkpoints.c.machine, checkpoints.c.key)
    query = select(checkpoints).where(where > tuple(after), where <= tuple(last))
    return _by_address(store, connection, query)


def _by_address(
    store: Store, connection: Connection, query: Select[Any]
) -> dict[Address, Snapshot[Facts]]:
    found = {}
    for row in connection.execute(query).mappings():
        address = Address(row["machine"], row["key"])
        found[address] = store.stored(address, row)
    return found


def _entries(
    store: Store, connection: Connection, after: Address, last: Address
) -> defaultdict[Address, list[JournalEntry]]:
    found: defaultdict[Address, list[JournalEntry]] = defaultdict(list)
    where = tuple_(journal.c.machine, journal.c.key)
    query = (
        select(journal)
        .where(where > tuple(after), where <= tuple(last))
        .order_by(journal.c.machine, journal.c.key, journal.c.version)
    )
    for row in connection.execute(query).mappings():
        entry = journal_rows.from_row(row, store.codec)
        found[entry.address].append(entry)
    return found
