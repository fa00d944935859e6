"""``RELINK_DATABASE_URL``: where the database is. The grammar is the store's."""

from relink.adapters.store.backend import backend_for

from .forms import Form, WrongValueError

DatabaseUrl = str
"""A database's location, which the store accepts."""

DEFAULT_DATABASE: DatabaseUrl = "sqlite:///relink.db"


def _read(text: str) -> DatabaseUrl:
    try:
        backend_for(text)
    except ValueError as error:
        raise WrongValueError(f"is refused: {error}") from None
    return text


database = Form(
    "the URL of an SQLite file or of a PostgreSQL database, such as sqlite:///relink.db or "
    "postgresql://user@host/name",
    _read,
)
