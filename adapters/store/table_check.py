"""Checks that tables of your own do what the store asks of them. Run it in your tests."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from .errors import StoreError
from .meaning import meaning_of
from .table_errors import described, driver_error
from .tables import COLUMNS, KEYS, Row, TableName, Tables, Where

MARK = "relink-check"
"""The key of every row that the check writes. None is left behind."""

MARKS = [MARK, f"{MARK}-0", f"{MARK}-1"]

_MEMBERS = ("conflicts", "failures", "transaction", "select", "count", "insert", "update", "delete")

_COMPARED: Mapping[TableName, tuple[str, ...]] = {
    "snapshots": ("version",),
    "outbox": ("status", "generation", "attempts", "due_at"),
}
"""The columns besides the key that tell whether another writer was first."""

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
    """Check every operation on every table, and what a transaction undoes.

    It deletes the rows that it writes, also when it fails, and those that an earlier check could
    not delete.

    Args:
        tables: yours, on a database of the kind that you use. Do not use the one with your
            customers: what an operation that is wrong changes there is unknown.

    Raises:
        WrongTablesError: an operation does something else; the text says which, and on which table.
    """
    _check_members(tables)
    named = _Named(tables)
    try:
        for table in COLUMNS:
            _delete_leftovers(named, table)
        _check_transactions(named)
        for table in COLUMNS:
            row = _row(table)
            _rolled_back(named, partial(_check_table, named, table, row))
            _expect(f"{table}: rows after a rollback", named.select(table, _here(table, row)), [])
        _rolled_back(named, partial(_check_conditions, named))
    finally:
        for table in COLUMNS:
            # What is wrong is raised already.
            with suppress(Exception):
                _delete_leftovers(named, table)


# ── members ──────────────────────────────────────────────────────────────────


def _check_members(tables: Tables) -> None:
    missing = [name for name in _MEMBERS if not hasattr(tables, name)]
    if missing:
        raise WrongTablesError(
            f"{type(tables).__name__} has no {', '.join(missing)}. "
            "relink.adapters.store.Tables describes each of them"
        )
    for name in ("conflicts", "failures"):
        kinds = getattr(tables, name)
        if not isinstance(kinds, tuple) or not all(
            isinstance(kind, type) and issubclass(kind, Exception) for kind in kinds
        ):
            raise WrongTablesError(
                f"{name}: expected a tuple of exception classes, such as (IntegrityError,)"
            )
        for kind in kinds:
            if issubclass(TypeError, kind):
                raise WrongTablesError(
                    f"{name}: {kind.__name__} covers every error, also those of a defect. Name the "
                    "exceptions of your database's library"
                )
    for kind in tables.failures:
        if issubclass(kind, tables.conflicts):
            raise WrongTablesError(
                f"conflicts: they cover {kind.__name__}, which is one of the failures. Name only "
                "what is raised for a key that exists, such as IntegrityError"
            )


class _Named:
    """Your tables, whose errors name the table and the operation."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    @contextmanager
    def _naming(self, what: str) -> Iterator[None]:
        try:
            yield
        except (WrongTablesError, _RollBackError):
            raise
        except Exception as error:
            told = _told(error, self.tables.failures)
            raise WrongTablesError(f"{what} raised {told}") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._naming("transaction"), self.tables.transaction():
            yield

    def select(
        self, table: TableName, where: Where, order: Sequence[str] = (), limit: int | None = None
    ) -> list[Row]:
        """The rows, without columns that the store does not know."""
        with self._naming(f"{table}: select"):
            found = self.tables.select(table, where, order, limit)
            if not (hasattr(found, "__len__") and hasattr(found, "__getitem__")):
                raise WrongTablesError(
                    f"{table}: select returned a {type(found).__name__}; return a list"
                )
            for row in found:
                if not isinstance(row, Mapping):
                    raise WrongTablesError(
                        f"{table}: select returned a {type(row).__name__} as a row; return "
                        "dictionaries, such as those of Django's values()"
                    )
                if missing := [column for column in COLUMNS[table] if column not in row]:
                    raise WrongTablesError(f"{table}: a row lacks {', '.join(missing)}")
            return [{column: row[column] for column in COLUMNS[table]} for row in found]

    def count(self, table: TableName, by: str, where: Where) -> dict[Any, int]:
        with self._naming(f"{table}: count"):
            return self.tables.count(table, by, where)

    def insert(self, table: TableName, rows: Sequence[Row]) -> None:
        with self._naming(f"{table}: insert"):
            self.tables.insert(table, rows)

    def update(self, table: TableName, where: Where, values: Row) -> int:
        with self._naming(f"{table}: update"):
            return self.tables.update(table, where, values)

    def delete(self, table: TableName, where: Where) -> int:
        with self._naming(f"{table}: delete"):
            return self.tables.delete(table, where)

    def refuse(self, table: TableName, row: Row) -> None:
        """Insert a row whose key exists, in a transaction of its own, which has to fail."""
        unique = ", ".join(KEYS[table])
        try:
            with self.tables.transaction():
                self.tables.insert(table, [row])
        except self.tables.conflicts:
            return
        except Exception as error:
            raise WrongTablesError(
                f"{table}: a second row with the same {unique} must raise one of the conflicts; "
                f"it raised {_told(error, self.tables.failures)}"
            ) from error
        raise WrongTablesError(f"{table}: a second row with the same {unique} must be refused")


