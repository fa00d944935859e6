"""Connections to SQLite, set up so that an answered commit is on the disk.

The database keeps a write-ahead log and syncs every commit. Writers take the lock at the start of
their transaction (``BEGIN IMMEDIATE``): they wait for each other there, and never fail halfway.
The driver's own transaction handling is switched off for that.

No connection creates a file: only :meth:`SqliteBackend.create_database` does. So a file that was
removed is missed, and not silently replaced by an empty one.
"""

import logging
import sqlite3
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from ..errors import StoreUnavailableError
from ..location import SqliteLocation
from ..schema import PROOF
from ..unit_of_work import Writer
from .files import FileWatch, create, real_path, uri

PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    # 64 MB each: a page that many changes touch is then read and checkpointed once, and not once
    # for each of them.
    "cache_size = -65536",
    "wal_autocheckpoint = 16000",
)


log = logging.getLogger(__name__)


class SqliteBackend:
    """An SQLite database in a file.

    Args:
        location: where it is.
    """

    runs_worker_in_process = True

    def __init__(self, location: SqliteLocation) -> None:
        self.location = location

    @cached_property
    def file(self) -> Path | None:
        """The file that holds the database, without symbolic links."""
        return self._path

    @cached_property
    def _path(self) -> Path:
        return real_path(str(self.location.file))

    @cached_property
    def _watch(self) -> FileWatch:
        return FileWatch(self._path)

    def create_database(self) -> None:
        """Create the file, unless it exists; only its owner may read it.

        Raises:
            DatabaseFileError: it cannot be created.
        """
        create(self._path)

    def create_engine(self) -> Engine:
        """A pool of connections for reading."""
        engine = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_timeout=self.location.timeout,
            # Values may be private.
            hide_parameters=True,
        )
        event.listen(engine, "connect", self._set_up)
        event.listen(engine, "checkout", lambda *_: self._watch.check())
        event.listen(engine, "close", lambda *_: self._watch.closed())
        event.listen(engine, "begin", _begin)
        return engine

    def close(self, engine: Engine) -> None:
        """Close all connections, and leave everything in the database's file.

        Until then the last changes are in the log beside it. A copy of the file alone would lack
        them.
        """
        if self._watch.is_in_use:
            try:
                with engine.connect() as connection:
                    # Waits for nobody. The last connection of all processes removes the log.
                    checkpoint = "PRAGMA wal_checkpoint(PASSIVE)"
                    _, logged, copied = connection.exec_driver_sql(checkpoint).one()
                if logged != copied:
                    log.warning(
                        "another process reads %s: its newest changes are in %s-wal still",
                        *(self._path.name, self._path.name),
                    )
            except (DBAPIError, StoreUnavailableError) as error:
                log.warning("the newest changes stay in %s-wal: %s", self._path.name, error)
        engine.dispose()

    def _connect(self) -> sqlite3.Connection:
        self._watch.opening()
        return sqlite3.connect(
            uri(self._path, "rw"),
            uri=True,
            timeout=self.location.timeout,
            check_same_thread=False,
        )

    def _set_up(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None
        _use_wal(connection, self.location.timeout)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        # Opens the log, so that it can be watched.
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        self._watch.opened()

    def for_writing(self, engine: Engine) -> Engine:
        """The same pool, whose transactions begin with the lock."""
        return engine.execution_options(relink_writes=True)

    def writer(self, engine: Engine, jobs: bool) -> Writer:
        """The one writer, which commits for all that wait together; there are no jobs."""
        from .writer import SqliteWriter

        return SqliteWriter(engine, self._watch.check)

    def prove_writes(self, engine: Engine) -> None:
        """Write to the database, within a transaction and its commit."""
        with self.for_writing(engine).begin() as connection:
            connection.execute(text(PROOF))
        self._watch.check()

    def read_one_view(self, connection: Connection) -> None:
        """Nothing to do: a transaction on SQLite always sees one state of the database."""

    def begin_migration(self, connection: Connection, longest: float) -> None:
        """Nothing to do: a transaction that writes holds the only lock."""

    @property
    def place(self) -> str:
        """The file."""
        return f"the file {self._path.name}"

    @property
    def own_place(self) -> str:
        """Another file."""
        return "Give relink a file of its own by RELINK_DATABASE_URL"

    def tables(self, connection: Connection) -> set[str]:
        """The names of the tables and views in the file."""
        query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        return set(connection.execute(text(query)).scalars())

    def create_job_tables(self, connection: Connection) -> None:
        """Nothing to do: the process looks for due commands itself."""

    def defer(self, connection: Connection, ids: Sequence[str]) -> None:
        """Nothing to do: there are no jobs."""

    def defer_again(self, connection: Connection, command_id: str) -> None:
        """Nothing to do: there are no jobs."""

    def defer_due(self, connection: Connection, now: float, limit: int) -> int:
        """Nothing to do: there are no jobs."""
        return 0


def _use_wal(connection: Any, timeout: float) -> None:
    """Switch to the write-ahead log. Unlike a statement, the switch does not wait by itself."""
    until = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("relink_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
