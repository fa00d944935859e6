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

    retries_all: bool = arguments.retry_all
    with open_store(arguments.database) as store:
        for command_id in arguments.retry or ():
            if not store.retry(command_id, time.time()):
                raise UsageError(
                    f"{command_id!r} is not a dead letter. relink dead-letters lists them."
                )
            print(f"{command_id} is due now")
        if arguments.retry:
            return 0
        # One more than is shown says whether that is all.
        letters = store.dead_letters(limit=MOST + 1)
        for letter in letters[:MOST]:
            if not retries_all:
                print(f"{moment(letter.failed_at)}  {letter.id}, after {letter.attempts} attempts")
                print(f"    {letter.error or 'no error was recorded'}")
            elif store.retry(letter.id, time.time()):
                print(f"{letter.id} is due now")
    if not letters:
        print("No dead letters.")
    if len(letters) > MOST:
        again = " Run it again for the others." if retries_all else ""
        print(f"There are more than {MOST:,}; these are the first.{again}")
    return 0
