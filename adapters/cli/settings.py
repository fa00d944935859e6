"""Settings of the subcommands. Everything wrong with them is reported as wrong usage."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from . import UsageError

if TYPE_CHECKING:
    from relink.adapters.settings import Settings
    from relink.adapters.store import SqlStore, StoreError


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


def store_error(error: "StoreError") -> "UsageError":
    """An error of the store as wrong usage: what is wrong, and what to do about it."""
    return UsageError(getattr(error, "advice", None) or str(error))


def database_file(cure: str) -> Path:
    """The file of the SQLite database.

    Args:
        cure: what to do with another kind of database.

    Raises:
        UsageError: it is another kind of database.
    """
    from relink.adapters.store.backend import backend_for

    file = backend_for(settings_of(os.environ).database).file
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
    from relink.machines import relink_system

    given = {"RELINK_DATABASE_URL": url} if url else {}
    store = SqlStore(settings_of({**os.environ, **given}).database, relink_system())
    try:
        store.check()
        yield store
    except StoreError as error:
        raise store_error(error) from None
    finally:
        store.close()
