"""``relink dead-letters``: commands that failed for good, and another try for them."""

import argparse
import time

from . import UsageError
from .settings import open_store

MOST = 1_000
"""Dead letters that are listed, or retried, at a time."""


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--retry", nargs="+", metavar="ID", help="take these up again")
    group.add_argument("--retry-all", action="store_true", help="take all of them up again")


def run(arguments: argparse.Namespace) -> int:
    """List them, or take them up again."""
    from relink.adapters.explain import at

    with open_store() as store:
        letters = store.dead_letters(limit=MOST)
        if arguments.retry or arguments.retry_all:
            wanted = arguments.retry or [letter.id for letter in letters]
            for command_id in wanted:
                if store.retry(command_id, time.time()):
                    print(f"{command_id} is due again")
                elif arguments.retry:
                    raise UsageError(f"{command_id!r} is no dead letter")
            return 0
    for letter in letters:
        print(f"{at(letter.failed_at)}  {letter.id}, after {letter.attempts} attempts")
        print(f"    {letter.error or 'no reason was given'}")
    if not letters:
        print("no dead letters")
    return 0
