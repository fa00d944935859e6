"""Lanes: which machine of a system sends what to which, as SVG.

Each machine has a lane, from top to bottom, and so has the outside. In a row, a dot stands on the
lane of each sender, and an arrow leads to the lane of the machine that gets the event. The story
has a row for each machine, everything one for each event that it gets. Words stand at the left and
above lanes, and arrows run between lanes only, so no line can cross a word, however many there are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

from ..arguments import explained, wrong_argument
from ..sends import Sent, SentInSystem
from ..story import Tone
from ..system import System
from . import shapes
from .boards import SUBTITLE, TITLE
from .cards import SMALL, Paragraph, Style, drawn, height
from .measure import width, wrapped
from .pictures import Svg, check_theme
from .routing import MARGIN, WIDTH
from .told import told

SystemLevel = Literal["story", "everything"]
SYSTEM_LEVELS: tuple[SystemLevel, ...] = get_args(SystemLevel)

OUTSIDE = "outside"
"""The lane of what comes through the route."""

EVENT = Style(11.5, 15, ("mono", "t-ink"))
MACHINE = Style(14, 18, ("bold", "t-ink"))
TARGET = Style(12.5, 15, ("t-ink",))
LABEL = Style(11.5, 14, ("t-ink",))
ROW = 18.0
"""The height of a row with one line (px)."""
HALF = 6.0
"""Half the width of the lane that gets what is sent (px)."""
DOT = 4.0
"""The radius of a dot (px)."""
APART = 8.0
"""Between two labels beside each other (px)."""


@dataclass(frozen=True, slots=True)
class _Row:
    """What a machine gets from some senders: one event, or all."""

    lines: tuple[str, ...]
    style: Style
    target: str
    sends: tuple[Sent, ...]

    @property
    def senders(self) -> dict[str, tuple[Sent, ...]]:
        """The lanes of those who send, each with what it sends."""
        lanes = dict.fromkeys(map(_lane, self.sends))
        return {lane: tuple(x for x in self.sends if _lane(x) == lane) for lane in lanes}

    @property
    def tall(self) -> float:
        """Its height (px)."""
        return ROW + self.style.leading * (len(self.lines) - 1)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where lanes are (px)."""

    names: float
    """The width of what stands at the left of all lanes."""
    at: dict[str, float]
    """The middle of each lane."""

    def lines(self, words: str, style: Style) -> tuple[str, ...]:
        """The words in lines that fit beside the lanes."""
        return tuple(wrapped(words, self.names - 10, style.size, mono=style.mono))


@explained
def system_svg(
    system: System,
    level: SystemLevel = "story",
    *,
    title: str = "",
    theme: shapes.Theme = "auto",
) -> Svg:
    """What the machines of a system send each other, as SVG, 830 px wide.

    It holds what charts declare in ``sends``, and the system in ``routed``; see
    :mod:`relink.engine.sends`.

    Args:
        system: The system.
        level: ``story`` for who sends to whom, ``everything`` for every event.
        title: What the system is.
        theme: Colours for a light or a dark page; ``auto`` follows the reader's system.

    Raises:
        ArgumentError: an argument is not of its kind.
        StoryError: a chart's story is none, or names what its table does not have.
    """
    if not isinstance(system, System):
        raise wrong_argument("system_svg", "a System", system, "pass the system itself")
    if level not in SYSTEM_LEVELS:
        cure = "name one of them"
        raise wrong_argument("system_svg", f"a level of {', '.join(SYSTEM_LEVELS)}", level, cure)
    check_theme("system_svg", theme)
    title = title or "What the machines tell each other"
    sends = system.sent.sends
    has_outside = any(each.sender is None for each in sends)
    grid = _grid([*([OUTSIDE] * has_outside), *system.tables], [each.event for each in sends])
    head = [Paragraph(title, TITLE), Paragraph(_legend(sends), SUBTITLE)]
    room = WIDTH - 2 * MARGIN
    parts = list(drawn(head, MARGIN, 10, room))
    y = 10 + height(head, room) + 14
    targets = [(target, tuple(same)) for target, same in groupby(sends, key=lambda x: x.target)]
    if level == "story":
        rows = [
            _Row(grid.lines(_words(target), TARGET), TARGET, target, found)
            for target, found in targets
        ]
        y = _group(parts, grid, [], list(grid.at), rows, y) + 14
    else:
        for target, found in targets:
            rows = [
                _Row(grid.lines(event, EVENT), EVENT, target, tuple(same))
                for event, same in groupby(found, key=lambda x: x.event)
            ]
            name, about = _words(target), told(system.tables[target]).title
            said = [Paragraph(name, MACHINE), *([Paragraph(about, SMALL)] * (about != name))]
            near = {target, *(lane for row in rows for lane in row.senders)}
            shown = [lane for lane in grid.at if lane in near]
            y = _group(parts, grid, said, shown, rows, y) + 16
    below = [Paragraph(note, SMALL) for note in _notes(system.sent)]
    parts += drawn(below, MARGIN, y, room)
    described = " ".join(f"{_lane(each)} to {each.target}: {each.event}." for each in sends)
    return Svg(shapes.document(parts, y + height(below, room) + 6, title, described, theme))


