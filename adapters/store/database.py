"""Connections, set up so that a commit that was answered is on the disk.

On SQLite: write-ahead log, every commit synced, and writers take the lock at the start
of their transaction (``BEGIN IMMEDIATE``), so that they wait for each other there and
never fail halfway. The driver's own transaction handling is switched off for that.
"""

import sqlite3
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

LOCK_WAIT = 10
"""Seconds that a writer waits for another on SQLite."""

POOL = 16
"""Connections to PostgreSQL that a process keeps, and as many again under load."""

PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    # 64 MB each: pages that many changes touch are then read and copied into the database once,
    # and not for each of them.
    "cache_size = -65536",
    "wal_autocheckpoint = 16000",
)


def checked_url(url: str) -> URL:
    """The URL of a database that can be ours.

    Raises:
        ValueError: it is none, or of neither SQLite nor PostgreSQL, or of SQLite in memory,
            where each connection would have a database of its own.
    """
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        like = "sqlite:///relink.db or postgresql://user@host/name"
        raise ValueError(f"the database's URL can't be read; it looks like {like}") from None
    backend = found.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ValueError(f"the database must be SQLite or PostgreSQL, got {backend}")
    if backend == "sqlite" and found.database in (None, "", ":memory:"):
        raise ValueError("the database must be a file, as in sqlite:///relink.db")
    return found


def open_database(url: str) -> Engine:
    """An engine for reading; see :func:`writing`.

    Raises:
        ValueError: as of :func:`checked_url`.
    """
    found = checked_url(url)
    if found.get_backend_name() == "postgresql":
        # One driver serves, whatever the URL says.
        driver = found.set(drivername="postgresql+psycopg")
        # psycopg would prepare statements by itself, and once it has, a rollback makes it
        # deallocate all that its connection has, the writer's too.
        own = {"prepare_threshold": None}
        return create_engine(driver, pool_size=POOL, max_overflow=POOL, connect_args=own)
    engine = create_engine(found, connect_args={"timeout": LOCK_WAIT})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def writing(engine: Engine) -> Engine:
    """The same database, for transactions that will write."""
    return engine.execution_options(relink_writes=True)


def _set_up(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    _use_wal(connection)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: Any) -> None:
    """Switch to the write-ahead log; unlike a statement, that does not wait for others itself."""
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
