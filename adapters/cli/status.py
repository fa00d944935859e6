"""``relink status``: accounts by state, and how far the commands are.

What an operator has to mend is kept apart from what Stripe refused about a customer's object: the
first is *stuck* and stays due until it is mended, the second is a *dead letter*. In between is what
fails now and is retried by itself.
"""

import argparse
import json
import textwrap
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .own_command import own_command
from .settings import add_database, open_store

if TYPE_CHECKING:
    from rich.text import Text

    from relink.adapters.http import StoreStatus
    from relink.adapters.store import DeadLetter, DueCommand, StuckCommand
    from relink.adapters.terminal import Screen

SHOWN = 5
"""The number of commands of each kind that are shown."""

LABEL = 14
"""How wide the labels are (columns)."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the status."""
    from relink.adapters.bootstrap import store_status
    from relink.adapters.terminal import Screen, accounts_by_state

    with open_store(arguments.database) as store:
        found = store_status(store, time.time())
        timers = store.timers(limit=SHOWN)
        stuck = store.stuck_commands(limit=SHOWN)
        dead = store.dead_letters(limit=SHOWN)
    if arguments.json:
        print(json.dumps(_as_json(found, timers, stuck)))
        return 0
    screen = Screen()
    screen.show(
        *accounts_by_state(screen, found.accounts),
        *_commands(screen, found),
        *_operators(screen, found, stuck),
        *_refused(screen, found, dead),
        *_timers(screen, timers),
    )
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


def _commands(screen: "Screen", found: "StoreStatus") -> "Iterator[Text]":
    from relink.machines.words.times import duration

    oldest = f", the oldest for {duration(found.oldest_due)}" if found.oldest_due else ""
    yield from _row(screen, "to be done", f"{found.waiting:,} due{oldest}")
    failing = sum(found.failing.values())
    if failing:
        names = _by_name(found.failing)
        yield from _row(screen, "failing", f"{failing:,}, retried by themselves: {names}", "bold")


def _operators(
    screen: "Screen", found: "StoreStatus", stuck: "list[StuckCommand]"
) -> "Iterator[Text]":
    from relink.adapters.runner.stuck import CURES
    from relink.machines.words.times import moment

    if not found.stuck:
        return
    yield from _row(screen, "stuck", f"{sum(found.stuck.values()):,}, for you to mend", "red")
    for code, count in sorted(found.stuck.items()):
        cure = CURES.get(code, "The gateway says what to do")
        yield from _row(screen, "", f"{count:,} {code.replace('_', ' ')}. {cure}.")
    for each in stuck:
        due = moment(each.due_at)
        yield from _row(screen, "", f"{each.id}: {each.error}; the next attempt is due {due}")


def _refused(screen: "Screen", found: "StoreStatus", dead: "list[DeadLetter]") -> "Iterator[Text]":
    if not found.dead_letters:
        yield from _row(screen, "dead letters", "none")
        return
    said = f"{found.dead_letters:,}, refused by Stripe: {own_command()} dead-letters"
    yield from _row(screen, "dead letters", said, "red")
    for each in dead:
        yield from _row(screen, "", f"{each.id}: {each.error}")


def _timers(screen: "Screen", timers: "list[DueCommand]") -> "Iterator[Text]":
    from relink.machines.words.names import Names
    from relink.machines.words.times import moment

    if not timers:
        yield from _row(screen, "next timer", "none")
    for number, timer in enumerate(timers):
        about = Names().thing(getattr(timer.command, "key", ""))
        label = "next timers" if number == 0 else ""
        yield from _row(screen, label, f"{moment(timer.due_at)}  {about}")


def _row(screen: "Screen", label: str, text: str, style: str = "") -> "Iterator[Text]":
    """A label, and a text that is wrapped between words; ids stay whole, so that they can be
    copied."""
    from rich.text import Text

    width = max(screen.width - LABEL, LABEL)
    lines = textwrap.wrap(screen.sign(text), width, break_long_words=False, break_on_hyphens=False)
    for number, line in enumerate(lines):
        start = label.ljust(LABEL) if number == 0 else " " * LABEL
        row = Text().append(start, style="bright_black")
        yield row.append(line, style=style or "default")


def _by_name(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(counts.items())
    )
