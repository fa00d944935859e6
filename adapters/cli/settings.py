"""The settings of subcommands, and the database that they name."""

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .failures import UsageError, text_of

if TYPE_CHECKING:
    from relink.adapters.settings import Settings
    from relink.adapters.store import DatabaseLocation, SqlStore

VARIABLE = "RELINK_DATABASE_URL"
OPTION = "--database"


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


def add_database(parser: argparse.ArgumentParser) -> None:
    """Declare ``--database``, which stands for ``RELINK_DATABASE_URL``."""
    parser.add_argument(
        OPTION,
        metavar="URL",
        help=f"database URL (default: ${VARIABLE}, else sqlite:///relink.db)",
    )


@contextmanager
def named_database(url: str | None) -> Iterator["DatabaseLocation"]:
    """The database of a command. An error inside says where its URL comes from.

    Args:
        url: its URL, from the command line; by default that of the environment.

    Raises:
        SettingsError: the environment has no valid URL.
        UsageError: the command line has none, or its database does not answer.
    """
    if url is None:
        yield settings_of(os.environ).database
        return
    from relink.adapters.settings import Settings
    from relink.adapters.store import StoreError

    if not url.strip():
        raise UsageError(f"{OPTION} is empty. Give the URL of a database, or leave it out.")
    settings, wrong = Settings.examine({**os.environ, VARIABLE: url})
    for name, found in wrong.items():
        if name.startswith("RELINK_DATABASE_"):
            raise UsageError(str(found).replace(VARIABLE, OPTION))
    try:
        yield settings.database
    except StoreError as error:
        raise UsageError(str(text_of(error)).replace(VARIABLE, OPTION)) from error


def database_again(url: str | None) -> list[str]:
    """The option that names the same database in the next command.

    The URL of a server can hold a password, which must not be printed.
    """
    return [OPTION, url] if url is not None and url.startswith("sqlite") else []


def file_of(database: "DatabaseLocation", cure: str) -> Path:
    """The file of an SQLite database.

    Args:
        database: where it is.
        cure: what to do with another kind of database.

    Raises:
        UsageError: it is another kind of database.
    """
    from relink.adapters.store.backend import backend_for

    file = backend_for(database).file
    if file is None:
        raise UsageError(f"the database is PostgreSQL, and this is for SQLite. {cure}.")
    return file


@contextmanager
def open_store(url: str | None = None) -> Iterator["SqlStore"]:
    """A database with the schema of this release.

    Args:
        url: its URL, from the command line; by default that of the environment.

    Raises:
        UsageError: it does not exist, or as :func:`named_database`.
        StoreError: it does not answer, or has another schema.
    """
    from relink.adapters.store import SqlStore
    from relink.adapters.store.backend import backend_for
    from relink.machines import relink_system

    with named_database(url) as database:
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
