"""``relink migrate``: create the database schema, or upgrade it to this release."""

import argparse

from .settings import add_database, named_database


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Migrate, in one transaction."""
    from relink.adapters.store import migrate

    with named_database(arguments.database) as database:
        migrate(database)
    print("The database schema is up to date.")
    return 0
