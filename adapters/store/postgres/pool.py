"""The pool of the store's connections to one PostgreSQL server.

When an error says that the server is gone, or is a standby now, every connection that was made
before leads to the same place. None of them is used again, whoever holds it: each is compared with
the number of such losses when it was made.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, create_engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from ..location import PostgresLocation
from ..meaning import Fate, Meaning, meaning_of
from .connection import StoreConnection, local_settings

SIZE = 16
"""Connections that a process keeps; it opens as many again under load."""


SCHEMA_OPTION = "relink_schema"


class Losses:
    """Counts how often the server was lost, and refuses connections that were made before."""

    def __init__(self) -> None:
        self._count = 0

    def settle(self, meaning: Meaning | None) -> Fate:
        """What becomes of a connection after an error with this meaning, and of all others."""
        fate = meaning.treatment.fate if meaning else Fate.KEEP
        if fate is Fate.DROP_ALL:
            self._count += 1
        return fate

    def is_stale(self, pooled: PoolProxiedConnection) -> bool:
        """Whether the server was lost after the connection was made."""
        return bool(pooled.info["losses"] != self._count)

    def watch(self, engine: Engine) -> None:
        """Keep account of the connections of a pool."""
        event.listen(engine, "connect", self._note_age)
        event.listen(engine, "checkout", self._refuse_stale)
        event.listen(engine, "handle_error", self._settle_fate)

    def _note_age(self, _: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["losses"] = self._count

    def _refuse_stale(self, _: Any, entry: ConnectionPoolEntry, __: object) -> None:
        if entry.info["losses"] != self._count:
            # SQLAlchemy replaces it.
            raise DisconnectionError

    def _settle_fate(self, context: ExceptionContext) -> None:
        """Have SQLAlchemy keep or close the connection of a failed statement."""
        fate = self.settle(meaning_of(context.original_exception))
        context.is_disconnect = context.is_disconnect or fate is not Fate.KEEP
        # The others are refused when they are taken.
        context.invalidate_pool_on_disconnect = False


def create_pool(location: PostgresLocation, losses: Losses) -> Engine:
    """A pool of connections to a database. None is opened yet.

    Args:
        location: the database.
        losses: keeps account of its connections.
    """
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: StoreConnection.open(location),
        pool_size=SIZE,
        max_overflow=SIZE,
        pool_timeout=location.timeout / 2,
        # Values may be private.
        hide_parameters=True,
        execution_options={SCHEMA_OPTION: location.schema},
    )
    losses.watch(engine)
    event.listen(engine, "begin", _sets_locally(location))
    return engine


def _sets_locally(location: PostgresLocation) -> Callable[[Connection], None]:
    statement = local_settings(location)

    def begin(connection: Connection) -> None:
        raw = connection.connection.driver_connection
        if isinstance(raw, StoreConnection) and raw.is_pooled:
            connection.exec_driver_sql(statement)

    return begin


def standalone(engine: Engine, table: str, statement: str) -> TextClause:
    """A statement to be executed outside of a transaction, where no setting of ours holds.

    Args:
        engine: a pool made by :func:`create_pool`.
        table: the one table that the statement names. It gets its schema.
        statement: the statement.
    """
    schema = engine.get_execution_options()[SCHEMA_OPTION]
    return text(statement.replace(table, f'"{schema}".{table}'))
