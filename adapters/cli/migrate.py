"""``relink migrate``: create the database schema, or upgrade it to this release."""

import argparse
import os

from .settings import settings_of


def add(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Migrate, in one transaction."""
    from relink.adapters.store import migrate

    migrate(settings_of(os.environ).database)
    print("The database schema is up to date.")
    return 0
