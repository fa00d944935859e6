"""The errors of SQLite, PostgreSQL and SQLAlchemy, translated into the store's."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import StoreDefectError, StoreUnavailableError
from .meaning import Meaning, meaning_of


@contextmanager
def unavailable_if_down() -> Iterator[None]:
    """Turn errors of the database into the store's.

    Raises:
        StoreUnavailableError: the database could not do it; see :mod:`.meaning`.
        StoreDefectError: it refuses the statement.
    """
    try:
        yield
    except Exception as error:
        found = translated(error)
        if found is None:
            raise
    else:
        return
    raise found


def translated(error: BaseException) -> StoreUnavailableError | StoreDefectError | None:
    """An error of the database as the store's; None for an error of anything else.

    Args:
        error: of psycopg, sqlite3 or SQLAlchemy.
    """
    meaning = meaning_of(error)
    match meaning:
        case None:
            return None
        case Meaning.DEFECT:
            return StoreDefectError(words(error, meaning))
        case _:
            return StoreUnavailableError(words(error, meaning), meaning)


def words(error: BaseException, meaning: Meaning) -> str:
    """The database's own words, without what may be private.

    Args:
        error: of psycopg, sqlite3 or SQLAlchemy.
        meaning: what it means.
    """
    raised = getattr(error, "orig", None) or error
    if type(raised).__module__.startswith("sqlalchemy."):
        return "all connections to the database are in use or were just lost"
    database = "SQLite" if isinstance(raised, sqlite3.Error) else "PostgreSQL"
    if meaning in (Meaning.DEFECT, Meaning.CONFLICT):
        # The text may repeat a value.
        names = ("sqlstate", "pgcode", "sqlite_errorname")
        code = next(filter(None, (getattr(raised, name, None) for name in names)), "no code")
        return f"{database}: {type(raised).__name__} ({code})"
    return f"{database}: {_first_line(raised)}"


def _first_line(error: BaseException) -> str:
    """The first line of an error's text, or its class where it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
