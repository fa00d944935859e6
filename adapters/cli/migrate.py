"""``relink migrate``: bring the database to where this release needs it."""

import argparse
import os

from . import UsageError
from .settings import settings_of


def add(parser: argparse.ArgumentParser) -> None:
    """It has no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Migrate, in one transaction."""
    from sqlalchemy.exc import DBAPIError

    from relink.adapters.store import StoreError, migrate

    try:
        migrate(settings_of(os.environ).database_url)
    except (StoreError, ValueError) as error:
        raise UsageError(str(error)) from error
    except DBAPIError as error:
        raise UsageError(f"the database: {str(error.orig).splitlines()[0]}") from None
    print("the database is where this release needs it")
    return 0
