"""Whether this release can read everything that is stored, to be asked before it goes live.

Every snapshot, checkpoint and journal entry is read, and every command that is not done.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from relink.engine import Address, System
from relink.engine.upgrade import upgrades_of

from . import journal as journal_rows
from . import outbox as outbox_rows
from .codec import Codec
from .errors import RemovedCommandError, UnreadableRecordError
from .tables import KEYS, TableName
from .unit_of_work import read_snapshot

PAGE = 500
"""Rows that are read at a time."""

StoredRow = Mapping[Any, Any]
"""A row by its columns, with its JSON parsed or as text."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored record that this release can't read."""

    table: str
    """The database table that it is in."""
    key: str
    """Its key there."""
    error: str
    """Why, and what a developer can do about it."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one table that have to be readable."""

    table: TableName
    read: Callable[[StoredRow, System, Codec], object]
    json_columns: tuple[str, ...] = ()
    """Those that are parsed before it is read."""
    statuses: tuple[str, ...] = ()
    """For the outbox: the statuses of the commands that are read. Empty for all rows."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that the rows are sorted by."""
        return KEYS[self.table]


def unreadable_records(
    page: Callable[[Records, tuple[Any, ...]], Sequence[StoredRow]],
    system: System,
    codec: Codec,
    progress: Callable[[int], None],
) -> Iterator[Unreadable]:
    """Try to read every record.

    Args:
        page: gives up to ``PAGE`` rows in the order of their keys, after the row with the given
            ones; with none, the first.
        system: the machines of this release.
        codec: their events and commands.
        progress: called after each page with the number of records so far.
    """
    done = 0
    for records in RECORDS:
        last: tuple[Any, ...] = ()
        while rows := page(records, last):
            for row in rows:
                last = tuple(row[name] for name in records.keys)
                if (error := _fault(records, row, system, codec)) is not None:
                    yield Unreadable(records.table, " ".join(map(str, last)), error)
            done += len(rows)
            progress(done)


def _fault(records: Records, row: StoredRow, system: System, codec: Codec) -> str | None:
    machine = row.get("machine")
    if machine is not None and machine not in system.tables:
        return f"this release has no machine {machine!r}; it has {', '.join(system.tables)}"
    try:
        records.read(_parsed(row, records.json_columns), system, codec)
    except RemovedCommandError:
        return None
    except UnreadableRecordError as error:
        return str(error)
    return None


def _parsed(row: StoredRow, columns: tuple[str, ...]) -> StoredRow:
    """The row with its JSON parsed. None of these columns holds a text as JSON.

    Raises:
        UnreadableRecordError: a column holds something else.
    """
    found = dict(row)
    for column in columns:
        if isinstance(row[column], str):
            try:
                found[column] = from_json(row[column])
            except ValueError:
                raise UnreadableRecordError(
                    f"the column {column!r} holds no JSON: it was damaged, or something other than "
                    "the store wrote it"
                ) from None
    return found


def _read_machine(row: StoredRow, system: System, codec: Codec) -> None:
    read_snapshot(system, Address(row["machine"], row["key"]), row)


def _read_entry(row: StoredRow, system: System, codec: Codec) -> None:
    """Read an entry; what it says of states and facts is known too.

    Raises:
        UnreadableRecordError: it can't be read.
    """
    entry = journal_rows.from_row(row, codec)
    table = system.tables[entry.address.machine]
    for state in (entry.from_state, entry.to_state):
        if state not in table.states and state not in table.former_states:
            raise UnreadableRecordError(
                f"{table.name} has no state {state!r}, now or in {table.chart.__name__}."
                "former_states"
            )
    facts = table.chart.facts_type
    former = {name for each in upgrades_of(facts) for name in each.former}
    if lost := entry.changes.keys() - facts.model_fields.keys() - former:
        raise UnreadableRecordError(
            f"{facts.__name__} has no field {min(lost)!r}, now or in {facts.__name__}.upgrades"
        )


def _read_command(row: StoredRow, system: System, codec: Codec) -> None:
    outbox_rows.from_row(row, codec)


RECORDS = (
    Records("snapshots", _read_machine),
    Records("checkpoints", _read_machine),
    Records("journal", _read_entry, journal_rows.JSON_COLUMNS),
    Records("outbox", _read_command, ("fields",), ("due", "failed")),
)