def _told(error: Exception, failures: tuple[type[Exception], ...]) -> str:
    """An error with its text. That of an unknown driver may hold a password, and is left out."""
    if isinstance(error, failures) or meaning_of(driver_error(error)):
        return described(error)
    return f"{type(error).__name__}: {error}"


# ── transactions ─────────────────────────────────────────────────────────────


def _rolled_back(tables: _Named, check: Callable[[], None]) -> None:
    try:
        with tables.transaction():
            check()
            raise _RollBackError
    except _RollBackError:
        return
    raise WrongTablesError("transaction: it swallowed an exception, which has to leave it")


def _check_transactions(tables: _Named) -> None:
    """What is undone, and what stays: on the smallest table, before anything is updated."""
    first, second = ({**_row("cursors"), "name": mark} for mark in MARKS[1:])
    both = {"name__in": MARKS}

    def left() -> list[Row]:
        return tables.select("cursors", both, ["name"])

    _rolled_back(tables, partial(tables.insert, "cursors", [first]))
    _expect("transaction: rows that stay although an exception left it", left(), [])

    def insert_within() -> None:
        tables.insert("cursors", [first])
        _rolled_back(tables, partial(tables.insert, "cursors", [second]))
        _expect("transaction: rows after one within it was rolled back alone", left(), [first])

    _rolled_back(tables, insert_within)
    _expect("transaction: rows that stay although an exception left the outer one", left(), [])
    with tables.transaction():
        tables.insert("cursors", [first])
    _expect("transaction: rows that stay after its end", left(), [first])
    tables.delete("cursors", {"name": first["name"]})


# ── operations ───────────────────────────────────────────────────────────────


def _check_table(tables: _Named, table: TableName, row: Row) -> None:
    here = _here(table, row)
    tables.insert(table, [row])
    _expect(f"{table}: an inserted row", tables.select(table, here), [row])
    tables.refuse(table, row)
    _expect(f"{table}: rows after a refused one", tables.select(table, here), [row])
    _expect(f"{table}: the number of updated rows", tables.update(table, here, row), 1)
    for column in (*KEYS[table], *_COMPARED.get(table, ())):
        differs = {**here, column: _another(row[column])}
        for done, number in (
            ("selected", len(tables.select(table, differs))),
            ("updated", tables.update(table, differs, row)),
            ("deleted", tables.delete(table, differs)),
        ):
            _expect(f"{table}: rows {done} although {column} differs", number, 0)
    _expect(f"{table}: counted rows", tables.count(table, KEYS[table][0], here), {MARK: 1})
    _expect(f"{table}: the number of deleted rows", tables.delete(table, here), 1)
    _expect(f"{table}: rows after they were deleted", tables.select(table, here), [])


def _check_conditions(tables: _Named) -> None:
    first, second = (
        {**_row("outbox"), "id": mark, "due_at": number + 0.5, "error": error}
        for number, (mark, error) in enumerate(zip(MARKS[1:], [None, "HTTP 503"], strict=True))
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
        where = {**both, **conditions}
        found = tables.select("outbox", where, ["due_at", "id"])
        _expect(f"outbox: rows where {conditions}", found, wanted)
        updated = tables.update("outbox", where, {"attempts": 1})
        _expect(f"outbox: the number of rows updated where {conditions}", updated, len(wanted))
    downwards = tables.select("outbox", both, ["-due_at"])
    _expect("outbox: rows in the order -due_at", downwards, [second, first])
    limited = tables.select("outbox", both, ["due_at"], 1)
    _expect("outbox: rows within limit 1", [row["id"] for row in limited], [first["id"]])
    journal = [{**_row("journal"), "version": version} for version in (2, 1)]
    for row in journal:
        tables.insert("journal", [row])
    listed = tables.select("journal", {"machine": MARK}, ["seq"])
    versions = [row["version"] for row in listed]
    _expect("journal: versions in the order of insertion, by seq", versions, [2, 1])


def _delete_leftovers(tables: _Named, table: TableName) -> None:
    """Delete rows of a check. Nothing is deleted unless there are some, and only those."""
    column = KEYS[table][0]
    where = {f"{column}__in": MARKS}
    found = tables.select(table, where)
    if found and all(row[column] in MARKS for row in found):
        tables.delete(table, where)


def _row(table: TableName) -> Row:
    return {column: _SPECIAL.get(column, MARK) for column in COLUMNS[table]}


def _here(table: TableName, row: Row) -> Row:
    return {column: row[column] for column in KEYS[table]}


def _another(value: str | float) -> str | float:
    return value + "-other" if isinstance(value, str) else value + 1


def _expect(what: str, found: Any, wanted: Any) -> None:
    if list(found) != list(wanted) if isinstance(wanted, list) else found != wanted:
        raise WrongTablesError(f"{what}: expected {wanted!r}, got {found!r}")
