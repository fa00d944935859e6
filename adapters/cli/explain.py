"""``relink explain``: what happened to one account, authorization or session, and why."""

import argparse
import os
from pathlib import Path

from . import UsageError

MACHINE_OF = {"fca": "account", "fcauth": "authorization", "fcsess": "session"}
"""Machines by the prefix of the ids that they are named by."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("id", metavar="ID", help="fca_…, fcauth_… or fcsess_…")
    parser.add_argument(
        "--database",
        default=os.environ.get("RELINK_DATABASE_URL", "sqlite:///relink.db"),
        metavar="URL",
        help="database URL (default: $RELINK_DATABASE_URL, else sqlite:///relink.db)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Explain the journal."""
    from sqlalchemy.exc import SQLAlchemyError

    from relink.adapters.explain import explain_journal
    from relink.adapters.store import Store
    from relink.adapters.store.database import checked_url
    from relink.engine import Address
    from relink.machines import relink_system

    machine = MACHINE_OF.get(arguments.id.partition("_")[0])
    if machine is None:
        raise UsageError(
            f"{arguments.id!r} cannot be explained. Give an id like fca_…, fcauth_… or fcsess_…."
        )
    try:
        url = checked_url(arguments.database)
        # SQLite would create an empty database from a mistyped name.
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise UsageError(f"the database {url.database} does not exist")
        store = Store(arguments.database, relink_system())
        try:
            entries = store.journal(Address(machine, arguments.id))
        finally:
            store.close()
    except (SQLAlchemyError, ValueError) as error:
        raise UsageError(f"the database cannot be read: {str(error).splitlines()[0]}") from error
    if not entries:
        raise UsageError(f"the database holds no decisions about {arguments.id}")
    for line in explain_journal(entries):
        print(line)
    return 0
