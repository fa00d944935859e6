"""The database: whether a webhook could be stored in it, and all that is stored can be read."""

from collections.abc import Iterator

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

MOST_RECORDS = 20
"""Unreadable records that are listed. Most of them have the same cause."""


def examine_database(database: DatabaseLocation) -> Finding:
    """Connect to the database, look at its schema, and write to it.

    Args:
        database: where it is.
    """
    store = SqlStore(database, relink_system())
    try:
        store.check()
    except SchemaBehindError as error:
        return Problem.SCHEMA_BEHIND.found(detail=error.fault)
    except SchemaAheadError:
        return Problem.SCHEMA_AHEAD.found()
    except ForeignSchemaError as error:
        return Problem.SCHEMA_FOREIGN.found(detail=error.fault, cure=error.cure)
    except DatabaseFileError as error:
        return Problem.DATABASE_UNAVAILABLE.found(
            detail=error.fault.removeprefix("the database "), cure=error.cure
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


def examine_records(database: DatabaseLocation) -> Iterator[Finding]:
    """Read everything that is stored, as a release does when it takes over from an earlier one.

    Args:
        database: where it is.
    """
    store = SqlStore(database, relink_system())
    read = 0

    def progress(done: int) -> None:
        nonlocal read
        read = done

    unreadable = 0
    try:
        for record in store.unreadable(progress):
            unreadable += 1
            if unreadable <= MOST_RECORDS:
                yield Problem.UNREADABLE_RECORD.found(
                    table=record.table, key=record.key, error=record.error
                )
    finally:
        store.close()
    if unreadable > MOST_RECORDS:
        yield Problem.UNREADABLE_RECORDS.found(more=unreadable - MOST_RECORDS)
    if not unreadable:
        yield Finding("stored records", f"this release can read all of them ({read:,})")


def _as_finding(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:].rstrip('.')}"
