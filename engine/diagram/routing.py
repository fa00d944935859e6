"""Routes: how arrows get from card to card without touching a word.

Cards stand in a grid. Between its rows and columns are *gaps*, and arrows run only there, so none
can cross a card. Each end of an arrow has a *port* of its own on the border of a card, so that no
head sits on the tail of another arrow. Each part that runs along a gap has a *track* of its own in
it, so that no two arrows lie on each other. The number of an arrow sits on its first bit, in a zone
beside the card that no track enters: a line can cross other lines, but nothing that is written.

Where the room does not suffice, arrows of lesser weight are left out; the cards name their targets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .placing import Cell
from .plans import Gap, Link, Plan, PortPlace, plans_of
from .tracks import Span, tracks

WIDTH = 830.0
"""The width of every picture (px): that of a README's text on GitHub."""

MARGIN = 12.0
NUMBER_ZONE = 25.0
"""Room beside a card for the numbers of the arrows that start there (px)."""
HEAD_ZONE = 15.0
"""Room beside a card for the heads of the arrows that end there."""
TRACK = 11.0
"""Between two tracks."""
PORT = 23.0
"""Between two ports, at least."""
FIRST_PORT = 27.0
"""Between the upper border of a card and the first port at its side: beside its name."""
NARROWEST_GAP = 18.0
NARROWEST_CARD = 176.0
NUMBER_AT = 14.0
"""Between the border of a card and the middle of a number."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The way of an arrow: its corners, and where its number is."""

    link: Link
    points: tuple[Point, ...]
    number_at: Point


@dataclass(frozen=True, slots=True)
class Board:
    """A grid with its arrows, measured (px)."""

    left: tuple[float, ...]
    """Where each column begins."""
    top: tuple[float, ...]
    """Where each row begins."""
    card: float
    """The width of a card."""
    heights: Mapping[Cell, float]
    """The height of each card."""
    bottom: float
    drawn: tuple[Drawn, ...]
    left_out: frozenset[int]
    """Numbers of arrows for which there is no room."""


@dataclass(slots=True)
class _Layout:
    plans: list[Plan]
    ports: dict[PortPlace, list[tuple[int, int]]] = field(default_factory=dict)
    """The ends of arrows by their place, in order: the number, and 0 for its source, 1 for its
    target, or 2 for both ends of a straight one."""
    tracks: dict[tuple[int, Gap], int] = field(default_factory=dict)
    """The track of an arrow in a gap."""
    sizes: dict[Gap, int] = field(default_factory=dict)
    """How many tracks a gap has."""


def board(
    links: Sequence[Link],
    rows: int,
    columns: int,
    heights: Callable[[float], Mapping[Cell, float]],
    top: float,
) -> Board:
    """Measure a grid and route its arrows.

    Args:
        links: The arrows, the more important ones first.
        rows: How many rows of cards there are.
        columns: How many columns.
        heights: Gives the height that each card needs for what it says, for a width of cards.
        top: Where the picture's grid begins (px).
    """
    kept = [link for link in links if link.source != link.target]
    left_out = {link.number for link in links if link.source == link.target}
    while True:
        layout = _Layout(plans_of(kept, rows, columns))
        _place_ports(layout)
        _lay_column_tracks(layout)
        widths = [_size(layout, ("column", index), columns) for index in range(columns + 1)]
        card = (WIDTH - 2 * MARGIN - sum(widths)) / columns
        crowded = _crowded(layout, card)
        if not crowded:
            break
        least = max(crowded, key=lambda link: (not link.is_usual, link.number))
        kept.remove(least)
        left_out.add(least.number)
    left = [MARGIN + sum(widths[: index + 1]) + card * index for index in range(columns)]
    xs = _row_ports(layout, left, card)
    needed = dict(heights(card))
    _make_room(layout, needed)
    tall = [max(high for (at, _), high in needed.items() if at == row) for row in range(rows)]
    column_x = {
        (number, gap): _track_at(layout, number, gap, left, [card] * columns, MARGIN, columns)
        for number, gap in layout.tracks
        if gap[0] == "column"
    }
    _lay_row_tracks(layout, xs, column_x)
    tops: list[float] = []
    y = top
    for row in range(rows):
        y += _size(layout, ("row", row), rows)
        tops.append(y)
        y += tall[row]
    bottom = y + _size(layout, ("row", rows), rows)
    ys = _column_ports(layout, tops, needed)
    row_y = {
        (number, gap): _track_at(layout, number, gap, tops, tall, top, rows)
        for number, gap in layout.tracks
        if gap[0] == "row"
    }
    at = _Places(left, card, tops, needed, xs | ys, column_x | row_y)
    drawn = tuple(_drawn(plan, at) for plan in layout.plans)
    return Board(tuple(left), tuple(tops), card, needed, bottom, drawn, frozenset(left_out))


