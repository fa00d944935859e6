"""relink's machines in your own tables, by plain SQLAlchemy."""

import operator
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError

from relink.adapters.store import Row, TableName, Where

metadata = sa.MetaData()


def _table(name: str, *columns: "sa.Column[Any] | sa.schema.SchemaItem") -> sa.Table:
    return sa.Table(f"bank_{name}", metadata, *columns)


def _text(
    name: str,
    length: int | None = None,
    *,
    primary_key: bool = False,
    nullable: bool = False,
    index: bool = False,
) -> "sa.Column[Any]":
    kind = sa.String(length) if length else sa.Text()
    return sa.Column(name, kind, primary_key=primary_key, nullable=nullable, index=index)


def _number(
    name: str,
    kind: Any = sa.Integer,
    *,
    primary_key: bool = False,
    nullable: bool = False,
    index: bool = False,
) -> "sa.Column[Any]":
    return sa.Column(name, kind, primary_key=primary_key, nullable=nullable, index=index)


def _machine() -> "list[sa.Column[Any]]":
    return [_text("machine", 64, primary_key=True), _text("key", 255, primary_key=True)]


def _as_it_is() -> "list[sa.Column[Any]]":
    return [_text("state", 64), _number("version"), _text("facts")]


TABLES: dict[TableName, sa.Table] = {
    "inbox": _table(
        "inbox",
        _text("id", 255, primary_key=True),
        _text("type", 255),
        _number("created", sa.BigInteger),
        _number("received_at", sa.Double, index=True),
        _text("connected_account", 255, nullable=True),
    ),
    "snapshots": _table(
        "snapshots", *_machine(), *_as_it_is(), _text("connected_account", 255, nullable=True)
    ),
    "accounts": _table(
        "accounts",
        _text("id", 255, primary_key=True),
        _text("state", 64),
        *(
            _text(name, 255, nullable=True, index=True)
            for name in ("holder", "authorization", "institution")
        ),
    ),
    "journal": _table(
        "journal",
        # SQLite counts up integers only.
        _number("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        _text("machine", 64),
        _text("key", 255),
        _number("version"),
        _text("causation_id", 255),
        _number("at", sa.Double),
        *(_text(name, 64) for name in ("event", "outcome", "from_state", "to_state", "chart")),
        *(_text(name, nullable=True) for name in ("transition", "reason")),
        _number("anomaly", sa.Boolean),
        *(_text(name) for name in ("fields", "guards", "changes", "commands")),
        sa.UniqueConstraint("machine", "key", "version"),
    ),
    "checkpoints": _table("checkpoints", *_machine(), *_as_it_is()),
    "outbox": _table(
        "outbox",
        _text("id", 255, primary_key=True),
        *(_text(name, 64) for name in ("command", "party", "status")),
        _text("fields"),
        _text("causation_id", 255),
        _text("connected_account", 255, nullable=True),
        *(_number(name) for name in ("attempts", "generation")),
        *(_number(name, sa.Double) for name in ("due_at", "created_at", "retried_for")),
        _number("finished_at", sa.Double, nullable=True),
        _text("error", nullable=True),
        _text("stuck_on", 255, nullable=True),
        sa.Index("bank_outbox_due", "status", "due_at"),
    ),
    "cursors": _table("cursors", _text("name", 64, primary_key=True), _text("value")),
}

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "": operator.eq,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "in": lambda column, values: column.in_(values),
    "isnull": lambda column, is_null: (column == None) == is_null,  # noqa: E711
}


class EngineTables:
    """The tables in the database of an engine."""

    conflicts: tuple[type[Exception], ...] = (IntegrityError,)
    failures: tuple[type[Exception], ...] = (DBAPIError, TimeoutError)

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._thread = threading.local()

    @contextmanager
    def transaction(self) -> Generator[sa.Connection]:
        """A transaction, or a savepoint within one. Write rows of yours on its connection."""
        outer: sa.Connection | None = getattr(self._thread, "connection", None)
        if outer is not None:
            with outer.begin_nested():
                yield outer
            return
        with self._engine.begin() as self._thread.connection:
            try:
                yield self._thread.connection
            finally:
                self._thread.connection = None

    @contextmanager
    def _connection(self) -> Generator[sa.Connection]:
        if getattr(self._thread, "connection", None) is not None:
            yield self._thread.connection
        else:
            with self._engine.begin() as connection:
                yield connection

    def select(
        self, table: TableName, where: Where, order: Sequence[str] = (), limit: int | None = None
    ) -> Sequence[Row]:
        """The rows that match."""
        it = TABLES[table]
        by = [it.c[name[1:]].desc() if name[0] == "-" else it.c[name] for name in order]
        query = sa.select(it).where(*_conditions(it, where)).order_by(*by).limit(limit)
        with self._connection() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def count(self, table: TableName, by: str, where: Where) -> dict[Any, int]:
        """The number of matching rows, by their value in a column."""
        it = TABLES[table]
        query = sa.select(it.c[by], sa.func.count()).where(*_conditions(it, where))
        with self._connection() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(it.c[by]))}

    def insert(self, table: TableName, rows: Sequence[Row]) -> None:
        """Add rows."""
        with self._connection() as connection:
            connection.execute(sa.insert(TABLES[table]), list(rows))

    def update(self, table: TableName, where: Where, values: Row) -> int:
        """Change the rows that match."""
        return self._change(sa.update(TABLES[table]).values(values), table, where)

    def delete(self, table: TableName, where: Where) -> int:
        """Delete the rows that match."""
        return self._change(sa.delete(TABLES[table]), table, where)

    def _change(self, statement: sa.Update | sa.Delete, table: TableName, where: Where) -> int:
        with self._connection() as connection:
            matching = statement.where(*_conditions(TABLES[table], where))
            return connection.execute(matching).rowcount


def _conditions(table: sa.Table, where: Where) -> "Iterator[sa.ColumnElement[bool]]":
    for name, value in where.items():
        column, _, comparison = name.partition("__")
        compare = OPERATORS[comparison]
        yield compare(table.c[column], value)


def begin_immediately(engine: sa.Engine) -> None:
    """Let each transaction on SQLite lock the database at its beginning, and wait for its turn."""

    @event.listens_for(engine, "connect")
    def leave_transactions_to_sqlalchemy(raw: Any, record: object) -> None:
        raw.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
