"""The database: whether it answers, with the schema of this release."""

from relink.adapters.store import (
    SchemaAheadError,
    SchemaBehindError,
    SqlStore,
)
from relink.adapters.store.backend import backend_for
from relink.machines import relink_system

from .finding import Finding

SUBJECT = "database"


def examine_database(url: str) -> Finding:
    """Connect to the database, and look at its schema.

    Args:
        url: a valid URL.
    """
    file = backend_for(url).file
    # SQLite would create an empty file.
    if file is not None and not file.is_file():
        return Finding(
            SUBJECT, "the file does not exist", "Run relink migrate: it creates the file"
        )
    try:
        store = SqlStore(url, relink_system())
        try:
            store.check()
        finally:
            store.close()
    except SchemaBehindError:
        return Finding(
            SUBJECT, "its schema is missing, or of an older release", "Run relink migrate"
        )
    except SchemaAheadError:
        cure = "Upgrade relink, or restore a backup from before the newer release"
        return Finding(SUBJECT, "its schema is of a newer release", cure)
    except Exception as error:
        # Its text may name the host and the user.
        return Finding(
            SUBJECT,
            f"does not answer ({type(error).__name__})",
            "Check that it runs, and host, port, user and password of RELINK_DATABASE_URL. "
            "relink status shows the database's own message",
        )
    return Finding(SUBJECT, "answers, with the schema of this release")
