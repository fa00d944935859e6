"""``relink migrate``: create the database schema, or upgrade it to this release."""

import argparse
import os

from .settings import settings_of, store_error


def add(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Migrate, in one transaction."""
    from relink.adapters.store import StoreError, migrate

    try:
        migrate(settings_of(os.environ).database)
    except StoreError as error:
        raise store_error(error) from None
    print("The database schema is up to date.")
    return 0
