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

from sqlalchemy import URL, Connection, Engine, create_engine, event

from ..unit_of_work import Writer

LOCK_WAIT = 10
"""Seconds that a writer waits for another one."""

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
        url: where it is.

    Raises:
        ValueError: the URL names no file.
    """

    runs_worker_in_process = True

    def __init__(self, url: URL) -> None:
        if url.database in (None, "", ":memory:"):
            raise ValueError("the database must be a file, as in sqlite:///relink.db")
        self.url = url

    @property
    def file(self) -> Path | None:
        """The file that holds the database."""
        return Path(self.url.database or "")

    def create_engine(self) -> Engine:
        """A pool of connections for reading."""
        engine = create_engine(self.url, connect_args={"timeout": LOCK_WAIT})
        event.listen(engine, "connect", _set_up)
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

    def lock_migrations(self, connection: Connection) -> None:
        """Nothing to do: a transaction that writes holds the only lock."""

    def create_job_tables(self, connection: Connection) -> None:
        """Nothing to do: the process looks for due commands itself."""

    def defer(self, connection: Connection, ids: Sequence[str]) -> None:
        """Nothing to do: there are no jobs."""

    def defer_again(self, connection: Connection, command_id: str) -> None:
        """Nothing to do: there are no jobs."""

    def defer_due(self, connection: Connection, now: float, limit: int) -> int:
        """Nothing to do: there are no jobs."""
        return 0


def _set_up(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    _use_wal(connection)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: Any) -> None:
    """Switch to the write-ahead log. Unlike a statement, the switch does not wait by itself."""
    until = time.monotonic() + LOCK_WAIT
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
