"""``relink top``: what a running relink does now, read from its database.

Nothing is written: it can run beside any number of servers and workers.
"""

import argparse
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import UsageError
from .arguments import whole_number
from .options import CommandParser
from .settings import add_database, open_store

if TYPE_CHECKING:
    from rich.text import Text

    from relink.adapters.http import StoreStatus
    from relink.adapters.store import JournalEntry, SqlStore
    from relink.adapters.terminal import Screen

LATEST = 500
"""How many of the latest decisions are looked at: most change no state, and are not shown."""

EVERY = 1
"""Seconds between two looks."""

TOLD = ("account", "session", "account_number", "payment_method")
"""The machines whose changes of state are shown."""

WITHOUT_TERMINAL = 10
"""How many changes are shown where there is no terminal."""


def add(parser: CommandParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--every",
        metavar="SECONDS",
        type=whole_number(1, 3600),
        help="how often to look (default: 1)",
    )
    parser.add_argument(
        "--once", action="store_true", help="look once; so it does where there is no terminal"
    )
    parser.either("--once", "--every")
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show it until a signal comes."""
    from rich.console import Group
    from rich.live import Live

    from relink.adapters.terminal import Screen

    screen = Screen()
    if arguments.every and not screen.is_terminal:
        raise UsageError("--every needs a terminal. Elsewhere relink top looks once: leave it out.")
    with open_store(arguments.database) as store:
        seen = _Seen(store, screen)
        if arguments.once or not screen.is_terminal:
            screen.show(*seen.frame(None))
            return 0
        with Live(console=screen.console, screen=True, auto_refresh=False) as live:
            while True:
                height = screen.console.height
                live.update(Group(*list(seen.frame(height))[:height]), refresh=True)
                time.sleep(arguments.every or EVERY)


class _Seen:
    """What was seen so far, for rates."""

    def __init__(self, store: "SqlStore", screen: "Screen") -> None:
        self._store = store
        self._screen = screen
        self._before: tuple[float, int] | None = None

    def frame(self, height: int | None) -> "Iterator[Text]":
        """All lines of one look.

        Args:
            height: how many lines there is room for; None where there is no terminal.
        """
        from rich.text import Text

        from relink.adapters.bootstrap import store_status
        from relink.adapters.terminal import MUTED, STRONG, accounts_by_state

        found, now = store_status(self._store, time.time()), time.monotonic()
        latest = self._store.latest(LATEST)
        last = latest[-1][0] if latest else 0
        rate = ""
        if self._before is not None:
            then, place = self._before
            rate = f", {max(0, last - place) / max(now - then, 0.001):,.0f} decisions a second"
        self._before = now, last
        head = [
            *accounts_by_state(self._screen, found.accounts),
            Text(),
            *self._screen.wrapped(f"{_commands(found)}{rate}", 0, MUTED),
            Text(),
            Text("What changed last", style=STRONG),
        ]
        yield from head
        room = WITHOUT_TERMINAL if height is None else max(0, height - len(head))
        yield from self._stream([entry for _, entry in latest], room)

    def _stream(self, entries: "list[JournalEntry]", room: int) -> "Iterator[Text]":
        from relink.adapters.story import change_line
        from relink.adapters.terminal import rows, utc_clock
        from relink.machines.words.thoughts import Depth

        moved = [
            each for each in entries if each.outcome == "moved" and each.address.machine in TOLD
        ]
        lines = [change_line(each) for each in moved[-room:]] if room else []
        shown = list(rows(lines, self._screen, utc_clock, Depth.STORY))
        while len(shown) > room:
            lines = lines[1:]
            shown = list(rows(lines, self._screen, utc_clock, Depth.STORY))
        yield from shown


def _commands(found: "StoreStatus") -> str:
    from relink.machines.words.times import duration

    oldest = f", the oldest for {duration(found.oldest_due)}" if found.oldest_due else ""
    counts = {
        f"due{oldest}": found.waiting,
        "failing": sum(found.failing.values()),
        "stuck": sum(found.stuck.values()),
        "dead letters": found.dead_letters,
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items())
