"""The schema's revisions: which one a database is at, and how it gets to this release's.

Alembic runs them, from ``migrations/versions``, in one transaction. It is imported only for a
database that is not at this release's revision yet, since that takes 60 ms of each start.

A database may hold tables of others: on PostgreSQL beside relink's schema, or in it by mistake. So
relink keeps the revision in a table whose name is its own, and takes a schema for its own only if
that table and the others of relink are there together. Where a table of relink's would stand and
another application's stands already, nothing is touched.
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, String, column, select, table

from relink.adapters.deadline import Deadline, Wait

from .backend import Backend, backend_for
from .errors import (
    ForeignSchemaError,
    SchemaAheadError,
    SchemaBehindError,
    StoreUnavailableError,
)
from .location import DatabaseLocation
from .schema import metadata
from .translation import translated

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

ENVIRONMENT = Path(__file__).parent / "migrations"

HEAD = "initial"
"""The latest revision in it."""

VERSION_TABLE = "relink_version"
"""The table that holds the revision."""

# One statement for all: SQLAlchemy would compile, and keep, each one that is made anew.
_REVISION = select(column("version_num", String)).select_from(table(VERSION_TABLE))

CORE = frozenset({"inbox", "snapshots", "journal", "outbox"})
"""Tables that every release has."""

OURS = frozenset(metadata.tables) | {"procrastinate_jobs"}
"""Tables that relink creates. None of them may be another application's."""

LONGEST = 600.0
"""Seconds that a migration may take, the wait for another one included."""


class Migrations:
    """The revisions that one release knows.

    Args:
        versions: the folder that holds them.
        head: the latest of them.
    """

    def __init__(self, versions: Path, head: str) -> None:
        self._versions = versions
        self._head = head

    def upgrade(self, database: str | DatabaseLocation, revision: str = "head") -> None:
        """Bring a database to a revision, an empty one too, in one transaction.

        Several processes may do so at once.

        Args:
            database: its location, or its URL.
            revision: by default this release's.

        Raises:
            LocationError: the URL is invalid.
            StoreUnavailableError: the database does not answer, or refuses relink.
            SchemaAheadError: a newer release has changed the database.
            ForeignSchemaError: it holds tables of another application.
        """
        backend = backend_for(database)
        backend.create_database()
        engine = backend.create_engine()
        try:
            with (
                Deadline(LONGEST, wait=Wait.DATABASE),
                backend.for_writing(engine).begin() as connection,
            ):
                backend.begin_migration(connection, LONGEST)
                current = _revision(connection, backend)
                if revision != "head" or current != self._head:
                    self._run(revision, current, connection, backend)
        except Exception as error:
            found = translated(error)
            if isinstance(found, StoreUnavailableError):
                raise found from None
            raise
        finally:
            backend.close(engine)

    def check(self, connection: Connection, backend: Backend) -> None:
        """Accept only a database that is at this release's revision.

        Args:
            connection: to the database.
            backend: of the database.

        Raises:
            ForeignSchemaError: it holds tables of another application.
            SchemaBehindError: it has no schema, or an older one.
            SchemaAheadError: it has a newer one.
        """
        found = _revision(connection, backend)
        if found != self._head:
            self._refuse_unknown(found)
            at = f"is at revision {found!r}" if found else "has no schema"
            raise SchemaBehindError(
                f"the database {at}, and this release needs {self._head!r}", "Run relink migrate"
            )

    def _run(
        self, revision: str, found: str | None, connection: Connection, backend: Backend
    ) -> None:
        from alembic import command

        self._refuse_unknown(found)
        self._config.attributes.update(connection=connection, backend=backend)
        command.upgrade(self._config, revision)

    @cached_property
    def _config(self) -> "Config":
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(ENVIRONMENT))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", str(self._versions))
        return config

    @cached_property
    def _scripts(self) -> "ScriptDirectory":
        from alembic.script import ScriptDirectory

        return ScriptDirectory.from_config(self._config)

    def _refuse_unknown(self, found: str | None) -> None:
        known = {script.revision for script in self._scripts.walk_revisions()}
        if found is not None and found not in known:
            raise SchemaAheadError(
                f"the database is at revision {found!r}, which this release does not know: a newer "
                "release has changed it",
                "Upgrade relink, or restore a backup from before",
            )


MIGRATIONS = Migrations(ENVIRONMENT / "versions", HEAD)
"""This release's."""


def migrate(database: str | DatabaseLocation) -> None:
    """Bring a database to this release's schema, an empty one too, in one transaction.

    Several processes may do so at once.

    Args:
        database: its location, or a URL such as ``sqlite:///relink.db``.

    Raises:
        LocationError: the URL is invalid.
        StoreUnavailableError: the database does not answer, or refuses relink.
        SchemaAheadError: a newer release has changed the database.
        ForeignSchemaError: it holds tables of another application.
    """
    MIGRATIONS.upgrade(database)


def _revision(connection: Connection, backend: Backend) -> str | None:
    """The revision of the tables there; None if none of them is relink's.

    Raises:
        ForeignSchemaError: they belong to another application, in part at least.
    """
    tables = backend.tables(connection)
    if VERSION_TABLE not in tables:
        if taken := tables & OURS:
            raise ForeignSchemaError(
                f"{backend.place} holds tables of another application: {', '.join(sorted(taken))}",
                backend.own_place,
            )
        return None
    found = connection.scalar(_REVISION)
    if found is not None and (missing := CORE - tables):
        raise ForeignSchemaError(
            f"{backend.place} has relink's table {VERSION_TABLE}, but lacks "
            f"{', '.join(sorted(missing))}",
            "Restore a backup",
        )
    return found
