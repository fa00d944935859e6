"""Boards: the story of a chart, and all its moves, on the same places.

On the story each card says what happens next; on the moves, what leads into it. Positions, arrows
and their numbers are the same, so that a reader who goes from one to the other only sees more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..story import Tone
from ..table import Table
from . import shapes
from .arranging import Places, arranged, links_of
from .cards import (
    COUNT,
    EVENT,
    FIRST_EVENT,
    FROM,
    HERE,
    MISSED,
    PADDING,
    SMALL,
    WORDS,
    Paragraph,
    Style,
    drawn,
    heading,
    height,
    within,
)
from .entries import Entries, Entry, any_other, entries, provided, sources_text, starred
from .overlay import Overlay
from .placing import Cell, columns
from .routing import MARGIN, WIDTH, Board, board
from .told import Told, told

TITLE = Style(20, 26, ("bold", "t-ink"))
SUBTITLE = Style(12.5, 17, ("t-pale",), 2)

MOST_NUMBERS = 6
"""Numbers of arrows that stand beside an entry."""


@dataclass(frozen=True, slots=True)
class _Card:
    head: Sequence[Paragraph]
    body: Sequence[Paragraph] = ()

    def head_height(self, room: float) -> float:
        return height(self.head, room) + 2 * PADDING - 6

    def height(self, room: float) -> float:
        inner = height(self.body, room)
        return self.head_height(room) + (inner + PADDING if self.body else 0)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is written on a board, before it is measured."""

    table: Table
    story: Told
    cards: Mapping[str, _Card]
    subtitle: str
    notes: Sequence[str]
    overlay: Overlay
    at: Places

    def tone(self, state: str) -> Tone:
        return self.story.states[state].tone


def story_svg(table: Table, theme: shapes.Theme, overlay: Overlay) -> str:
    """What happens, in about ten arrows: each card says what to do, and what may happen next."""
    story = told(table)
    cards = {
        state: _Card(_head(table, story, state, overlay), list(_next(story, state, overlay)))
        for state in story.states
    }
    # Arrows for which there is no room are told by the names of their targets. Which ones these are
    # follows from the width of cards, and that does not depend on their words.
    at = arranged(story)
    left_out = _board(_Sheet(table, story, cards, "", (), overlay, at), 0).left_out
    for state in story.states:
        told_next = list(_next(story, state, overlay, left_out))
        cards[state] = _Card(cards[state].head, told_next)
    for state, words in story.from_anywhere.items():
        everyone = any_other(story.states, story.left, state)
        said = [Paragraph(f"From {everyone}: {words}", FROM)]
        cards[state] = _Card(cards[state].head, said)
    notes = [story.note] if story.note else []
    if any(arrow.is_usual for arrow in story.arrows):
        notes.append("Thick arrows: the usual way.")
    notes += _path(story, overlay)
    return _drawn(_Sheet(table, story, cards, "", notes, overlay, at), theme)


def moves_svg(table: Table, theme: shapes.Theme, overlay: Overlay) -> str:
    """Every move of the table: each card lists what leads into it."""
    story, found = told(table), entries(table)
    cards = {
        state: _Card(
            _head(table, story, state, overlay), list(_listed(story, found, state, overlay))
        )
        for state in story.states
    }
    count = f"{found.moves} move{'s' * (found.moves != 1)}"
    subtitle = f"All {count}. Each state lists what leads into it."
    notes = [*notes_of(found), *_path(story, overlay)]
    sheet = _Sheet(table, story, cards, subtitle, notes, overlay, arranged(story))
    return _drawn(sheet, theme)


def notes_of(found: Entries) -> list[str]:
    """What events with a star need for all of their moves."""
    return [f"* {', '.join(x.events)}: only {provided(x.condition)}" for x in found.provisos]


# -- What cards say -------------------------------------------------------------------------------


def _head(table: Table, story: Told, state: str, overlay: Overlay) -> list[Paragraph]:
    head = heading(table, state, story.states[state], within(table, state))
    if state == overlay.here:
        head.append(Paragraph("▸ now here", HERE))
    if overlay.counts:
        head.append(Paragraph(f"{overlay.counts.get(state, 0):,} in this state", COUNT))
    return head


def _next(
    story: Told, state: str, overlay: Overlay, left_out: frozenset[int] = frozenset()
) -> Iterator[Paragraph]:
    """What may happen next."""
    for arrow in story.arrows:
        if arrow.source == state:
            target = story.states[arrow.target]
            aim = f" → {target.name}" if arrow.number in left_out else ""
            yield Paragraph(f"{arrow.text}{aim}", WORDS, arrow.number, target.tone)
            yield from _taken(overlay, [state], None, arrow.target, WORDS.indent)


def _listed(story: Told, found: Entries, state: str, overlay: Overlay) -> Iterator[Paragraph]:
    """What leads into a state."""
    names = {each: plain.name for each, plain in story.states.items()}
    marked = starred(found)
    for entry in found.into(state):
        numbers = [
            arrow.number
            for arrow in story.arrows
            if arrow.target == state and arrow.source in entry.sources
        ]
        shown = tuple(numbers) if len(numbers) <= MOST_NUMBERS else ()
        for index, event in enumerate(entry.events):
            name = f"{event}*" if event in marked else event
            style = EVENT if index else FIRST_EVENT
            tone = story.states[state].tone
            yield Paragraph(name, style, tone=tone, numbers=() if index else shown)
        yield Paragraph(_whence(entry, story.left, names), FROM)
        yield from _taken(overlay, entry.sources, entry.events, state, 0)


