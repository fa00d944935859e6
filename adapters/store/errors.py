"""The errors of the store, and the database's own errors translated into them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError, TimeoutError


class StoreError(Exception):
    """Base of every error of the store."""


class ConcurrentChangeError(StoreError):
    """Other writers changed the same machines each time the store tried."""


class StoreUnavailableError(StoreError):
    """The database is down, busy for too long, or full. Nothing was stored; try again later."""


class DatabaseFileError(StoreUnavailableError):
    """SQLite's file is not the one that was opened, or cannot be opened as it is.

    The text names the file without its folder, so anyone may read it.
    """


class SchemaError(StoreError):
    """The database's schema does not fit this release; the text names the cure."""


class SchemaBehindError(SchemaError):
    """The schema is missing, or of an older release. ``relink migrate`` brings it up to date."""


class SchemaAheadError(SchemaError):
    """The schema is of a newer release. Upgrade relink, or restore the database."""


class UnreadableRecordError(StoreError):
    """This release can't read a stored record: its name is unknown, or its fields don't fit."""


@contextmanager
def unavailable_if_down() -> Iterator[None]:
    """Turn SQLAlchemy's errors about the connection into the store's.

    The new error holds no SQL and no values: those may be private.

    Raises:
        StoreUnavailableError: the database is down, busy for too long, or full; or all
            connections are in use.
    """
    try:
        yield
    except OperationalError as error:
        cause = first_line(error.orig or error)
    except TimeoutError:
        cause = "all connections to the database are in use"
    else:
        return
    raise StoreUnavailableError(cause)


def first_line(error: BaseException) -> str:
    """The first line of an error's text, or its class where it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
