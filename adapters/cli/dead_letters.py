"""``relink dead-letters``: list the commands that failed for good, or retry them."""

import argparse
import time

from . import UsageError
from .settings import add_database, open_store

MOST = 1_000
"""How many dead letters one run lists or retries at most."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--retry", nargs="+", metavar="ID", help="retry these commands")
    group.add_argument("--retry-all", action="store_true", help="retry all dead letters")
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """List the dead letters, or retry them."""
    from relink.machines.words.times import moment

    with open_store(arguments.database) as store:
        letters = store.dead_letters(limit=MOST)
        if arguments.retry or arguments.retry_all:
            wanted = arguments.retry or [letter.id for letter in letters]
            for command_id in wanted:
                if store.retry(command_id, time.time()):
                    print(f"{command_id} is due now")
                elif arguments.retry:
                    raise UsageError(
                        f"{command_id!r} is not a dead letter. relink dead-letters lists them."
                    )
            return 0
    for letter in letters:
        print(f"{moment(letter.failed_at)}  {letter.id}, after {letter.attempts} attempts")
        print(f"    {letter.error or 'no error was recorded'}")
    if not letters:
        print("No dead letters.")
    return 0
