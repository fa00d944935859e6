"""Settings for a subcommand, with what is wrong about them as wrong usage."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import UsageError

if TYPE_CHECKING:
    from relink.adapters.settings import Settings
    from relink.adapters.store import SqlStore


def settings_of(environment: Mapping[str, str]) -> "Settings":
    """The settings of the environment.

    Raises:
        UsageError: one of them can't be.
    """
    from relink.adapters.settings import Settings, SettingsError

    try:
        return Settings.from_environment(environment)
    except SettingsError as error:
        raise UsageError(str(error)) from None


@contextmanager
def open_store() -> Iterator["SqlStore"]:
    """The database of ``RELINK_DATABASE_URL``, with the schema of this release.

    Raises:
        UsageError: there is none, it does not answer, or its schema is another.
    """
    from pathlib import Path

    from sqlalchemy import make_url

    from relink.adapters.store import SqlStore, StoreError
    from relink.machines import relink_system

    url = settings_of(os.environ).database_url
    path = make_url(url).database or ""
    # SQLite would make an empty database of a mistyped name.
    if url.startswith("sqlite") and not Path(path).is_file():
        raise UsageError(f"there is no database {path} (RELINK_DATABASE_URL)")
    store = SqlStore(url, relink_system())
    try:
        store.check()
        yield store
    except StoreError as error:
        raise UsageError(str(error)) from None
    finally:
        store.close()
