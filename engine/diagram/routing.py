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
from typing import Literal

from .placing import Cell, distance

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

Gap = tuple[Literal["row", "column"], int]
"""The gap above a row, or left of a column. There is one more than rows, or columns."""
PortPlace = tuple[Gap, int]
"""A gap, and the column, or row, of the card that faces it."""
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow to route."""

    number: int
    source: Cell
    target: Cell
    is_usual: bool


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
class _Plan:
    """The gaps that an arrow runs through, in order; none of them has a track if it is straight."""

    link: Link
    gaps: tuple[Gap, ...]
    is_straight: bool
    ports: tuple[PortPlace, ...] = ()


@dataclass(slots=True)
class _Layout:
    plans: list[_Plan]
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
        layout = _Layout(_plans(kept, rows, columns))
        _place_ports(layout)
        _lay_tracks(
            layout, ("column",), lambda where, index, size: where * 10 + 1 + 8 * index / size
        )
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


# -- Which gaps -----------------------------------------------------------------------------------


def _plans(links: Sequence[Link], rows: int, columns: int) -> list[_Plan]:
    load: dict[Gap, int] = {}
    plans = []
    for link in sorted(links, key=lambda link: distance(link.source, link.target)):
        plan = _plan(link, load, rows, columns)
        if not plan.is_straight:
            for gap in plan.gaps:
                load[gap] = load.get(gap, 0) + 1
        plan.ports = tuple(_places_of(plan))
        plans.append(plan)
    return sorted(plans, key=lambda plan: plan.link.number)


def _plan(link: Link, load: Mapping[Gap, int], rows: int, columns: int) -> _Plan:
    (row, column), (to_row, to_column) = link.source, link.target
    down, across = abs(to_row - row), abs(to_column - column)
    lower, right = max(row, to_row), max(column, to_column)

    def emptiest(gaps: Iterator[Gap]) -> Gap:
        return min(gaps, key=lambda gap: load.get(gap, 0))

    if down == 0 and across == 1:
        return _Plan(link, (("column", right),), True)
    if down == 1 and across == 0:
        return _Plan(link, (("row", lower),), True)
    if down == 0:
        # Above the first row, and below the last one, nothing is in the way.
        first = row if row < rows - 1 or rows == 1 else row + 1
        return _Plan(link, (emptiest(iter((("row", first), ("row", 2 * row + 1 - first)))),), False)
    if down == 1:
        return _Plan(link, (("row", lower),), False)
    if across == 0:
        gaps: list[Gap] = [("column", column), ("column", column + 1)]
        if 0 < column < columns - 1 or columns == 1:
            return _Plan(link, (emptiest(iter(gaps)),), False)
        outer = gaps[0] if column == 0 else gaps[1]
        inner = gaps[1] if column == 0 else gaps[0]
        return _Plan(link, (emptiest(iter((outer, inner))),), False)
    if across == 1:
        return _Plan(link, (("column", right),), False)
    beside: Gap = ("column", column + 1 if to_column > column else column)
    return _Plan(link, (beside, ("row", to_row if to_row > row else to_row + 1)), False)


def _places_of(plan: _Plan) -> Iterator[PortPlace]:
    link = plan.link
    first, last = plan.gaps[0], plan.gaps[-1]
    yield first, link.source[first[0] == "row"]
    yield last, link.target[last[0] == "row"]


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


def _direction(plan: _Plan, end: int) -> tuple[int, int]:
    """Which way an arrow goes from its port: those that go left, or up, have ports there."""
    (kind, _), place = plan.ports[end]
    axis = int(kind == "row")
    here, there = (plan.link.source, plan.link.target)[:: 1 - 2 * end]
    away = there[axis] - here[axis]
    if len(plan.gaps) == 2:
        away = 1 if plan.gaps[1 - end][1] > place else -1
    return (away > 0) - (away < 0), plan.link.number


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


def _lay_tracks(
    layout: _Layout, kinds: tuple[str, ...], position: Callable[[int, float, float], float]
) -> None:
    """Give arrows tracks in the gaps between columns; only the order of ports is known yet."""
    spans: dict[Gap, list[tuple[float, float, int]]] = {}
    for plan in layout.plans:
        gap = plan.gaps[0]
        if plan.is_straight or gap[0] not in kinds:
            continue
        ends = []
        for place in plan.ports:
            if place[0] == gap:
                order = [number for number, _ in layout.ports[place]]
                ends.append(position(place[1], order.index(plan.link.number) + 1, len(order) + 1))
            else:
                ends += [place[0][1] * 10 - 1.0, place[0][1] * 10 + 1.0]
        spans.setdefault(gap, []).append((min(ends), max(ends), plan.link.number))
    for gap, found in spans.items():
        _colour(layout, gap, found, 0.2)


def _lay_row_tracks(
    layout: _Layout,
    xs: Mapping[tuple[int, int], float],
    column_x: Mapping[tuple[int, Gap], float],
) -> None:
    spans: dict[Gap, list[tuple[float, float, int]]] = {}
    for plan in layout.plans:
        gap = plan.gaps[-1]
        if plan.is_straight or gap[0] != "row":
            continue
        number = plan.link.number
        start = column_x[number, plan.gaps[0]] if len(plan.gaps) == 2 else xs[number, 0]
        left, right = sorted((start, xs[number, 1]))
        spans.setdefault(gap, []).append((left, right, number))
    for gap, found in spans.items():
        _colour(layout, gap, found, 8.0)


def _colour(layout: _Layout, gap: Gap, spans: list[tuple[float, float, int]], apart: float) -> None:
    """Give each span the first track on which it touches no other; short ones first."""
    taken: list[list[tuple[float, float]]] = []
    for low, high, number in sorted(spans, key=lambda span: (span[1] - span[0], span[2])):
        free = (
            track
            for track, others in enumerate(taken)
            if all(high + apart < start or end + apart < low for start, end in others)
        )
        track = next(free, len(taken))
        if track == len(taken):
            taken.append([])
        taken[track].append((low, high))
        layout.tracks[number, gap] = track
    layout.sizes[gap] = len(taken)


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
    tracks = layout.sizes.get(gap, 0)
    needed = before + after + TRACK * max(tracks - 1, 0) + (4 if tracks else 0)
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
    tracks = layout.sizes[gap]
    spare = _size(layout, gap, last) - before - after - TRACK * (tracks - 1)
    track = layout.tracks[number, gap]
    # Long ones, which come last, run outside.
    if index == 0:
        track = tracks - 1 - track
    return start + before + spare / 2 + TRACK * track


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

    def port(self, plan: _Plan, end: int) -> Point:
        """Where an arrow meets the border of a card."""
        (kind, index), _ = plan.ports[end]
        row, column = (plan.link.source, plan.link.target)[end]
        along = self.ports[plan.link.number, end]
        if kind == "row":
            y = self.top[row] if index == row else self.top[row] + self.heights[row, column]
            return along, y
        x = self.left[column] if index == column else self.left[column] + self.card
        return x, along


def _drawn(plan: _Plan, at: _Places) -> Drawn:
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
