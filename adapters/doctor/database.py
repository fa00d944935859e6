"""The database: whether a webhook could be stored in it right now."""

from relink.adapters.store import (
    DatabaseFileError,
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
from .problem import Problem


def examine_database(database: DatabaseLocation) -> Finding:
    """Connect to the database, look at its schema, and write to it.

    Args:
        database: where it is.
    """
    store = SqlStore(database, relink_system())
    try:
        store.check()
    except SchemaBehindError as error:
        return Problem.SCHEMA_BEHIND.found(detail=str(error).partition(". ")[0])
    except SchemaAheadError:
        return Problem.SCHEMA_AHEAD.found()
    except ForeignSchemaError as error:
        what, _, cure = str(error).rpartition(". ")
        return Problem.SCHEMA_FOREIGN.found(detail=what, cure=cure)
    except DatabaseFileError as error:
        what, _, cure = str(error).rpartition(". ")
        return Problem.DATABASE_UNAVAILABLE.found(
            detail=what.removeprefix("the database "), cure=cure
        )
    except StoreUnavailableError as error:
        # The database's own text may name the host and the user.
        treatment = error.meaning.treatment
        return Problem.DATABASE_UNAVAILABLE.found(
            detail=_as_finding(treatment.sentence), cure=treatment.cure
        )
    except StoreError as error:
        return Problem.DATABASE_FAILS.found(error=type(error).__name__)
    finally:
        store.close()
    return Finding("database", "answers and takes writes, with the schema of this release")


def _as_finding(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:].rstrip('.')}"
