"""Whether this release can read everything that is stored, to be asked before it goes live.

Every snapshot, checkpoint and journal entry is read, and every command that is not done.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, Table, select, true, tuple_

from relink.engine import Address, System
from relink.engine.upgrade import upgrades_of

from . import journal as journal_rows
from . import outbox as outbox_rows
from .codec import Codec
from .errors import RemovedCommandError, UnreadableRecordError
from .schema import checkpoints, journal, outbox, snapshots
from .unit_of_work import read_snapshot

PAGE = 500
"""Rows that are read at a time."""


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
class _Kind:
    table: Table
    keys: tuple[str, ...]
    read: Callable[[RowMapping, System, Codec], None]
    only: ColumnElement[bool]


def unreadable_records(
    rows_of: Callable[[Select[Any]], Sequence[RowMapping]],
    system: System,
    codec: Codec,
    progress: Callable[[int], None],
) -> Iterator[Unreadable]:
    """Try to read every record.

    Args:
        rows_of: gives the rows of a query.
        system: the machines of this release.
        codec: their events and commands.
        progress: called after each page with the number of records so far.
    """
    done = 0
    for kind in _KINDS:
        last: tuple[Any, ...] = ()
        while rows := rows_of(_page(kind, last)):
            for row in rows:
                if (error := _fault(kind, row, system, codec)) is not None:
                    key = " ".join(str(row[name]) for name in kind.keys)
                    yield Unreadable(kind.table.name, key, error)
            last = tuple(rows[-1][name] for name in kind.keys)
            done += len(rows)
            progress(done)


def _page(kind: _Kind, last: tuple[Any, ...]) -> Select[Any]:
    keys = [kind.table.c[name] for name in kind.keys]
    query = select(kind.table).where(kind.only).order_by(*keys).limit(PAGE)
    return query.where(tuple_(*keys) > last) if last else query


def _fault(kind: _Kind, row: RowMapping, system: System, codec: Codec) -> str | None:
    machine = row.get("machine")
    if machine is not None and machine not in system.tables:
        return f"this release has no machine {machine!r}; it has {', '.join(system.tables)}"
    try:
        kind.read(row, system, codec)
    except RemovedCommandError:
        return None
    except UnreadableRecordError as error:
        return str(error)
    return None


def _read_machine(row: RowMapping, system: System, codec: Codec) -> None:
    read_snapshot(system, Address(row["machine"], row["key"]), row)


def _read_entry(row: RowMapping, system: System, codec: Codec) -> None:
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


def _read_command(row: RowMapping, system: System, codec: Codec) -> None:
    outbox_rows.from_row(row, codec)


_KINDS = (
    _Kind(snapshots, ("machine", "key"), _read_machine, true()),
    _Kind(checkpoints, ("machine", "key"), _read_machine, true()),
    _Kind(journal, ("seq",), _read_entry, true()),
    _Kind(outbox, ("id",), _read_command, outbox.c.status != "done"),
)
