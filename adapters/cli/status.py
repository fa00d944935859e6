"""``relink status``: accounts by state, and how far the commands are.

What an operator has to mend is kept apart from what Stripe refused about a customer's object: the
first is *stuck* and stays due until it is mended, the second is a *dead letter*. In between is what
fails now and is retried by itself.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .settings import open_store

if TYPE_CHECKING:
    from relink.adapters.http import StoreStatus
    from relink.adapters.store import DeadLetter, DueCommand, StuckCommand

SHOWN = 5
"""The number of commands of each kind that are shown."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the status."""
    from relink.adapters.bootstrap import store_status

    with open_store() as store:
        found = store_status(store, time.time())
        timers = store.timers(limit=SHOWN)
        stuck = store.stuck_commands(limit=SHOWN)
        dead = store.dead_letters(limit=SHOWN)
    if arguments.json:
        print(json.dumps(_as_json(found, timers, stuck)))
        return 0
    for line in (
        *_accounts(found),
        *_commands(found),
        *_operators(found, stuck),
        *_refused(found, dead),
        *_timers(timers),
    ):
        print(line)
    return 0


def _as_json(
    found: "StoreStatus", timers: "list[DueCommand]", stuck: "list[StuckCommand]"
) -> dict[str, object]:
    return {
        "accounts": dict(found.accounts),
        "oldest_due_seconds": found.oldest_due,
        "waiting": found.waiting,
        "failing": dict(found.failing),
        "stuck": dict(found.stuck),
        "stuck_commands": [each._asdict() for each in stuck],
        "dead_letters": found.dead_letters,
        "next_timers": [{"due_at": timer.due_at, "command": timer.id} for timer in timers],
    }


def _accounts(found: "StoreStatus") -> Iterator[str]:
    yield _line("accounts", sum(found.accounts.values()))
    yield from _by_name(found.accounts)


def _commands(found: "StoreStatus") -> Iterator[str]:
    yield _line("commands that are due", found.waiting)
    yield _line("commands that fail and are retried", sum(found.failing.values()))
    yield from _by_name(found.failing)
    if found.oldest_due:
        yield f"  the oldest should have been done {found.oldest_due:,.0f} s ago"


def _operators(found: "StoreStatus", stuck: "list[StuckCommand]") -> Iterator[str]:
    from relink.adapters.explain import utc
    from relink.adapters.runner.stuck import CURES

    yield _line("stuck, for you to mend", sum(found.stuck.values()))
    for code, count in sorted(found.stuck.items()):
        yield _line(f"  {code.replace('_', ' ')}", count)
        yield f"    {CURES.get(code, 'The gateway says what to do')}."
    for each in stuck:
        yield f"  {each.id}: {each.error}; the next attempt is due {utc(each.due_at)}"


def _refused(found: "StoreStatus", dead: "list[DeadLetter]") -> Iterator[str]:
    yield _line("dead letters, refused by Stripe", found.dead_letters)
    for each in dead:
        yield f"  {each.id}: {each.error}"


def _timers(timers: "list[DueCommand]") -> Iterator[str]:
    from relink.adapters.explain import utc

    yield f"next timer  {utc(timers[0].due_at) if timers else 'none'}"
    for timer in timers:
        wake = timer.command
        yield f"  {utc(timer.due_at)}  {getattr(wake, 'machine', '')} {getattr(wake, 'key', '')}"


def _by_name(counts: Mapping[str, int]) -> Iterator[str]:
    for name, count in sorted(counts.items()):
        yield _line(f"  {name.replace('_', ' ')}", count)


def _line(what: str, count: int) -> str:
    return f"{what:36}{count:>9,}"
