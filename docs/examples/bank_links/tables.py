"""relink's operations on the tables, by Django's ORM."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.db.models import Count
from django.db.transaction import atomic

from relink.adapters.store import Row, TableName, Where

from . import models

MODELS: dict[TableName, Any] = {
    "inbox": models.Inbox,
    "snapshots": models.Snapshot,
    "accounts": models.Account,
    "journal": models.Journal,
    "checkpoints": models.Checkpoint,
    "outbox": models.Outbox,
    "cursors": models.Cursor,
}


class DjangoTables:
    """The tables in Django's default database."""

    conflicts: tuple[type[Exception], ...] = (IntegrityError,)
    failures: tuple[type[Exception], ...] = (OperationalError, InterfaceError)

    def transaction(self) -> AbstractContextManager[object]:
        """A transaction, or a savepoint within one of yours."""
        _drop_broken_connection()
        return cast("AbstractContextManager[object]", atomic())

    def select(
        self, table: TableName, where: Where, order: Sequence[str] = (), limit: int | None = None
    ) -> Sequence[Row]:
        """The rows that match."""
        return list(_rows(table, where).order_by(*order).values()[:limit])

    def count(self, table: TableName, by: str, where: Where) -> dict[Any, int]:
        """The number of matching rows, by their value in a column."""
        return dict(_rows(table, where).values_list(by).annotate(Count(by)).order_by())

    def insert(self, table: TableName, rows: Sequence[Row]) -> None:
        """Add rows."""
        model = MODELS[table]
        model.objects.bulk_create([model(**row) for row in rows])

    def update(self, table: TableName, where: Where, values: Row) -> int:
        """Change the rows that match."""
        return int(_rows(table, where).update(**values))

    def delete(self, table: TableName, where: Where) -> int:
        """Delete the rows that match."""
        return int(_rows(table, where).delete()[0])


def _rows(table: TableName, where: Where) -> Any:
    _drop_broken_connection()
    return MODELS[table].objects.filter(**where)


def _drop_broken_connection() -> None:
    """Django itself drops connections between requests only, and relink's threads serve none."""
    if connection.errors_occurred and not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
