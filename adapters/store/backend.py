"""Everything that differs between the databases: one backend for each.

The rest of the store, the runner and the command line ask the backend and never look at the
database's name.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from .unit_of_work import Writer


class Backend(Protocol):
    """One kind of database, at one URL. Creating a backend opens no connection."""

    @property
    def url(self) -> URL:
        """The database, with the driver that the store uses."""
        ...

    @property
    def runs_worker_in_process(self) -> bool:
        """Whether ``relink serve`` carries out the commands itself.

        One process then is the whole service: it holds the database's lock and migrates it. A
        database for which this is False is shared by processes of ``relink serve`` and
        ``relink work``.
        """
        ...

    @property
    def file(self) -> Path | None:
        """The file that holds the database; None where a server does."""
        ...

    def create_engine(self) -> Engine:
        """A pool of connections for reading; see :meth:`for_writing`."""
        ...

    def for_writing(self, engine: Engine) -> Engine:
        """The same pool, for transactions that will write."""
        ...

    def writer(self, engine: Engine, jobs: bool) -> Writer:
        """Carries out units of work, for all threads and event loops of the process.

        Args:
            engine: the pool.
            jobs: whether commands that are due soon get jobs, where the backend has jobs.
        """
        ...

    def read_one_view(self, connection: Connection) -> None:
        """Have all statements of the connection's transaction see the same data."""
        ...

    def lock_migrations(self, connection: Connection) -> None:
        """Wait until no other process migrates, and keep others waiting until the commit."""
        ...

    def create_job_tables(self, connection: Connection) -> None:
        """Create the tables that jobs need, if the backend has jobs."""
        ...

    def defer(self, connection: Connection, ids: Sequence[str]) -> None:
        """Defer jobs for those of the commands that are due soon and have no waiting job.

        Args:
            connection: within a transaction that changed the commands' rows.
            ids: the commands.
        """
        ...

    def defer_again(self, connection: Connection, command_id: str) -> None:
        """Defer a job for a command that is not due yet, and whose job came too early.

        Args:
            connection: within a transaction that writes.
            command_id: the command.
        """
        ...

    def defer_due(self, connection: Connection, now: float, limit: int) -> int:
        """Defer jobs for commands that come due soon and have none.

        Args:
            connection: within a transaction that writes.
            now: Unix seconds.
            limit: the largest number of commands.

        Returns:
            The number of jobs; 0 where the backend has no jobs.
        """
        ...


def backend_for(url: str) -> Backend:
    """The backend of a database.

    Args:
        url: an SQLAlchemy URL, such as ``sqlite:///relink.db``.

    Raises:
        ValueError: it is no URL, of another kind of database, or of SQLite in memory, where each
            connection would see a database of its own. The text never quotes the URL, which may
            hold a password.
    """
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        found = None
    if found is None:
        raise ValueError(
            "the database URL can't be parsed. "
            "Use sqlite:///relink.db or postgresql://user@host/name"
        )
    match found.get_backend_name():
        case "sqlite":
            from .sqlite.backend import SqliteBackend

            return SqliteBackend(found)
        case "postgresql":
            from .postgres.backend import PostgresBackend

            return PostgresBackend(found)
        case _:
            raise ValueError("the database must be SQLite or PostgreSQL")
