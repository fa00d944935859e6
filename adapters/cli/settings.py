"""The settings of subcommands, and the database that they name."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from . import UsageError

if TYPE_CHECKING:
    from relink.adapters.settings import Settings
    from relink.adapters.store import SqlStore


def settings_of(environment: Mapping[str, str]) -> "Settings":
    """The settings in the environment.

    Raises:
        SettingsError: one of them is invalid.
    """
    from relink.adapters.settings import Settings

    return Settings.from_environment(environment)


def refuse_live_key() -> None:
    """Refuse to simulate anything while a live key is set.

    Raises:
        UsageError: ``STRIPE_API_KEY`` is a live key.
    """
    if "_live_" in os.environ.get("STRIPE_API_KEY", ""):
        raise UsageError("STRIPE_API_KEY is a live key. Unset it: this command only simulates.")


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
        url: its URL, from the command line; by default ``RELINK_DATABASE_URL``.

    Raises:
        UsageError: it does not exist, or the URL is none.
        StoreError: it does not answer, or has another schema.
    """
    from relink.adapters.settings import Settings
    from relink.adapters.store import SqlStore
    from relink.adapters.store.backend import backend_for
    from relink.machines import relink_system

    if url is None:
        database = settings_of(os.environ).database
    else:
        name = "RELINK_DATABASE_URL"
        settings, wrong = Settings.examine({**os.environ, name: url})
        if name in wrong:
            raise UsageError(str(wrong[name]).replace(name, "--database"))
        database = settings.database
    file = backend_for(database).file
    # SQLite would create an empty database from a mistyped name.
    if file is not None and not file.exists():
        raise UsageError(f"the database {file} does not exist. relink migrate creates it.")
    store = SqlStore(database, relink_system())
    try:
        store.check()
        yield store
    finally:
        store.close()
