"""``relink explain``: what happened to one account, authorization, session or payment method."""

import argparse

from . import UsageError
from .settings import open_store

MACHINE_OF = {
    "fca": "account",
    "fcauth": "authorization",
    "fcsess": "session",
    "pm": "payment_method",
    "ba": "payment_method",
}
"""Machines by the prefix of the ids that name them."""

FORMS = "fca_…, fcauth_…, fcsess_…, pm_… or ba_…"


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("id", metavar="ID", help=FORMS)
    parser.add_argument(
        "--database",
        metavar="URL",
        help="database URL (default: $RELINK_DATABASE_URL, else sqlite:///relink.db)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Explain the journal."""
    from relink.adapters.explain import explain_journal
    from relink.engine import Address

    machine = MACHINE_OF.get(arguments.id.partition("_")[0])
    if machine is None:
        raise UsageError(f"{arguments.id!r} cannot be explained. Give an id like {FORMS}.")
    with open_store(arguments.database) as store:
        entries = store.journal(Address(machine, arguments.id))
    if not entries:
        raise UsageError(f"the database holds no decisions about {arguments.id}")
    for line in explain_journal(entries):
        print(line)
    return 0