def _whence(entry: Entry, left: Sequence[str], names: dict[str, str]) -> str:
    where = sources_text(entry.sources, entry.target, left, names)
    return f"{where}; {provided(entry.when)}" if entry.when else where


def _taken(
    overlay: Overlay,
    sources: Sequence[str],
    events: Sequence[str] | None,
    target: str,
    indent: float,
) -> Iterator[Paragraph]:
    """How often a move was taken, where that is known."""
    count = overlay.taken(sources, events, target)
    if count:
        style = Style(FROM.size, FROM.leading, ("bold", "t-ink"), indent=indent)
        yield Paragraph(f"taken {count:,} time{'s' * (count != 1)}", style)
    elif overlay.shows_missing:
        style = Style(MISSED.size, MISSED.leading, MISSED.classes, indent=indent)
        yield Paragraph("never taken", style)


def _path(story: Told, overlay: Overlay) -> list[str]:
    if len(overlay.path) < 2:
        return []
    return [f"The way it went: {' → '.join(story.states[state].name for state in overlay.path)}."]


# -- The picture ----------------------------------------------------------------------------------


def _drawn(sheet: _Sheet, theme: shapes.Theme) -> str:
    story = sheet.story
    head = [Paragraph(story.title, TITLE)]
    if sheet.subtitle:
        head.append(Paragraph(sheet.subtitle, SUBTITLE))
    room = WIDTH - 2 * MARGIN
    layout = _board(sheet, 10 + height(head, room) + 12)
    walked = sheet.overlay.steps()
    parts = list(drawn(head, MARGIN, 10, room))
    for each in layout.drawn:
        arrow = story.arrows[each.link.number - 1]
        if (arrow.source, arrow.target) in walked:
            parts.append(shapes.arrow(each.points, "here", "walked", value=arrow.number))
        else:
            looks = ["usual"] * arrow.is_usual
            tone = sheet.tone(arrow.target).value
            parts.append(shapes.arrow(each.points, tone, *looks, value=arrow.number))
    for state, (row, column) in sheet.at.items():
        parts += _card(
            sheet,
            state,
            (layout.left[column], layout.top[row]),
            (layout.card, layout.heights[row, column]),
        )
    for each in layout.drawn:
        aim = story.arrows[each.link.number - 1].target
        shown = shapes.number(*each.number_at, each.link.number, sheet.tone(aim))
        parts.append(f'<g data-number="{each.link.number}">{shown}</g>')
    y = layout.bottom + 14
    for state in story.from_anywhere:
        strip, tall = _strip(sheet, state, y)
        parts += strip
        y += tall + 10
    below = [Paragraph(note, SMALL) for note in sheet.notes]
    parts += drawn(below, MARGIN, y, room)
    return shapes.document(
        parts, y + height(below, room) + 12, story.title, _description(story), theme
    )


def _board(sheet: _Sheet, top: float) -> Board:
    at = sheet.at

    def heights(card: float) -> dict[Cell, float]:
        room = card - 2 * PADDING
        return {cell: sheet.cards[state].height(room) for state, cell in at.items()}

    rows = max((row for row, _ in at.values()), default=-1) + 1
    return board(links_of(sheet.story, at), rows, columns(len(at)), heights, top)


def _card(
    sheet: _Sheet, state: str, corner: tuple[float, float], size: tuple[float, float]
) -> Iterator[str]:
    (x, y), (wide, tall) = corner, size
    card, tone = sheet.cards[state], sheet.tone(state)
    room = wide - 2 * PADDING
    down = card.head_height(room)
    yield shapes.box(x, y, wide, tall, "f-card" if card.body else f"f-{tone.value}")
    if card.body:
        yield shapes.header(x, y, wide, down, tone)
    yield from _frame(sheet, state, corner, size)
    yield from drawn(card.head, x + PADDING, y + PADDING - 3, room)
    yield from drawn(card.body, x + PADDING, y + down, room)


def _frame(
    sheet: _Sheet, state: str, corner: tuple[float, float], size: tuple[float, float]
) -> Iterator[str]:
    (x, y), (wide, tall) = corner, size
    is_here = state == sheet.overlay.here
    looks = ("box", "hollow", *(["current"] * is_here))
    kind = "here" if is_here else sheet.tone(state).value
    yield f'<g class="{kind}">{shapes.box(x, y, wide, tall, *looks)}</g>'
    if state in sheet.table.final:
        inner = shapes.box(x + 3.5, y + 3.5, wide - 7, tall - 7, "box", "hollow", radius=7)
        yield f'<g class="{sheet.tone(state).value}">{inner}</g>'


def _strip(sheet: _Sheet, state: str, y: float) -> tuple[list[str], float]:
    """A state that every other one leads to, across the whole picture; and its height."""
    card, wide = sheet.cards[state], WIDTH - 2 * MARGIN
    half = wide * 0.36
    rest = wide - half - 3 * PADDING
    tall = max(height(card.head, half), height(card.body, rest)) + 2 * PADDING - 6
    parts = [shapes.box(MARGIN, y, wide, tall, f"f-{sheet.tone(state).value}")]
    parts += _frame(sheet, state, (MARGIN, y), (wide, tall))
    parts += drawn(card.head, MARGIN + PADDING, y + PADDING - 3, half)
    parts += drawn(card.body, MARGIN + half + 2 * PADDING, y + PADDING - 3, rest)
    return parts, tall


def _description(story: Told) -> str:
    names = {state: plain.name for state, plain in story.states.items()}
    return " ".join(
        f"{arrow.number}. {names[arrow.source]} to {names[arrow.target]}: {arrow.text}"
        for arrow in story.arrows
    )
