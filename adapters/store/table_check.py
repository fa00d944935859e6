"""Checks that tables of your own do what the store asks of them. Run it in your tests."""

from collections.abc import Callable
from functools import partial
from typing import Any

from .errors import StoreError
from .tables import COLUMNS, KEYS, Row, TableName, Tables

MARK = "relink-check"
"""The key of every row that the check writes. None is left behind."""

_TEXT = 'O\'Hare & "Söhne" \\ %s 🏦'
_SPECIAL: Row = {
    **dict.fromkeys(("created",), 2**62),
    **dict.fromkeys(("received_at", "at", "due_at", "created_at"), 1_760_000_000.123_456),
    **dict.fromkeys(("version", "attempts", "generation"), 1),
    **dict.fromkeys(("transition", "reason", "finished_at", "error", "stuck_on"), None),
    **dict.fromkeys(("connected_account", "holder", "authorization", "institution"), None),
    **dict.fromkeys(("fields", "facts", "changes", "guards", "commands", "value"), _TEXT),
    "anomaly": True,
    "retried_for": 0.1,
    "type": "x" * 255,
}


class WrongTablesError(StoreError):
    """Tables do not do what the store asks of them. The text names the operation and the table."""


class _RollBackError(Exception):
    """Ends a transaction whose rows are not to stay."""


def verify_tables(tables: Tables) -> None:
    """Check every operation on every table. What is written is rolled back.

    Args:
        tables: yours, on a database of the kind that you use.

    Raises:
        WrongTablesError: an operation does something else; the text says which, and on which table.
    """
    for table in COLUMNS:
        row = _row(table)
        _rolled_back(tables, partial(_check_table, tables, table, row))
        _expect(f"{table}: rows after a rollback", tables.select(table, _here(table, row)), [])
    _rolled_back(tables, partial(_check_conditions, tables))


def _rolled_back(tables: Tables, check: Callable[[], None]) -> None:
    try:
        with tables.transaction():
            check()
            raise _RollBackError
    except _RollBackError:
        return
    raise WrongTablesError("transaction: it swallowed an exception, which has to leave it")


def _check_table(tables: Tables, table: TableName, row: Row) -> None:
    here = _here(table, row)
    tables.insert(table, [row])
    _expect(f"{table}: an inserted row", _selected(tables, table, here), [row])
    try:
        with tables.transaction():
            tables.insert(table, [row])
    except tables.conflicts:
        pass
    else:
        unique = ", ".join(KEYS[table])
        raise WrongTablesError(f"{table}: a second row with the same {unique} must be refused")
    _expect(f"{table}: rows after a refused one", _selected(tables, table, here), [row])
    _expect(f"{table}: the number of updated rows", tables.update(table, here, row), 1)
    _expect(f"{table}: counted rows", tables.count(table, KEYS[table][0], here), {MARK: 1})
    _expect(f"{table}: the number of deleted rows", tables.delete(table, here), 1)
    _expect(f"{table}: rows after they were deleted", _selected(tables, table, here), [])


def _check_conditions(tables: Tables) -> None:
    first, second = (
        {**_row("outbox"), "id": f"{MARK}-{number}", "due_at": number + 0.5, "error": error}
        for number, error in enumerate([None, "HTTP 503"])
    )
    both = {"id__in": [first["id"], second["id"]]}
    tables.insert("outbox", [second, first])
    for conditions, wanted in (
        ({}, [first, second]),
        ({"due_at__lt": 1.5}, [first]),
        ({"due_at__lte": 1.5}, [first, second]),
        ({"due_at__gt": 0.5}, [second]),
        ({"due_at": 0.5}, [first]),
        ({"error__isnull": True}, [first]),
        ({"error__isnull": False}, [second]),
    ):
        found = _selected(tables, "outbox", {**both, **conditions}, "due_at", "id")
        _expect(f"outbox: rows where {conditions}", found, wanted)
    downwards = _selected(tables, "outbox", both, "-due_at")
    _expect("outbox: rows in the order -due_at", downwards, [second, first])
    limited = tables.select("outbox", both, ["due_at"], 1)
    _expect("outbox: rows within limit 1", [row["id"] for row in limited], [first["id"]])
    journal = [{**_row("journal"), "version": version} for version in (2, 1)]
    for row in journal:
        tables.insert("journal", [row])
    listed = tables.select("journal", {"machine": MARK}, ["seq"])
    versions = [row["version"] for row in listed]
    _expect("journal: versions in the order of insertion, by seq", versions, [2, 1])


def _row(table: TableName) -> Row:
    return {column: _SPECIAL.get(column, MARK) for column in COLUMNS[table]}


def _here(table: TableName, row: Row) -> Row:
    return {column: row[column] for column in KEYS[table]}


def _selected(tables: Tables, table: TableName, where: Row, *order: str) -> list[Row]:
    """The matching rows, without columns that the store does not know."""
    found = tables.select(table, where, order)
    return [{column: row[column] for column in COLUMNS[table]} for row in found]


def _expect(what: str, found: Any, wanted: Any) -> None:
    if list(found) != list(wanted) if isinstance(wanted, list) else found != wanted:
        raise WrongTablesError(f"{what}: expected {wanted!r}, got {found!r}")
