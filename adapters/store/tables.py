"""The port for tables of your own: what :class:`~relink.adapters.store.TableStore` asks of them.

Seven tables, and five operations on their rows. A row is a dictionary. JSON is kept as text, and
times are numbers (Unix seconds), so any database can hold them. ``docs/own-tables.md`` has the
tables as Django models and for SQLAlchemy.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

TableName = Literal["inbox", "snapshots", "accounts", "journal", "checkpoints", "outbox", "cursors"]

Row = dict[str, Any]

Where = Mapping[str, Any]
"""Conditions that all have to hold, as in Django: ``{"status": "due", "due_at__lte": now}``.

The value of a column, or of ``column__`` with ``lt``, ``lte``, ``gt``, ``in`` (a list) or
``isnull`` (whether it is null).
"""

COLUMNS: Mapping[TableName, tuple[str, ...]] = {
    "inbox": ("id", "type", "created", "received_at", "connected_account"),
    "snapshots": ("machine", "key", "state", "version", "facts", "connected_account"),
    "accounts": ("id", "state", "holder", "authorization", "institution"),
    "journal": (
        *("machine", "key", "version", "causation_id", "at", "event", "fields", "outcome"),
        *("from_state", "to_state", "transition", "guards", "chart", "reason", "anomaly"),
        *("changes", "commands"),
    ),
    "checkpoints": ("machine", "key", "state", "version", "facts"),
    "outbox": (
        *("id", "command", "party", "fields", "causation_id", "connected_account", "status"),
        *("attempts", "due_at", "created_at", "retried_for", "generation"),
        *("finished_at", "error", "stuck_on"),
    ),
    "cursors": ("name", "value"),
}
"""The columns of each table. The journal has one more, ``seq``, which the database counts up."""

KEYS: Mapping[TableName, tuple[str, ...]] = {
    "inbox": ("id",),
    "snapshots": ("machine", "key"),
    "accounts": ("id",),
    "journal": ("machine", "key", "version"),
    "checkpoints": ("machine", "key"),
    "outbox": ("id",),
    "cursors": ("name",),
}
"""What is unique in each table. The store relies on the database to refuse a second row."""


class Tables(Protocol):
    """Rows of your database. :func:`~relink.adapters.store.verify_tables` checks it.

    It can be used from several threads. Operations outside a transaction take effect at once.
    """

    @property
    def conflicts(self) -> tuple[type[Exception], ...]:
        """What is raised for a row whose key exists, such as ``IntegrityError``."""
        ...

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What is raised when the database can't be used, such as ``OperationalError``."""
        ...

    def transaction(self) -> AbstractContextManager[object]:
        """A transaction of this thread: what is done within is stored together at its end.

        If an exception leaves it, nothing is stored. One within another is a savepoint: it is
        undone alone, and the outer one goes on. On SQLite it has to begin with
        ``BEGIN IMMEDIATE``.
        """
        ...

    def select(
        self, table: TableName, where: Where, order: Sequence[str] = (), limit: int | None = None
    ) -> Sequence[Row]:
        """The rows that match.

        Args:
            table: which table.
            where: the conditions.
            order: columns to sort by; ``-column`` sorts downwards.
            limit: the largest number of rows; None for all.
        """
        ...

    def count(self, table: TableName, by: str, where: Where) -> dict[Any, int]:
        """The number of matching rows, by their value in the column ``by``."""
        ...

    def insert(self, table: TableName, rows: Sequence[Row]) -> None:
        """Add rows. A column that a row does not name is null."""
        ...

    def update(self, table: TableName, where: Where, values: Row) -> int:
        """Change the rows that match, and return their number, changed or not."""
        ...

    def delete(self, table: TableName, where: Where) -> int:
        """Delete the rows that match, and return their number."""
        ...
