"""Focus: one state, what leads to it on its left, and where it can go on its right.

Its own card says on which events it stays, and which it ignores. The other cards hold the events
and conditions, so an arrow needs no label. Cards on a side stand in the order of their ports, so no
two arrows cross.
"""

from collections.abc import Iterator, Sequence

from ..table import Table
from ..tree import leaves_of
from . import shapes
from .boards import SUBTITLE, TITLE, notes_of
from .cards import (
    EVENT,
    FIRST_EVENT,
    FROM,
    PADDING,
    SMALL,
    Paragraph,
    Style,
    drawn,
    heading,
    height,
    within,
)
from .entries import Entry, entries, provided, starred
from .routing import MARGIN, WIDTH
from .told import Told, told

GAP = 46.0
"""Between two columns (px)."""
BETWEEN = 12.0
"""Between two cards below each other."""
PORT = 14.0
"""Between the ports of two arrows."""
LABEL = Style(12, 16, ("t-pale",), 7)
NAMES = Style(11.5, 15, ("mono", "t-ink"))


def focus_svg(table: Table, state: str, theme: shapes.Theme) -> str:
    """A state with all moves to it and from it."""
    story, found = told(table), entries(table)
    marked = starred(found)
    room = WIDTH - 2 * MARGIN
    card = (room - 2 * GAP) / 3
    inner = card - 2 * PADDING
    before = {
        source: [entry for entry in found.into(state) if source in entry.sources]
        for source in table.states
    }
    after = {
        target: [entry for entry in found.into(target) if state in entry.sources]
        for target in table.states
    }
    left = [_side(table, story, x, listed, marked) for x, listed in before.items() if listed]
    right = [_side(table, story, x, listed, marked) for x, listed in after.items() if listed]
    plain = story.states[state]
    stop = "" if story.title.endswith(("?", "!", ".")) else ":"
    title = [Paragraph(f"{story.title}{stop} {plain.name}", TITLE)]
    top = 10 + height(title, room) + 30
    own = [*heading(table, state, plain, within(table, state)), *_own(table, state)]
    tall = max(
        height(own, inner) + 2 * PADDING - 3, PORT * (max(len(left), len(right)) + 1) + PADDING
    )
    columns = [_stack(left, inner), tall, _stack(right, inner)]
    high = max(columns)
    parts = list(drawn(title, MARGIN, 10, room))
    xs = [MARGIN + (card + GAP) * index for index in range(3)]
    for x, words, cards in ((xs[0], "comes here from", left), (xs[2], "goes on to", right)):
        said = words if cards else f"{words}: nowhere"
        parts += drawn([Paragraph(said, SUBTITLE)], x, top - 26, card)
    middle = top + (high - tall) / 2
    tone = plain.tone
    wide = shapes.box(xs[1], middle, card, tall, "box", "current", f"f-{tone.value}")
    parts.append(f'<g class="{tone.value}">{wide}</g>')
    parts += drawn(own, xs[1] + PADDING, middle + PADDING - 3, inner)
    for cards, x, is_before in ((left, xs[0], True), (right, xs[2], False)):
        y = top + (high - _stack(cards, inner)) / 2
        port = middle + (tall - PORT * (len(cards) - 1)) / 2
        for other, paragraphs in cards:
            size = height(paragraphs, inner) + 2 * PADDING - 3
            other_tone = story.states[other].tone
            frame = shapes.box(x, y, card, size, "box", f"f-{other_tone.value}")
            parts.append(f'<g class="{other_tone.value}">{frame}</g>')
            parts += drawn(paragraphs, x + PADDING, y + PADDING - 3, inner)
            if is_before:
                parts.append(shapes.curve((x + card, y + size / 2), (xs[1] - 1, port), tone))
            else:
                parts.append(shapes.curve((xs[1] + card, port), (x - 1, y + size / 2), other_tone))
            y += size + BETWEEN
            port += PORT
    y = top + high + 12
    below = [Paragraph(note, SMALL) for note in notes_of(found)]
    parts += drawn(below, MARGIN, y, room)
    described = f"{len(left)} states lead here, {len(right)} follow."
    return shapes.document(parts, y + height(below, room) + 12, title[0].words, described, theme)


def _side(
    table: Table, story: Told, state: str, listed: Sequence[Entry], marked: frozenset[str]
) -> tuple[str, list[Paragraph]]:
    paragraphs = heading(table, state, story.states[state], within(table, state))
    return state, [
        paragraphs[0],
        paragraphs[-1],
        *(paragraph for entry in listed for paragraph in _entry(entry, marked)),
    ]


def _entry(entry: Entry, marked: frozenset[str]) -> Iterator[Paragraph]:
    for index, event in enumerate(entry.events):
        name = f"{event}*" if event in marked else event
        yield Paragraph(name, EVENT if index else FIRST_EVENT)
    if entry.when:
        yield Paragraph(provided(entry.when), FROM)


def _stack(cards: Sequence[tuple[str, list[Paragraph]]], inner: float) -> float:
    sizes = [height(paragraphs, inner) + 2 * PADDING - 3 for _, paragraphs in cards]
    return sum(sizes) + BETWEEN * max(len(sizes) - 1, 0)


def _own(table: Table, state: str) -> Iterator[Paragraph]:
    """What the state does without being left."""
    outcomes = {
        event: {leaf.outcome for leaf in leaves_of(table.trees[state, event])}
        for event in table.events
    }
    for outcome, words in (("stayed", "stays, and takes note, on"), ("ignored", "ignores")):
        names = [event for event, found in outcomes.items() if outcome in found]
        if names:
            yield Paragraph(words, LABEL)
            yield Paragraph(", ".join(names), NAMES)
