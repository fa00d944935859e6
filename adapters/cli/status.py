"""``relink status``: accounts by state, what is due, and what failed."""

import argparse
import json
import time

from .settings import open_store


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print how things stand."""
    from relink.adapters.bootstrap import store_status
    from relink.adapters.explain import at

    with open_store() as store:
        now = time.time()
        stands = store_status(store, now)
        timers = store.timers(limit=5)
    if arguments.json:
        print(
            json.dumps(
                {
                    "accounts": dict(stands.accounts),
                    "oldest_due_seconds": stands.oldest_due,
                    "dead_letters": stands.dead_letters,
                    "next_timers": [
                        {"due_at": timer.due_at, "command": timer.id} for timer in timers
                    ],
                }
            )
        )
        return 0
    print(f"accounts            {sum(stands.accounts.values()):>9,}")
    for state, count in sorted(stands.accounts.items()):
        print(f"  {state.replace('_', ' '):24}{count:>3,}")
    oldest = f"{stands.oldest_due:,.0f} s ago" if stands.oldest_due else "none is due"
    print(f"oldest unsent command   {oldest}")
    print(f"dead letters            {stands.dead_letters:,}")
    print(f"next timer              {at(timers[0].due_at) if timers else 'none'}")
    for timer in timers:
        wake = timer.command
        print(f"  {at(timer.due_at)}  {getattr(wake, 'machine', '')} {getattr(wake, 'key', '')}")
    return 0
