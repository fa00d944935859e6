"""Connections to PostgreSQL: how they are made, and for how long they wait.

The store's connections and those of the queue are made here, from one location, with the same
parameters and the same session.

**Every wait is bounded.** The server bounds statements, locks and idle transactions itself, if it
runs. The network bounds what it acknowledges (``tcp_user_timeout``, keepalives). A server that is
frozen acknowledges everything and answers nothing, so the client also bounds its own wait.

**A pooler may stand in between**, such as PgBouncer, and give each transaction another session.
Then nothing that belongs to a session outlives a transaction: no prepared statement, no setting, no
``LISTEN``. A pooler shows itself: it announces another process id than the session has. Behind one,
settings are made in each transaction, and nothing is prepared.
"""

import math
import time
from collections.abc import Generator
from typing import Any, ClassVar, Self, TypeVar

import psycopg
from psycopg import AsyncConnection, AsyncCursor, OperationalError, pq, sql
from psycopg.abc import Params

from relink.adapters.deadline import Wait, remaining

from ..location import PostgresLocation

T = TypeVar("T")

LEAST_CONNECT = 2
"""libpq's shortest ``connect_timeout``, in whole seconds."""


def parameters(location: PostgresLocation) -> dict[str, Any]:
    """The parameters of a connection, as libpq and psycopg name them. They hold the password."""
    bound = location.timeout
    return {
        **location.parameters,
        "connect_timeout": max(LEAST_CONNECT, math.ceil(remaining(bound / 2, Wait.DATABASE))),
        "tcp_user_timeout": math.ceil(bound * 1000),
        "keepalives": 1,
        "keepalives_idle": max(1, round(bound / 2)),
        "keepalives_interval": max(1, round(bound / 6)),
        "keepalives_count": 3,
        "application_name": location.parameters.get("application_name", "relink"),
        # psycopg prepares statements by itself after a few uses. A rollback then deallocates all
        # that the connection has prepared, those of the writer too.
        "prepare_threshold": None,
    }


def settings(location: PostgresLocation) -> dict[str, str]:
    """The settings of each session.

    The server gives up a statement before the client stops waiting for it, so that its own error
    says what it was.
    """
    milliseconds = location.timeout * 1000
    return {
        "search_path": f'"{location.schema}", pg_temp',
        "statement_timeout": f"{milliseconds * 0.8:.0f}",
        "lock_timeout": f"{milliseconds * 0.5:.0f}",
        "idle_in_transaction_session_timeout": f"{milliseconds:.0f}",
    }


def local_settings(location: PostgresLocation) -> str:
    """The statement that makes the settings for one transaction: the first one behind a pooler."""
    return f"SELECT {_set_all(location, is_local=True)}"


def _set_all(location: PostgresLocation, is_local: bool) -> str:
    scope = "true" if is_local else "false"
    return ", ".join(
        f"set_config('{name}', '{value}', {scope})" for name, value in settings(location).items()
    )


def _greeting(location: PostgresLocation, announced: int) -> sql.SQL:
    """Makes the settings for the session, if it is the one that was announced."""
    made = _set_all(location, is_local=False)
    return sql.SQL(
        f"SELECT pg_backend_pid(), CASE WHEN pg_backend_pid() = {announced} "
        f"THEN jsonb_build_array({made}) END"
    )


class StoreConnection(psycopg.Connection[Any]):
    """A connection of the store, on which every wait is bounded."""

    bound: float
    """Seconds that one wait may take, where no deadline is nearer."""
    is_pooled = False
    """Whether a pooler stands in between."""
    texts: dict[bytes, bytes] | None = None
    """The writer's statements, where they can't be prepared."""

    @classmethod
    def open(cls, location: PostgresLocation) -> Self:
        """Connect, and set up the session.

        Raises:
            psycopg.OperationalError: no connection within its bound.
        """
        made = cls.connect("", autocommit=True, **parameters(location))
        made.bound = location.timeout
        try:
            pid = made.info.backend_pid
            row = made.execute(_greeting(location, pid)).fetchone()
            made.is_pooled = row is None or row[0] != pid
            made.autocommit = False
        except BaseException:
            made.close()
            raise
        return made

    def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **named: Any) -> T:
        """Wait for a generator of psycopg, within the bound."""
        return super().wait(_bounded(gen, self.pgconn, self._most()), *arguments, **named)

    def _most(self) -> float:
        # While it is made, the connection has no bound of its own yet.
        return remaining(getattr(self, "bound", math.inf), Wait.DATABASE)


class QueueConnection(AsyncConnection[Any]):
    """A connection of the queue's workers, on which every wait for an answer is bounded.

    Waiting for notifications is no wait for an answer.
    """

    location: ClassVar[PostgresLocation]
    is_pooled = False
    """Whether a pooler stands in between."""

    @classmethod
    async def connect(cls, conninfo: str = "", *, autocommit: bool = False, **_: Any) -> Self:
        """Connect to the location, and set up the session.

        Raises:
            psycopg.OperationalError: no connection within its bound.
        """
        made = await super().connect("", autocommit=True, **parameters(cls.location))
        try:
            pid = made.info.backend_pid
            row = await (await made.execute(_greeting(cls.location, pid))).fetchone()
            if row is None or row[0] != pid:
                made.is_pooled = True
                made.cursor_factory = _pooled_cursor(cls.location)
            await made.set_autocommit(autocommit)
        except BaseException:
            await made.close()
            raise
        return made

    async def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **named: Any) -> T:
        """Wait for a generator of psycopg, within the bound."""
        bounded = _bounded(gen, self.pgconn, self.location.timeout)
        return await super().wait(bounded, *arguments, **named)


def queue_connection(location: PostgresLocation) -> type[QueueConnection]:
    """The class of the queue's connections to a database."""
    return type("QueueConnection", (QueueConnection,), {"location": location})


def _pooled_cursor(location: PostgresLocation) -> type[AsyncCursor[Any]]:
    begin = sql.SQL(local_settings(location))

    class PooledCursor(AsyncCursor[Any]):
        """Executes each statement in a transaction with our settings."""

        async def execute(self, query: Any, params: Params | None = None, **named: Any) -> Self:
            """Execute one statement."""
            if self.connection.info.transaction_status != pq.TransactionStatus.IDLE:
                return await super().execute(query, params, **named)
            async with self.connection.transaction():
                await super().execute(begin)
                return await super().execute(query, params, **named)

    return PooledCursor


def _bounded(
    gen: Generator[Any, Any, T], server: pq.abc.PGconn, most: float
) -> Generator[Any, Any, T]:
    """The same generator, ended when it waits for an answer for too long.

    Raises:
        psycopg.OperationalError: no answer came in time. The connection is closed: the answer may
            still come.
    """
    until = time.monotonic() + most
    try:
        state = next(gen)
        while True:
            ready = yield state
            waits = server.transaction_status == pq.TransactionStatus.ACTIVE
            if waits and time.monotonic() >= until:
                server.finish()
                raise silent(most)
            state = gen.send(ready)
    except StopIteration as end:
        done: T = end.value
        return done


def silent(seconds: float) -> OperationalError:
    """The error of a server that does not answer in time."""
    return OperationalError(f"the server did not answer within {seconds:.1f} s")
