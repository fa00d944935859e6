"""``relink migrate``: create the database schema, or upgrade it to this release."""

import argparse
import os

from . import UsageError
from .settings import database_error, settings_of


def add(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Migrate, in one transaction."""
    from sqlalchemy.exc import DBAPIError

    from relink.adapters.store import StoreError, migrate

    try:
        migrate(settings_of(os.environ).database)
    except (StoreError, ValueError) as error:
        raise UsageError(str(error)) from error
    except DBAPIError as error:
        raise UsageError(database_error(error)) from None
    print("The database schema is up to date.")
    return 0
