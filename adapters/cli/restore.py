"""``relink restore``: put a backup in the place of the SQLite database."""

import argparse
import time
from pathlib import Path

from . import UsageError
from .arguments import path
from .settings import add_database, file_of, named_database


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=path, help="a backup that relink backup made")
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Restore the backup, and have everything read again at Stripe."""
    from relink.adapters.store.sqlite.backup import restore
    from relink.adapters.store.sqlite.lock import InUseError, exclusive

    with named_database(arguments.database) as database:
        file = file_of(database, "Restore it with pg_restore, and run relink reconcile")
        try:
            with exclusive(database, wait=0):
                kept = restore(arguments.file.absolute(), file, _bring_up_to_date)
        except InUseError as error:
            raise UsageError(str(error)) from None
    print(f"{file} was restored from {arguments.file}.")
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
