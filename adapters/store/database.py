"""Connections, set up so that a commit that was answered is on the disk.

On SQLite: write-ahead log, every commit synced, and writers take the lock at the start
of their transaction (``BEGIN IMMEDIATE``), so that they wait for each other there and
never fail halfway. The driver's own transaction handling is switched off for that.
"""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

LOCK_WAIT = 10
"""Seconds that a writer waits for another on SQLite."""

POOL = 16
"""Connections to PostgreSQL that a process keeps, and as many again under load."""

PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")


def open_database(url: str) -> Engine:
    """An engine for reading; see :func:`writing`.

    Raises:
        ValueError: the URL is of neither SQLite nor PostgreSQL.
    """
    backend = make_url(url).get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ValueError(f"the database must be SQLite or PostgreSQL, got {backend}")
    if backend == "postgresql":
        # One driver serves, whatever the URL says.
        driver = make_url(url).set(drivername="postgresql+psycopg")
        return create_engine(driver, pool_size=POOL, max_overflow=POOL)
    engine = create_engine(url, connect_args={"timeout": LOCK_WAIT})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def writing(engine: Engine) -> Engine:
    """The same database, for transactions that will write."""
    return engine.execution_options(relink_writes=True)


def _set_up(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("relink_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
