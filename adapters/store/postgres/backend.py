"""Connections to PostgreSQL, by psycopg, and the jobs that its workers take."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from ..errors import StoreUnavailableError
from ..location import PostgresLocation
from ..meaning import Meaning
from ..schema import PROOF
from ..unit_of_work import Writer
from .connection import local_settings
from .jobs import DEFER_SOME, JOBLESS, NOT_DUE, SOON
from .pool import SIZE, Losses, create_pool, standalone
from .statements import statements

MIGRATION_LOCK = 0x72656C696E6B
"""The advisory lock that a process holds while it migrates."""


class PostgresBackend:
    """A PostgreSQL database.

    Args:
        location: where it is.
    """

    runs_worker_in_process = False
    file: Path | None = None

    def __init__(self, location: PostgresLocation) -> None:
        self.location = location
        self._losses = Losses()

    def create_database(self) -> None:
        """Nothing to do: an administrator creates it."""

    def create_engine(self) -> Engine:
        """A pool of connections."""
        return create_pool(self.location, self._losses)

    def close(self, engine: Engine) -> None:
        """Close all connections."""
        engine.dispose()

    def for_writing(self, engine: Engine) -> Engine:
        """The same pool: writers lock rows as they come to them."""
        return engine

    def writer(self, engine: Engine, jobs: bool) -> Writer:
        """A writer that takes two round trips for each unit of work."""
        from .writer import PostgresWriter

        return PostgresWriter(
            engine,
            self._losses,
            statements(jobs, local_settings(self.location)),
            at_hand=SIZE,
            timeout=self.location.timeout,
        )

    def prove_writes(self, engine: Engine) -> None:
        """Write to the database, in one statement: a process that freezes here holds no lock."""
        alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        with alone.connect() as connection:
            connection.execute(standalone(engine, "cursors", PROOF))

    def read_one_view(self, connection: Connection) -> None:
        """Have all statements of the connection's transaction see the same data."""
        connection.execution_options(isolation_level="REPEATABLE READ")

    def begin_migration(self, connection: Connection, longest: float) -> None:
        """Wait for other migrations; the second one then finds nothing left to do."""
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(
                text("SELECT set_config(:name, :value, true)"),
                {"name": name, "value": f"{longest * 1000:.0f}"},
            )
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        exists = text("SELECT FROM pg_namespace WHERE nspname = :name")
        if connection.execute(exists, {"name": self.location.schema}).first() is None:
            connection.execute(text(f'CREATE SCHEMA "{self.location.schema}"'))

    @property
    def place(self) -> str:
        """The schema."""
        return f"the schema {self.location.schema}"

    @property
    def own_place(self) -> str:
        """Another schema."""
        return "Give relink a schema of its own by RELINK_DATABASE_SCHEMA"

    def tables(self, connection: Connection) -> set[str]:
        """The names of the tables and views in relink's schema.

        Raises:
            StoreUnavailableError: the role may not use the schema. To its statements, the tables
                would seem to be missing.
        """
        found = connection.execute(
            text(
                "SELECT relname, has_schema_privilege(relnamespace, 'USAGE') FROM pg_class "
                "WHERE relnamespace = to_regnamespace(:schema) "
                "AND relkind IN ('r', 'p', 'v', 'm', 'f')"
            ),
            {"schema": f'"{self.location.schema}"'},
        ).all()
        if not all(may_use for _, may_use in found):
            denied = f"PostgreSQL: permission denied for schema {self.location.schema}"
            raise StoreUnavailableError(denied, Meaning.MISCONFIGURED)
        return {name for name, _ in found}

    def create_job_tables(self, connection: Connection) -> None:
        """Create Procrastinate's own tables and functions."""
        from procrastinate.schema import SchemaManager

        # Many statements in one text, which the driver takes only without parameters.
        driver = connection.connection.driver_connection
        assert driver is not None, "an open connection has a driver's connection"
        driver.execute(SchemaManager.get_schema())

    def defer(self, connection: Connection, ids: Sequence[str]) -> None:
        """Defer jobs for those of the commands that are due soon and have no waiting job."""
        self._defer(connection, ids, None)

    def defer_again(self, connection: Connection, command_id: str) -> None:
        """Defer a job for a command that is not due yet, and whose job came too early.

        By the clock of the database, since that one starts the jobs: otherwise a job would start
        at once, again and again, for as long as the caller's clock is behind.
        """
        found = connection.execute(text(NOT_DUE), {"id": command_id})
        self._defer(connection, list(found.scalars()), None)

    def defer_due(self, connection: Connection, now: float, limit: int) -> int:
        """Defer jobs for commands that come due soon and have none."""
        until = now + SOON
        found = connection.execute(text(JOBLESS), {"until": until, "limit": limit})
        return self._defer(connection, list(found.scalars()), until)

    def _defer(self, connection: Connection, ids: Sequence[str], until: float | None) -> int:
        jobs = connection.execute(text(DEFER_SOME), {"ids": list(ids), "until": until}).scalar()
        return len(jobs or ())
