"""``relink explain``: what happened to one account, authorization or session, and why."""

import argparse
import os

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
    from relink.adapters.store import SqlStore
    from relink.adapters.store.backend import backend_for
    from relink.engine import Address
    from relink.machines import relink_system

    machine = MACHINE_OF.get(arguments.id.partition("_")[0])
    if machine is None:
        raise UsageError(f"{arguments.id!r} is no id of Stripe's: fca_…, fcauth_… or fcsess_…")
    try:
        backend = backend_for(arguments.database)
        # SQLite would make an empty database of a mistyped name.
        if backend.file is not None and not backend.file.is_file():
            raise UsageError(f"there is no database {backend.file}")
        store = SqlStore(arguments.database, relink_system())
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
