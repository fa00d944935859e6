"""What the demo shows of a customer: the story of all their accounts, and how it ended.

``relink explain`` tells the story of one account in the same words.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.text import Text

from relink.adapters.story import Line, Story, lines_of
from relink.adapters.terminal import MUTED, STRONG, Screen, day_clock, outcome_rows, rows
from relink.machines.words.thoughts import Depth
from relink.machines.words.times import counted
from relink.machines.words.tone import Tone

Occurrence = tuple[float, str]
"""Something that was made to happen in the simulated world, and when (Unix seconds)."""


def title(screen: Screen, number: int, of: int, name: str, what: str) -> Iterator[Text]:
    """The head of a customer's story."""
    right = f"{number} of {of}"
    head = Text().append(screen.sign(f"{number}  {name}  {what}"), style=STRONG)
    lines = screen.wrap(head, screen.width - len(right) - 2)
    yield Text()
    first = lines[0]
    first.append(" " * (screen.width - first.cell_len - len(right))).append(right, style=MUTED)
    yield from lines
    yield Text(screen.sign("─") * screen.width, style=MUTED)


def told(
    story: Story, screen: Screen, depth: Depth, world: Sequence[Occurrence], repeated: int
) -> Iterator[Text]:
    """A customer's story, and how it ended.

    Args:
        story: of all their accounts.
        screen: where it goes.
        depth: how much to tell.
        world: what was made to happen; told beneath the story's depth.
        repeated: how many of their webhooks came again.
    """
    lines = lines_of(story, depth)
    if depth > Depth.STORY:
        lines = _with_world(lines, world)
    if lines:
        yield from rows(lines, screen, day_clock(lines[0].at), depth)
    if said := _disorder(story, repeated):
        yield from screen.wrapped(said, 2, MUTED)
    yield from _ends(story, screen)


def tally(stories: Sequence[Story]) -> Counter[tuple[Tone, str]]:
    """How many accounts ended in each state."""
    ends = (chapter.outcome for story in stories for chapter in story.chapters)
    return Counter((each.tone, each.state) for each in ends)


def _with_world(lines: list[Line], world: Sequence[Occurrence]) -> list[Line]:
    made = [
        Line(at, Depth.DECISIONS, Tone.NEUTRAL, "", f"({what})", ("",), ("",), "", "", "", "")
        for at, what in world
    ]
    # What happens in the world comes before what relink learns of it.
    return sorted([*made, *lines], key=lambda line: line.at)


def _disorder(story: Story, repeated: int) -> str:
    """What is to be said of webhooks that came again, or late."""
    late = sum(
        any(("is_stale", True) in decision.guards for _, decision, _ in cause.decisions)
        for cause in story.causes
        if cause.id.startswith("evt_")
    )
    said = []
    if repeated:
        said.append(f"{counted(repeated, 'webhook')} came again")
    if late:
        said.append(f"{late if repeated else counted(late, 'webhook')} came late")
    return f"{', '.join(said)}: they changed nothing" if said else ""


def _ends(story: Story, screen: Screen) -> Iterator[Text]:
    """How each account ended; those that ended alike are told together."""
    so = Text().append("So    ", style=STRONG)
    ends = [chapter.outcome for chapter in story.chapters]
    for _, alike in groupby(ends, key=lambda end: (end.verdict, end.todo)):
        first, *others = alike
        name = counted(1 + len(others), "account") if others else story.names.account(first.account)
        so.append(screen.sign(f"{name}  "), style="default")
        yield from outcome_rows(screen, first, so, 2, 8)
        so = Text("      ")
