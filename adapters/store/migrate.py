"""The schema: how far a database is, and how it gets to where this release needs it.

The steps are Alembic's, in ``migrations/versions``. A database of the first release, which had
none, is recognised by its tables.
"""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from .database import open_database, writing
from .errors import SchemaBehindError

FIRST = "first"
"""The step that makes what the first release made without Alembic."""

LOCK = 0x72656C696E6B
"""Held on PostgreSQL while migrating."""


def migrate(url: str) -> None:
    """Bring a database to where this release needs it, in one transaction; an empty one too.

    Args:
        url: an SQLAlchemy URL.

    Raises:
        ValueError: the URL is of neither SQLite nor PostgreSQL.
        SchemaBehindError: the database is ahead: a newer release has changed it.
    """
    engine = open_database(url)
    try:
        with writing(engine).begin() as connection:
            if engine.dialect.name == "postgresql":
                # Two that migrate at once: the second finds nothing left to do.
                connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            _refuse_unknown(connection)
            config = _config()
            config.attributes["connection"] = connection
            if _revision(connection) is None and inspect(connection).has_table("outbox"):
                command.stamp(config, FIRST)
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def check(connection: Connection) -> None:
    """Whether the database is where this release needs it.

    Raises:
        SchemaBehindError: it is not, and how to mend that.
    """
    _refuse_unknown(connection)
    found, needed = _revision(connection), _steps().get_current_head()
    if found != needed:
        at = f"at {found!r}" if found else "without a schema"
        raise SchemaBehindError(
            f"the database is {at}, this release needs {needed!r}: run relink migrate"
        )


def _refuse_unknown(connection: Connection) -> None:
    found = _revision(connection)
    known = {step.revision for step in _steps().walk_revisions()}
    if found is not None and found not in known:
        raise SchemaBehindError(
            f"the database is at {found!r}, which this release does not know: use a newer one"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@cache
def _steps() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
