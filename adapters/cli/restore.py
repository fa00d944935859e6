"""``relink restore``: put a backup in the place of the SQLite database."""

import argparse
import os
import time
from pathlib import Path

from . import UsageError
from .settings import database_file, settings_of


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="a backup that relink backup made")


def run(arguments: argparse.Namespace) -> int:
    """Restore the backup, and have everything read again at Stripe."""
    from relink.adapters.store import StoreError
    from relink.adapters.store.sqlite.backup import restore
    from relink.adapters.store.sqlite.lock import InUseError, exclusive

    database = database_file("Restore it with pg_restore, and run relink reconcile")
    try:
        with exclusive(settings_of(os.environ).database, wait=0):
            kept = restore(arguments.file.absolute(), database, _bring_up_to_date)
    except (InUseError, StoreError, OSError) as error:
        raise UsageError(str(error)) from None
    print(f"{database} was restored from {arguments.file}.")
    if kept is not None:
        print(f"The database from before is kept as {kept}.")
    print("Start relink serve: it reads everything again at Stripe, because the backup is older.")
    print("Then run relink import --restart: it finds what was linked since the backup.")
    return 0


def _bring_up_to_date(file: Path) -> None:
    from relink.adapters.runner.reconcile import sweep_everything
    from relink.adapters.store import SqlStore, migrate
    from relink.machines import relink_system

    migrate(f"sqlite:///{file}")
    store = SqlStore(f"sqlite:///{file}", relink_system())
    try:
        sweep_everything(store, time.time())
    finally:
        store.close()
