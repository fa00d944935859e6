"""Settings of the subcommands. Everything wrong with them is reported as wrong usage."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from . import UsageError

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

    from relink.adapters.settings import Settings
    from relink.adapters.store import SqlStore


def settings_of(environment: Mapping[str, str]) -> "Settings":
    """The settings in the environment.

    Raises:
        UsageError: one of them is invalid.
    """
    from relink.adapters.settings import Settings, SettingsError

    try:
        return Settings.from_environment(environment)
    except SettingsError as error:
        raise UsageError(str(error)) from None


def refuse_live_key() -> None:
    """Refuse to simulate anything while a live key is set.

    Raises:
        UsageError: ``STRIPE_API_KEY`` is a live key.
    """
    if "_live_" in os.environ.get("STRIPE_API_KEY", ""):
        raise UsageError("STRIPE_API_KEY is a live key. Unset it: this command only simulates.")


def database_error(error: "DBAPIError") -> str:
    """The database's error in one line."""
    return f"the database answered: {str(error.orig).splitlines()[0]}"


def database_file(cure: str) -> Path:
    """The file of the SQLite database.

    Args:
        cure: what to do with another kind of database.

    Raises:
        UsageError: it is another kind of database.
    """
    from relink.adapters.store.backend import backend_for

    file = backend_for(settings_of(os.environ).database_url).file
    if file is None:
        raise UsageError(f"the database is PostgreSQL, and this is for SQLite. {cure}.")
    return file


@contextmanager
def open_store(url: str | None = None) -> Iterator["SqlStore"]:
    """A database with the schema of this release.

    Args:
        url: its URL; by default ``RELINK_DATABASE_URL``.

    Raises:
        UsageError: it does not exist, does not answer, or has another schema.
    """
    from relink.adapters.store import SqlStore, StoreError
    from relink.adapters.store.backend import backend_for
    from relink.machines import relink_system

    url = url or settings_of(os.environ).database_url
    try:
        backend = backend_for(url)
    except ValueError as error:
        raise UsageError(str(error)) from None
    # SQLite would create an empty database from a mistyped name.
    if backend.file is not None and not backend.file.is_file():
        raise UsageError(f"the database {backend.file} does not exist. relink migrate creates it.")
    store = SqlStore(url, relink_system())
    try:
        store.check()
        yield store
    except StoreError as error:
        raise UsageError(str(error)) from None
    finally:
        store.close()