def _lane(sent: Sent) -> str:
    return sent.sender or OUTSIDE


def _words(name: str) -> str:
    return name.replace("_", " ")


def _legend(sends: Sequence[Sent]) -> str:
    ways = len({(each.sender, each.target) for each in sends})
    return (
        f"{len(sends)} message{'s' * (len(sends) != 1)}, between {ways} "
        f"pair{'s' * (ways != 1)} of machines or with the outside. A dot sends, an arrow leads to "
        "who gets it. A dot on the lane of who gets it: the machine tells itself."
    )


def _notes(sent: SentInSystem) -> Iterator[str]:
    """What a reader has to know of what is not shown."""
    if sent.silent:
        yield f"Not declared: what {', '.join(map(_words, sent.silent))} may send."
    for machine, event in sent.never_sent:
        yield f"Nobody sends {event} to {_words(machine)}."


def _grid(lanes: Sequence[str], events: Sequence[str]) -> _Grid:
    room = WIDTH - 2 * MARGIN
    longest = max((width(event, EVENT.size, mono=True) for event in events), default=0.0)
    names = min(longest + 14, room * 0.34)
    step = (room - names) / max(len(lanes), 1)
    first = MARGIN + names + step / 2
    return _Grid(names, {lane: first + step * index for index, lane in enumerate(lanes)})


def _group(
    parts: list[str],
    grid: _Grid,
    title: Sequence[Paragraph],
    shown: Sequence[str],
    rows: Sequence[_Row],
    y: float,
) -> float:
    """Rows below the names of their lanes; returns where they end (px)."""
    targets = {row.target for row in rows}
    labels = _labels(grid, shown)
    levels = max((level for level, _ in labels.values()), default=0) + 1
    above = max(height(title, grid.names - 10), levels * LABEL.leading) + 6
    parts += drawn(title, MARGIN, y, grid.names - 10)
    for lane, (level, x) in labels.items():
        looks = ("bold", "t-waiting") if targets == {lane} else LABEL.classes
        baseline = y + above - 9 - level * LABEL.leading
        parts.append(shapes.text(x, baseline, _words(lane), LABEL.size, *looks, "middle"))
    y += above
    bottom = y + sum(row.tall for row in rows)
    parts += (
        f'<path class="thin s-faint" d="M{grid.at[lane]:.1f} {y:.1f}V{bottom:.1f}"/>'
        for lane in shown
    )
    for row in rows:
        parts += _drawn(grid, row, y)
        y += row.tall
    return bottom


def _labels(grid: _Grid, lanes: Sequence[str]) -> dict[str, tuple[int, float]]:
    """For each lane how high its label stands, so that no two meet, and where its middle is."""
    free: list[float] = []
    """From where on each level is free (px)."""
    found: dict[str, tuple[int, float]] = {}
    for lane in lanes:
        half = width(_words(lane), LABEL.size, bold=True) / 2
        x = min(max(grid.at[lane], MARGIN + grid.names + half), WIDTH - MARGIN - half)
        level = next((n for n, at in enumerate(free) if x - half > at), len(free))
        free[level : level + 1] = [x + half + APART]
        found[lane] = level, x
    return found


def _drawn(grid: _Grid, row: _Row, y: float) -> Iterator[str]:
    """The words of a row, and an arrow from each side on which somebody sends."""
    aim, middle = grid.at[row.target], y + row.tall / 2
    yield f'<path class="thin s-faint" d="M{MARGIN:g} {y:.1f}H{WIDTH - MARGIN:g}"/>'
    yield shapes.box(aim - HALF, y + 0.5, 2 * HALF, row.tall - 0.5, "f-waiting", radius=0)
    first = middle - row.style.leading * (len(row.lines) - 1) / 2 + row.style.size * 0.35
    for index, line in enumerate(row.lines):
        baseline = first + row.style.leading * index
        yield shapes.text(MARGIN, baseline, line, row.style.size, *row.style.classes)
    for side in (-1, 1):
        starts = [grid.at[lane] for lane in row.senders if (grid.at[lane] - aim) * side > 0]
        if starts:
            far = max(starts, key=lambda x: abs(x - aim))
            points = ((far, middle), (aim + HALF * side, middle))
            yield shapes.arrow(points, Tone.NEUTRAL.value, value=0)
    for lane, sends in row.senders.items():
        said = f"{_lane(sends[0])} to {row.target}: {', '.join(each.event for each in sends)}"
        dot = f'<circle class="dot" cx="{grid.at[lane]:.1f}" cy="{middle:.1f}" r="{DOT:g}"/>'
        yield f'<g class="neutral">{shapes.hint([dot], said)}</g>'
