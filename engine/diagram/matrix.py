"""The matrix: every event in every state.

A row for each event, a column for each state. A chip names the state that a machine moves to by its
letter; a dot says that it stays and does something, a dash that the event is ignored, a triangle
that it is ignored and worth reporting. Charts with more states than fit have several blocks below
each other. Whoever points at a cell reads its conditions.
"""

import string
from collections.abc import Iterator, Sequence

from ..condition import conditions, text
from ..story import Tone
from ..table import Table
from ..tree import Leaf, leaves_of
from . import shapes
from .boards import SUBTITLE, TITLE
from .cards import Paragraph, Style, drawn, height
from .entries import phrase
from .measure import width, wrapped
from .routing import MARGIN, WIDTH
from .told import Told, told

ACROSS = 9
"""The most states that stand beside each other."""
LEAST_CELL = 62.0
CHIP = 19.0
"""The width of what stands in a cell (px)."""
LINE = 24.0
"""The height of a row with one line in its cells."""
EVENT_SIZE = 11.5
HEAD = Style(11, 14)


def matrix_svg(table: Table, theme: shapes.Theme) -> str:
    """All that a table decides, in one picture."""
    story = told(table)
    letters = dict(zip(table.states, _letters(len(table.states)), strict=True))
    room = WIDTH - 2 * MARGIN
    names = min(
        max(width(event, EVENT_SIZE, mono=True) for event in table.events) + 12, room * 0.36
    )
    across = min(ACROSS, int((room - names) // LEAST_CELL), len(table.states))
    leaves = list(table.leaves())
    moved = sum(leaf.outcome == "moved" for leaf in leaves)
    head = [
        Paragraph(story.title, TITLE),
        Paragraph(
            f"Every event in every state: {len(table.trees)} cells and {len(leaves)} cases, "
            f"{moved} of which move. Rows: what happens. Columns: the state in which it happens.",
            SUBTITLE,
        ),
    ]
    parts = list(drawn(head, MARGIN, 10, room))
    y = 10 + height(head, room) + 8
    parts += _legend(y)
    y += 28
    for start in range(0, len(table.states), across):
        states = table.states[start : start + across]
        cell = (room - names) / across
        tall = max(len(_head_lines(story, state, cell)) for state in states)
        for index, state in enumerate(states):
            parts += _column(story, state, letters, MARGIN + names + cell * index, y, cell, tall)
        y += tall * HEAD.leading + 22
        for row, event in enumerate(table.events):
            title = wrapped(event, names - 8, EVENT_SIZE, mono=True)
            cells = [_cell(table, state, event) for state in states]
            lines = max([len(title), *(_rows(each, cell) for each in cells)])
            high = LINE if lines == 1 else 19 * lines + 6
            if row % 2 == 0:
                parts.append(shapes.box(MARGIN - 4, y, room + 8, high, "f-stripe", radius=5))
            first = y + high / 2 - 7.5 * (len(title) - 1)
            parts += (
                shapes.text(MARGIN, first + 4 + 15 * index, line, EVENT_SIZE, "mono", "t-ink")
                for index, line in enumerate(title)
            )
            for index, marks in enumerate(cells):
                x = MARGIN + names + cell * index
                said = _explained(table, states[index], event)
                parts.append(shapes.hint(_marks(story, letters, marks, x, y, cell, high), said))
            y += high
        y += 16
    return shapes.document(parts, y, head[0].words, head[1].words, theme)


def _letters(count: int) -> Iterator[str]:
    """A, B … Z, AA, AB …"""
    for index in range(count):
        before, letter = divmod(index, 26)
        yield (string.ascii_uppercase[before - 1] if before else "") + string.ascii_uppercase[
            letter
        ]


def _legend(y: float) -> Iterator[str]:
    x = MARGIN
    for mark, words in (
        ("A", "moves to the state A"),
        ("stayed", "stays, and does something"),
        ("ignored", "ignored"),
        ("anomaly", "ignored, and reported as an anomaly"),
    ):
        yield from _mark(mark, x + CHIP / 2, y + 9, Tone.NEUTRAL)
        yield shapes.text(x + CHIP + 4, y + 13, words, 12, "t-pale")
        x += CHIP + width(words, 12) + 22


def _head_lines(story: Told, state: str, cell: float) -> list[str]:
    return wrapped(story.states[state].name, cell - 8, HEAD.size)


def _column(
    story: Told, state: str, letters: dict[str, str], x: float, y: float, cell: float, tall: int
) -> Iterator[str]:
    tone = story.states[state].tone
    lines = _head_lines(story, state, cell)
    high = 14 * tall + 16
    frame = shapes.box(x + 2, y, cell - 4, high, "box", f"f-{tone.value}", radius=7)
    yield f'<g class="{tone.value}">{frame}</g>'
    yield shapes.text(x + cell / 2, y + 14, letters[state], 12, "bold", "middle", f"t-{tone.value}")
    for index, line in enumerate(lines):
        baseline = y + 27 + 14 * index
        yield shapes.text(x + cell / 2, baseline, line, HEAD.size, "middle", "t-ink")


def _cell(table: Table, state: str, event: str) -> list[str]:
    """What stands in a cell: the states that follow, then signs."""
    leaves = list(leaves_of(table.trees[state, event]))
    targets = {leaf.target for leaf in leaves if leaf.outcome == "moved"}
    marks = [target for target in table.states if target in targets]
    kinds = {_kind(leaf) for leaf in leaves}
    return marks + [f" {kind}" for kind in ("stayed", "ignored", "anomaly") if kind in kinds]


def _kind(leaf: Leaf) -> str:
    return "anomaly" if leaf.anomaly and leaf.outcome == "ignored" else leaf.outcome


def _per_line(cell: float) -> int:
    """How many chips stand beside each other."""
    return int((cell - 4) // CHIP)


def _rows(marks: Sequence[str], cell: float) -> int:
    return -(-len(marks) // _per_line(cell))


def _marks(
    story: Told,
    letters: dict[str, str],
    marks: Sequence[str],
    x: float,
    y: float,
    cell: float,
    high: float,
) -> Iterator[str]:
    yield shapes.box(x, y, cell, high, "clear", radius=0)
    per_line = _per_line(cell)
    rows = _rows(marks, cell)
    for index, mark in enumerate(marks):
        row, column = divmod(index, per_line)
        count = min(per_line, len(marks) - row * per_line)
        center = x + cell / 2 + CHIP * (column - (count - 1) / 2)
        middle = y + high / 2 + 19 * (row - (rows - 1) / 2)
        if mark.startswith(" "):
            yield from _mark(mark.strip(), center, middle, Tone.WAITING)
        else:
            yield from _mark(letters[mark], center, middle, story.states[mark].tone)


def _mark(mark: str, x: float, y: float, tone: Tone) -> Iterator[str]:
    match mark:
        case "stayed":
            yield f'<circle class="f-pale" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        case "ignored":
            yield f'<path class="line s-pale" d="M{x - 4:.1f} {y:.1f}h8"/>'
        case "anomaly":
            yield f'<path class="f-missed" d="M{x:.1f} {y - 5:.1f}l5.5 9.5h-11Z"/>'
        case _:
            name = tone.value
            yield (
                f'<rect class="f-{name} b-{name} thin" x="{x - 8.5:.1f}" y="{y - 8.5:.1f}" '
                'width="17" height="17" rx="5"/>'
            )
            yield shapes.text(x, y + 4, mark, 11, "bold", "middle", f"t-{name}")


def _explained(table: Table, state: str, event: str) -> str:
    """The conditions of a cell, a line each."""
    leaves = leaves_of(table.trees[state, event])
    lines = [f"{event} in {state}"]
    for (kind, end), condition in conditions(
        ((_kind(leaf), leaf.target if leaf.outcome == "moved" else ""), leaf.guards)
        for leaf in leaves
    ).items():
        where = f"moves to {end}" if end else {"stayed": "stays"}.get(kind, kind)
        lines.append(f"{where}: {phrase(text(condition)) or 'always'}")
    return "; ".join(lines)
