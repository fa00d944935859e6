"""The database: whether a webhook could be stored in it right now."""

from relink.adapters.store import (
    DatabaseLocation,
    ForeignSchemaError,
    SchemaAheadError,
    SchemaBehindError,
    SqlStore,
    StoreError,
    StoreUnavailableError,
)
from relink.machines import relink_system

from .finding import Finding

SUBJECT = "database"


def examine_database(database: DatabaseLocation) -> Finding:
    """Connect to the database, look at its schema, and write to it.

    Args:
        database: where it is.
    """
    store = SqlStore(database, relink_system())
    try:
        store.check()
    except SchemaBehindError as error:
        return Finding(SUBJECT, str(error).partition(". ")[0], "Run relink migrate")
    except SchemaAheadError:
        cure = "Upgrade relink, or restore a backup from before the newer release"
        return Finding(SUBJECT, "its schema is of a newer release", cure)
    except ForeignSchemaError as error:
        what, _, cure = str(error).rpartition(". ")
        return Finding(SUBJECT, what, cure)
    except StoreUnavailableError as error:
        # The database's own text may name the host and the user.
        treatment = error.meaning.treatment
        cure = f"{treatment.cure} relink status shows the database's own message"
        return Finding(SUBJECT, _as_finding(treatment.sentence), cure)
    except StoreError as error:
        return Finding(SUBJECT, f"fails ({type(error).__name__})", "Report it: this is a defect")
    finally:
        store.close()
    return Finding(SUBJECT, "answers and takes writes, with the schema of this release")


def _as_finding(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:].rstrip('.')}"
