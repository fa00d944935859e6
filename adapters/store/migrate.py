"""The schema's revisions: which one a database is at, and how it gets to this release's.

Alembic runs them, from ``migrations/versions``, in one transaction.
"""

from functools import cached_property
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from .backend import backend_for
from .errors import SchemaAheadError, SchemaBehindError

ENVIRONMENT = Path(__file__).parent / "migrations"


class Migrations:
    """The revisions that one release knows.

    Args:
        versions: the folder that holds them.
    """

    def __init__(self, versions: Path) -> None:
        self._config = Config()
        self._config.set_main_option("script_location", str(ENVIRONMENT))
        self._config.set_main_option("path_separator", "newline")
        self._config.set_main_option("version_locations", str(versions))

    def upgrade(self, url: str, revision: str = "head") -> None:
        """Bring a database to a revision, an empty one too, in one transaction.

        Several processes may do so at once.

        Args:
            url: an SQLAlchemy URL.
            revision: by default this release's.

        Raises:
            ValueError: the URL is of neither SQLite nor PostgreSQL.
            StoreUnavailableError: the database's file cannot be created or opened.
            SchemaAheadError: a newer release has changed the database.
        """
        backend = backend_for(url)
        backend.create_database()
        engine = backend.create_engine()
        try:
            with backend.for_writing(engine).begin() as connection:
                backend.lock_migrations(connection)
                self._refuse_unknown(_revision(connection))
                self._config.attributes.update(connection=connection, backend=backend)
                command.upgrade(self._config, revision)
        finally:
            backend.close(engine)

    def check(self, connection: Connection) -> None:
        """Accept only a database that is at this release's revision.

        Raises:
            SchemaBehindError: it has no schema, or an older one.
            SchemaAheadError: it has a newer one.
        """
        found, needed = _revision(connection), self._scripts.get_current_head()
        self._refuse_unknown(found)
        if found != needed:
            at = f"is at revision {found!r}" if found else "has no schema"
            raise SchemaBehindError(
                f"the database {at}, and this release needs {needed!r}. Run relink migrate"
            )

    @cached_property
    def _scripts(self) -> ScriptDirectory:
        return ScriptDirectory.from_config(self._config)

    def _refuse_unknown(self, found: str | None) -> None:
        known = {script.revision for script in self._scripts.walk_revisions()}
        if found is not None and found not in known:
            raise SchemaAheadError(
                f"the database is at revision {found!r}, which this release does not know: a newer "
                "release has changed it. Upgrade relink, or restore a backup from before"
            )


MIGRATIONS = Migrations(ENVIRONMENT / "versions")
"""This release's."""


def migrate(url: str) -> None:
    """Bring a database to this release's schema, an empty one too, in one transaction.

    Several processes may do so at once.

    Args:
        url: an SQLAlchemy URL.

    Raises:
        ValueError: the URL is of neither SQLite nor PostgreSQL.
        SchemaAheadError: a newer release has changed the database.
    """
    MIGRATIONS.upgrade(url)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
