"""Connections to SQLite, set up so that an answered commit is on the disk.

The database keeps a write-ahead log and syncs every commit. Writers take the lock at the start of
their transaction (``BEGIN IMMEDIATE``): they wait for each other there, and never fail halfway.
The driver's own transaction handling is switched off for that.
"""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from ..location import SqliteLocation
from ..unit_of_work import Writer

PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    # 64 MB each: a page that many changes touch is then read and checkpointed once, and not once
    # for each of them.
    "cache_size = -65536",
    "wal_autocheckpoint = 16000",
)


class SqliteBackend:
    """An SQLite database in a file.

    Args:
        location: where it is.
    """

    runs_worker_in_process = True

    def __init__(self, location: SqliteLocation) -> None:
        self.location = location

    @property
    def file(self) -> Path | None:
        """The file that holds the database."""
        return self.location.file

    def create_engine(self) -> Engine:
        """A pool of connections for reading."""
        timeout = self.location.timeout
        engine = create_engine(
            URL.create("sqlite", database=str(self.location.file)),
            connect_args={"timeout": timeout},
            pool_timeout=timeout,
            # Values may be private.
            hide_parameters=True,
        )
        event.listen(engine, "connect", lambda raw, _: _set_up(raw, timeout))
        event.listen(engine, "begin", _begin)
        return engine

    def for_writing(self, engine: Engine) -> Engine:
        """The same pool, whose transactions begin with the lock."""
        return engine.execution_options(relink_writes=True)

    def writer(self, engine: Engine, jobs: bool) -> Writer:
        """The one writer, which commits for all that wait together; there are no jobs."""
        from .writer import SqliteWriter

        return SqliteWriter(engine)

    def read_one_view(self, connection: Connection) -> None:
        """Nothing to do: a transaction on SQLite always sees one state of the database."""

    def begin_migration(self, connection: Connection, longest: float) -> None:
        """Nothing to do: a transaction that writes holds the only lock."""

    def tables(self, connection: Connection) -> set[str]:
        """The names of the tables and views in the file."""
        query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        found = set(connection.execute(text(query)).scalars())
        return {name for name in found if not name.startswith("sqlite_")}

    def create_job_tables(self, connection: Connection) -> None:
        """Nothing to do: the process looks for due commands itself."""

    def defer(self, connection: Connection, ids: Sequence[str]) -> None:
        """Nothing to do: there are no jobs."""

    def defer_again(self, connection: Connection, command_id: str) -> None:
        """Nothing to do: there are no jobs."""

    def defer_due(self, connection: Connection, now: float, limit: int) -> int:
        """Nothing to do: there are no jobs."""
        return 0


def _set_up(connection: Any, timeout: float) -> None:
    connection.isolation_level = None
    _use_wal(connection, timeout)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


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