# -- Ports ----------------------------------------------------------------------------------------


def _place_ports(layout: _Layout) -> None:
    keys: dict[PortPlace, list[tuple[tuple[int, int], tuple[int, int]]]] = {}
    for plan in layout.plans:
        number = plan.link.number
        if plan.is_straight:
            keys.setdefault(plan.ports[0], []).append(((0, number), (number, 2)))
            continue
        for end, place in enumerate(plan.ports):
            keys.setdefault(place, []).append((_direction(plan, end), (number, end)))
    for place, found in keys.items():
        layout.ports[place] = [which for _, which in sorted(found)]


def _direction(plan: Plan, end: int) -> tuple[int, int]:
    """Which way an arrow goes from its port: those that go left, or up, have ports there."""
    (kind, _), place = plan.ports[end]
    axis = int(kind == "row")
    here, there = (plan.link.source, plan.link.target)[:: 1 - 2 * end]
    away = there[axis] - here[axis]
    if len(plan.gaps) == 2:
        away = 1 if plan.gaps[1 - end][1] > place else -1
    sign = (away > 0) - (away < 0)
    # Of arrows that return to the side that they come from, one is around the other.
    returns = len(plan.gaps) == 1 and here[1 - axis] == there[1 - axis]
    return sign, -plan.link.number if returns and sign < 0 else plan.link.number


def _row_ports(layout: _Layout, left: Sequence[float], card: float) -> dict[tuple[int, int], float]:
    """Where ends of arrows are along the upper and lower borders of cards, around the middle."""
    found: dict[tuple[int, int], float] = {}
    for (gap, column), ends in layout.ports.items():
        if gap[0] == "row":
            step = min(card / (len(ends) + 1), 56.0)
            start = left[column] + card / 2 - step * (len(ends) - 1) / 2
            found.update(_spread(ends, start, step))
    return found


def _column_ports(
    layout: _Layout, tops: Sequence[float], heights: Mapping[Cell, float]
) -> dict[tuple[int, int], float]:
    """Where ends of arrows are along the sides of cards, from the heads of the cards on."""
    found: dict[tuple[int, int], float] = {}
    for (gap, row), ends in layout.ports.items():
        if gap[0] == "column":
            room = min(heights[cell] for cell in _facing(gap, row) if cell in heights)
            step = min((room - FIRST_PORT - PORT / 2) / max(len(ends) - 1, 1), 34.0)
            found.update(_spread(ends, tops[row] + FIRST_PORT, step))
    return found


def _spread(
    ends: Sequence[tuple[int, int]], start: float, step: float
) -> Iterator[tuple[tuple[int, int], float]]:
    for index, (number, end) in enumerate(ends):
        for each in (0, 1) if end == 2 else (end,):
            yield (number, each), start + step * index


def _facing(gap: Gap, row: int) -> tuple[Cell, Cell]:
    """The cells on both sides of a gap between columns."""
    return (row, gap[1] - 1), (row, gap[1])


def _make_room(layout: _Layout, heights: dict[Cell, float]) -> None:
    """Make cards high enough for the arrows at their sides."""
    for (gap, row), ends in layout.ports.items():
        if gap[0] == "column":
            least = FIRST_PORT + PORT * (len(ends) - 1) + PORT / 2
            for cell in _facing(gap, row):
                if cell in heights:
                    heights[cell] = max(heights[cell], least)


# -- Tracks ---------------------------------------------------------------------------------------


def _lay_column_tracks(layout: _Layout) -> None:
    """Give arrows tracks in the gaps between columns; only the order of ports is known yet."""
    spans: dict[Gap, list[Span]] = {}
    for plan in layout.plans:
        gap = plan.gaps[0]
        if plan.is_straight or gap[0] != "column":
            continue
        ends = []
        for end, place in enumerate(plan.ports):
            column = (plan.link.source, plan.link.target)[end][1]
            if place[0] == gap:
                order = [number for number, _ in layout.ports[place]]
                share = (order.index(plan.link.number) + 1) / (len(order) + 1)
                ends.append((place[1] * 10 + 1 + 8 * share, column < gap[1]))
            else:
                ends += [(place[0][1] * 10 + by, column < gap[1]) for by in (-1.0, 1.0)]
        spans.setdefault(gap, []).append(Span(plan.link.number, tuple(ends)))
    _lay(layout, spans, 0.2)


