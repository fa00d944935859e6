"""``relink reconcile``: have everything read again at Stripe, as after a restore."""

import argparse
import time

from .settings import add_database, open_store


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Begin a sweep that leaves nothing out."""
    from relink.adapters.runner.reconcile import sweep_everything

    with open_store(arguments.database) as store:
        objects = sweep_everything(store, time.time())
    print(
        f"The service reads {objects:,} objects again at Stripe. It begins within a minute, and "
        "stays below the rate limit."
    )
    return 0
