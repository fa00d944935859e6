"""Everything that differs between the databases: one backend for each.

The rest of the store, the runner and the command line ask the backend and never look at the
database's name.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine

from .location import DatabaseLocation, SqliteLocation, locate
from .unit_of_work import Writer


class Backend(Protocol):
    """One kind of database, at one place. Creating a backend opens no connection."""

    @property
    def location(self) -> DatabaseLocation:
        """Where it is."""
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

    def create_database(self) -> None:
        """Create the database unless it exists, where a server does not do so.

        Raises:
            StoreUnavailableError: it cannot be created.
        """
        ...

    def create_engine(self) -> Engine:
        """A pool of connections for reading; see :meth:`for_writing`."""
        ...

    def close(self, engine: Engine) -> None:
        """Close all connections of a pool. Whatever was committed is in the database then."""
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

    def prove_writes(self, engine: Engine) -> None:
        """Write to the database, so that it is known to take writes. The row says nothing else.

        Args:
            engine: the pool.
        """
        ...

    def read_one_view(self, connection: Connection) -> None:
        """Have all statements of the connection's transaction see the same data."""
        ...

    def begin_migration(self, connection: Connection, longest: float) -> None:
        """Wait until no other process migrates, and keep others waiting until the commit.

        Args:
            connection: within a transaction that writes.
            longest: seconds that each wait and statement of the migration may take.
        """
        ...

    @property
    def place(self) -> str:
        """Where relink keeps its tables, for messages."""
        ...

    @property
    def own_place(self) -> str:
        """How an operator gives relink a place of its own, in a sentence."""
        ...

    def tables(self, connection: Connection) -> set[str]:
        """The names of the tables and views where relink keeps its own."""
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


def backend_for(database: str | DatabaseLocation) -> Backend:
    """The backend of a database.

    Args:
        database: its location, or a URL such as ``sqlite:///relink.db``.

    Raises:
        LocationError: the URL is invalid; see :func:`.location.locate`.
    """
    location = locate(database)
    if isinstance(location, SqliteLocation):
        from .sqlite.backend import SqliteBackend

        return SqliteBackend(location)
    from .postgres.backend import PostgresBackend

    return PostgresBackend(location)
