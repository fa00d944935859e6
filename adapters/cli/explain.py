"""``relink explain``: what happened to one account, authorization or session, and why."""

import argparse
import os
from pathlib import Path

from . import UsageError

MACHINE_OF = {"fca": "account", "fcauth": "authorization", "fcsess": "session"}
"""The machine that an id's prefix stands for."""


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("id", help="fca_…, fcauth_… or fcsess_…")
    parser.add_argument(
        "--database",
        default=os.environ.get("RELINK_DATABASE_URL", "sqlite:///relink.db"),
        help="SQLAlchemy URL (default: $RELINK_DATABASE_URL, else sqlite:///relink.db)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the journal as a story."""
    from sqlalchemy.exc import SQLAlchemyError

    from relink.adapters.explain import chapters
    from relink.adapters.store import Store
    from relink.adapters.store.database import checked_url
    from relink.engine import Address
    from relink.machines import relink_system

    machine = MACHINE_OF.get(arguments.id.partition("_")[0])
    if machine is None:
        raise UsageError(f"{arguments.id!r} is no id of Stripe's: fca_…, fcauth_… or fcsess_…")
    try:
        url = checked_url(arguments.database)
        # SQLite would make an empty database of a mistyped name.
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise UsageError(f"there is no database {url.database}")
        store = Store(arguments.database, relink_system())
        try:
            entries = store.journal(Address(machine, arguments.id))
        finally:
            store.close()
    except (SQLAlchemyError, ValueError) as error:
        raise UsageError(f"the database can't be read: {str(error).splitlines()[0]}") from error
    if not entries:
        raise UsageError(f"nothing is known of {arguments.id} in {arguments.database}")
    for line in chapters(entries):
        print(line)
    return 0
