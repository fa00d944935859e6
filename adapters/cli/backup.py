"""``relink backup``: copy an SQLite database into one file, while it is in use."""

import argparse
from pathlib import Path

from . import UsageError
from .settings import database_file


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="the new file; only you may read it")


def run(arguments: argparse.Namespace) -> int:
    """Make the backup."""
    from relink.adapters.store import StoreError
    from relink.adapters.store.sqlite.backup import back_up

    database = database_file("Back it up with pg_dump")
    if not database.exists():
        raise UsageError(f"the database {database} does not exist")
    try:
        back_up(database, arguments.file.absolute())
    except StoreError as error:
        raise UsageError(str(error)) from None
    print(f"{database} was backed up to {arguments.file}.")
    return 0
