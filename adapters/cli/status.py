"""``relink status``: accounts by state, due and stuck commands, timers and dead letters."""

import argparse
import json
import time

from .settings import open_store


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the status."""
    from relink.adapters.bootstrap import store_status
    from relink.adapters.explain import utc

    with open_store() as store:
        now = time.time()
        stands = store_status(store, now)
        timers = store.timers(limit=5)
        stuck = store.stuck_commands(limit=5)
    if arguments.json:
        print(
            json.dumps(
                {
                    "accounts": dict(stands.accounts),
                    "oldest_due_seconds": stands.oldest_due,
                    "dead_letters": stands.dead_letters,
                    "stuck": dict(stands.stuck),
                    "stuck_commands": [each._asdict() for each in stuck],
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
    print(f"oldest due command      {oldest}")
    print(f"dead letters            {stands.dead_letters:,}")
    print(f"stuck commands          {sum(stands.stuck.values()):,}")
    for code, count in sorted(stands.stuck.items()):
        print(f"  {code.replace('_', ' '):24}{count:>3,}")
    for each in stuck:
        print(f"  {each.id}: {each.error}; the next attempt is due {utc(each.due_at)}")
    print(f"next timer              {utc(timers[0].due_at) if timers else 'none'}")
    for timer in timers:
        wake = timer.command
        print(f"  {utc(timer.due_at)}  {getattr(wake, 'machine', '')} {getattr(wake, 'key', '')}")
    return 0
