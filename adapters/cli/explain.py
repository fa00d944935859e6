"""``relink explain``: what became of an account, or of whatever belongs to it, and why."""

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import UsageError
from .depth import add_depth, depth_of
from .options import CommandParser
from .own_command import own_command
from .settings import add_database, database_again, open_store

if TYPE_CHECKING:
    from rich.text import Text

    from relink.adapters.store import SqlStore
    from relink.adapters.story import Line, Story
    from relink.adapters.terminal import Screen
    from relink.machines.words.thoughts import Depth

MACHINE_OF = {
    "fca": "account",
    "fcauth": "authorization",
    "fcsess": "session",
    "pm": "payment_method",
    "ba": "payment_method",
}
"""Machines by the prefix of the ids that name them."""

FORMS = "fca_…, fcauth_…, fcsess_…, pm_… or ba_…"


def add(parser: CommandParser) -> None:
    """Declare the arguments."""
    parser.add_argument("id", metavar="ID", help=FORMS)
    add_depth(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--diagram", action="store_true", help="print a sequence diagram, for Mermaid"
    )
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tell the story."""
    from relink.adapters.story import as_json, lines_of, sequence_diagram, tell
    from relink.adapters.terminal import Screen

    machine = MACHINE_OF.get(arguments.id.partition("_")[0])
    if machine is None:
        raise UsageError(f"{arguments.id!r} cannot be explained. Give an id like {FORMS}.")
    depth = depth_of(arguments, "story" if machine == "account" else "decisions")
    with open_store(arguments.database) as store:
        accounts = _accounts(store, machine, arguments.id)
        story = tell(store, accounts)
    if machine != "account":
        story = story.only(machine, arguments.id)
    lines = lines_of(story, depth)
    if arguments.json:
        print(json.dumps(as_json(story, lines), ensure_ascii=False, indent=2))
    elif arguments.diagram:
        print(sequence_diagram(story, depth), end="")
    else:
        screen = Screen()
        screen.show(*_shown(screen, arguments, story, lines, depth))
    return 0


def _accounts(store: "SqlStore", machine: str, id: str) -> list[str]:
    """The accounts whose story it belongs to.

    Raises:
        UsageError: the database holds no decisions about it.
    """
    from relink.adapters.story import accounts_of

    found = accounts_of(store, machine, id)
    if not found:
        raise UsageError(f"the database holds no decisions about {id}")
    return found


def _shown(
    screen: "Screen",
    arguments: argparse.Namespace,
    story: "Story",
    lines: "list[Line]",
    depth: "Depth",
) -> "Iterator[Text]":
    from rich.text import Text

    from relink.adapters.terminal import MUTED, chapter_head, next_steps, rows, utc_clock
    from relink.machines.words.thoughts import Depth
    from relink.machines.words.times import counted

    is_account = MACHINE_OF[arguments.id.partition("_")[0]] == "account"
    if not is_account:
        thing = story.names.thing(arguments.id).partition("_")[0].rpartition(" ")[0]
        yield from screen.wrapped(f"The {thing} {arguments.id} of", 0, MUTED)
    for chapter in story.chapters:
        yield from chapter_head(screen, chapter)
    yield Text()
    yield from rows(lines, screen, utc_clock, depth)
    yield Text()
    said = f"{counted(story.decisions, 'decision')} in all. Times are in UTC."
    yield from screen.wrapped(said, 0, MUTED)
    own, database = own_command(), database_again(arguments.database)
    explain = [own, "explain", arguments.id]
    steps = [("As a diagram", [*explain, "--diagram", *database])]
    if depth < Depth.EVERYTHING:
        steps.insert(0, ("Everything, and why", [*explain, "--all", *database]))
    for chapter in story.chapters:
        facts = chapter.account.facts
        other = facts.replaced_by if is_account else facts.id
        if other:
            name = story.names.account(other)
            steps.append((f"The story of {name}", [own, "explain", other, *database]))
    yield from next_steps(screen, steps)
