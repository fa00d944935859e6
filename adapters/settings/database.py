"""``RELINK_DATABASE_URL`` and ``RELINK_DATABASE_SCHEMA``: where the database is. The grammar is the
store's."""

from pathlib import Path

from relink.adapters.store.location import (
    EXAMPLES,
    DatabaseLocation,
    LocationError,
    SqliteLocation,
    locate,
    schema_name,
)

from .forms import Form, WrongValueError

DEFAULT_DATABASE: DatabaseLocation = SqliteLocation(Path("relink.db"))


def _location(text: str) -> DatabaseLocation:
    try:
        return locate(text)
    except LocationError as error:
        raise WrongValueError(f"is refused: {error}") from None


def _schema(text: str) -> str:
    try:
        return schema_name(text)
    except LocationError as error:
        raise WrongValueError(f"is refused: {error}") from None


database = Form(f"the URL of a database, such as {EXAMPLES}", _location)
schema = Form("a name in lower-case letters, digits and _", _schema)
