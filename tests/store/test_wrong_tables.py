"""``verify_tables`` names what is wrong with tables, and leaves nothing behind."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from relink.adapters.store import Tables, WrongTablesError, verify_tables
from relink.adapters.store.tables import COLUMNS

from ..own_tables import django_tables, sqlalchemy_tables


class Wrong:
    """Tables with some members that differ."""

    def __init__(self, tables: Tables, **changed: Any) -> None:
        self._tables = tables
        self.__dict__.update(changed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tables, name)


@pytest.fixture(params=["django", "sqlalchemy"])
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tables]:
    made = django_tables() if request.param == "django" else sqlalchemy_tables(tmp_path)
    with made as found:
        yield found
        assert {table: list(found.select(table, {})) for table in COLUMNS} == {
            table: [] for table in COLUMNS
        }


def without(column: str, operation: Any) -> Callable[..., Any]:
    """An operation that ignores a condition."""

    def ignore(table: Any, where: Any, *more: Any) -> Any:
        return operation(
            table, {name: value for name, value in where.items() if name != column}, *more
        )

    return ignore


def flat(tables: Tables) -> Callable[[], AbstractContextManager[object]]:
    """Transactions without savepoints."""
    depth: list[int] = []

    @contextmanager
    def transaction() -> Iterator[None]:
        if depth:
            yield
            return
        with tables.transaction():
            depth.append(1)
            try:
                yield
            finally:
                depth.clear()

    return transaction


def swallowing(tables: Tables) -> Callable[[], AbstractContextManager[object]]:
    @contextmanager
    def transaction() -> Iterator[None]:
        try:
            with tables.transaction():
                yield
        except Exception:
            return

    return transaction


def undoing(tables: Tables) -> Callable[[], AbstractContextManager[object]]:
    """Transactions that are never committed."""

    class Undone(Exception):  # noqa: N818
        pass

    @contextmanager
    def transaction() -> Iterator[None]:
        try:
            with tables.transaction():
                yield
                raise Undone
        except Undone:
            return

    return transaction


def objects(tables: Tables) -> Callable[..., Any]:
    """Rows as objects, such as instances of a model."""
    return lambda *asked: [SimpleNamespace(**row) for row in tables.select(*asked)]


def lacking(column: str, tables: Tables) -> Callable[..., Any]:
    return lambda *asked: [
        {name: value for name, value in row.items() if name != column}
        for row in tables.select(*asked)
    ]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (lambda _: {"transaction": nullcontext}, "transaction: rows that stay although"),
        (lambda it: {"transaction": flat(it)}, "rolled back alone"),
        (lambda it: {"transaction": swallowing(it)}, "transaction: it swallowed"),
        (lambda it: {"transaction": undoing(it)}, "transaction: rows that stay after its end"),
        (lambda _: {"transaction": lambda: None}, "transaction raised TypeError"),
        (
            lambda it: {"update": without("version", it.update)},
            "snapshots: rows updated although version differs",
        ),
        (
            lambda it: {"update": without("due_at", it.update)},
            "outbox: rows updated although due_at differs",
        ),
        (
            lambda it: {"delete": without("key", it.delete)},
            "snapshots: rows deleted although key differs",
        ),
        (
            lambda it: {"select": without("machine", it.select)},
            "snapshots: rows selected although machine differs",
        ),
        (
            lambda it: {"update": without("due_at__lt", it.update)},
            "outbox: the number of rows updated where .*due_at__lt",
        ),
        (lambda _: {"conflicts": (Exception,)}, "conflicts: Exception covers every error"),
        (lambda it: {"failures": (ValueError, BaseException)}, "failures: expected a tuple"),
        (lambda it: {"conflicts": it.failures}, "conflicts: they cover"),
        (lambda it: {"conflicts": it.conflicts[0]}, "conflicts: expected a tuple"),
        (lambda _: {"conflicts": (KeyError,)}, "must raise one of the conflicts; it raised"),
        (lambda it: {"select": objects(it)}, "select returned a SimpleNamespace as a row"),
        (lambda it: {"select": lambda *asked: iter(it.select(*asked))}, "return a list"),
        (lambda it: {"select": lacking("stuck_on", it)}, "outbox: a row lacks stuck_on"),
        (lambda _: {"insert": lambda table: None}, "cursors: insert raised TypeError"),
    ],
)
def test_what_is_wrong_is_named(
    tables: Tables, changed: Callable[[Tables], dict[str, Any]], named: str
) -> None:
    with pytest.raises(WrongTablesError, match=named):
        verify_tables(Wrong(tables, **changed(tables)))
    verify_tables(tables)  # Nothing of it is in the way.


@pytest.mark.parametrize("missing", ["transaction", "conflicts", "failures", "delete"])
def test_a_missing_member_is_named(tables: Tables, missing: str) -> None:
    members = ("conflicts", "failures", "transaction", "select", "count", "insert", "update")
    kept = {name: getattr(tables, name) for name in (*members, "delete") if name != missing}
    with pytest.raises(WrongTablesError, match=f"has no {missing}"):
        verify_tables(SimpleNamespace(**kept))


def test_what_an_earlier_check_left_is_deleted(tables: Tables) -> None:
    tables.insert("cursors", [{"name": "relink-check-0", "value": "{}"}])
    verify_tables(tables)


def test_a_missing_table_is_named_with_the_cure(tmp_path: Path) -> None:
    from sqlalchemy import text

    with sqlalchemy_tables(tmp_path) as tables:
        with tables.transaction() as connection:
            connection.execute(text("DROP TABLE bank_outbox"))  # type: ignore[attr-defined]
        with pytest.raises(WrongTablesError) as found:
            verify_tables(tables)
    assert str(found.value) == (
        "outbox: select raised SQLite: no such table: bank_outbox. "
        "A table or a column is missing: did you run your migrations?"
    )
    with sqlalchemy_tables(tmp_path) as tables:
        with tables.transaction() as connection:
            connection.execute(  # type: ignore[attr-defined]
                text("ALTER TABLE bank_outbox RENAME COLUMN generation TO other")
            )
        with pytest.raises(WrongTablesError, match=r"no such column: .*did you run your migrat"):
            verify_tables(tables)


def test_the_password_of_an_unknown_driver_is_not_repeated(tables: Tables) -> None:
    def refuse(*_: object) -> Any:
        raise tables.failures[0]("password=hunter2", {}, sqlite3.Warning("hunter2"))

    with pytest.raises(WrongTablesError, match="inbox: select raised") as found:
        verify_tables(Wrong(tables, select=refuse))
    assert "hunter2" not in str(found.value)
