"""``relink backup``: copy an SQLite database into one file, while it is in use."""

import argparse

from . import UsageError
from .arguments import path
from .settings import add_database, file_of, named_database


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=path, help="the new file; only you may read it")
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the backup."""
    from relink.adapters.store.sqlite.backup import back_up

    with named_database(arguments.database) as database:
        file = file_of(database, "Back it up with pg_dump")
        if not file.exists():
            raise UsageError(f"the database {file} does not exist")
        back_up(file, arguments.file.absolute())
    print(f"{file} was backed up to {arguments.file}.")
    return 0