def _lay_row_tracks(
    layout: _Layout,
    xs: Mapping[tuple[int, int], float],
    column_x: Mapping[tuple[int, Gap], float],
) -> None:
    spans: dict[Gap, list[Span]] = {}
    for plan in layout.plans:
        gap, link = plan.gaps[-1], plan.link
        if plan.is_straight or gap[0] != "row":
            continue
        bent = len(plan.gaps) == 2
        start = column_x[link.number, plan.gaps[0]] if bent else xs[link.number, 0]
        ends = ((start, link.source[0] < gap[1]), (xs[link.number, 1], link.target[0] < gap[1]))
        spans.setdefault(gap, []).append(Span(link.number, ends))
    _lay(layout, spans, 8.0)


def _lay(layout: _Layout, spans: Mapping[Gap, Sequence[Span]], apart: float) -> None:
    for gap, found in spans.items():
        laid = tracks(found, apart)
        layout.tracks.update({(number, gap): track for number, track in laid.items()})
        layout.sizes[gap] = max(laid.values()) + 1


# -- Sizes ----------------------------------------------------------------------------------------


def _zones(layout: _Layout, gap: Gap, last: int) -> tuple[float, float]:
    """The room that numbers and heads need on both sides of a gap."""
    before = after = 0.0
    axis = int(gap[0] == "column")
    for plan in layout.plans:
        for end, place in enumerate(plan.ports):
            if place[0] != gap:
                continue
            cell = (plan.link.source, plan.link.target)[end]
            zone = HEAD_ZONE if end else NUMBER_ZONE
            if cell[axis] < gap[1]:
                before = max(before, zone)
            else:
                after = max(after, zone)
    return before, after


def _size(layout: _Layout, gap: Gap, last: int) -> float:
    before, after = _zones(layout, gap, last)
    size = layout.sizes.get(gap, 0)
    needed = before + after + TRACK * max(size - 1, 0) + (4 if size else 0)
    return max(needed, 0.0 if gap[1] in (0, last) else NARROWEST_GAP)


def _track_at(
    layout: _Layout,
    number: int,
    gap: Gap,
    begins: Sequence[float],
    sizes: Sequence[float],
    edge: float,
    last: int,
) -> float:
    """Where a track of a gap is."""
    before, after = _zones(layout, gap, last)
    index = gap[1]
    start = begins[index - 1] + sizes[index - 1] if index else edge
    spare = _size(layout, gap, last) - before - after - TRACK * (layout.sizes[gap] - 1)
    return start + before + spare / 2 + TRACK * layout.tracks[number, gap]


def _crowded(layout: _Layout, card: float) -> list[Link]:
    """The arrows among which one has to go, if there is not enough room."""
    by_number = {plan.link.number: plan.link for plan in layout.plans}
    if card < NARROWEST_CARD:
        bent = [number for number, gap in layout.tracks if gap[0] == "column"]
        return [by_number[number] for number in bent] or list(by_number.values())
    for (gap, _), ends in layout.ports.items():
        if gap[0] == "row" and PORT * (len(ends) + 1) > card:
            return [by_number[number] for number, _ in ends]
    return []


# -- Ways -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Places:
    left: Sequence[float]
    card: float
    top: Sequence[float]
    heights: Mapping[Cell, float]
    ports: Mapping[tuple[int, int], float]
    tracks: Mapping[tuple[int, Gap], float]

    def port(self, plan: Plan, end: int) -> Point:
        """Where an arrow meets the border of a card."""
        (kind, index), _ = plan.ports[end]
        row, column = (plan.link.source, plan.link.target)[end]
        along = self.ports[plan.link.number, end]
        if kind == "row":
            y = self.top[row] if index == row else self.top[row] + self.heights[row, column]
            return along, y
        x = self.left[column] if index == column else self.left[column] + self.card
        return x, along


def _drawn(plan: Plan, at: _Places) -> Drawn:
    start, end = at.port(plan, 0), at.port(plan, 1)
    points = [start]
    for gap in plan.gaps if not plan.is_straight else ():
        track = at.tracks[plan.link.number, gap]
        x, y = points[-1]
        points.append((x, track) if gap[0] == "row" else (track, y))
    if not plan.is_straight:
        x, y = points[-1]
        points.append((end[0], y) if plan.gaps[-1][0] == "row" else (x, end[1]))
    points.append(end)
    (x, y), (to_x, to_y) = points[:2]
    step_x, step_y = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
    return Drawn(plan.link, tuple(points), (x + NUMBER_AT * step_x, y + NUMBER_AT * step_y))
