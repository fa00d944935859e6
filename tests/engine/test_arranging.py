"""Arranging: with few states, no other places for them would let arrows cross less often.

Arrows are drawn for every place that a state may take, and crossings are counted by geometry.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine.diagram.arranging import arranged, crossings, links_of
from relink.engine.diagram.placing import Cell, columns, places
from relink.engine.diagram.plans import Link
from relink.engine.diagram.routing import Board, board
from relink.engine.diagram.told import Arrow, Told
from relink.engine.story import Plain

from ..profile import examples

Segment = tuple[tuple[float, float], tuple[float, float]]


@st.composite
def stories(draw: st.DrawFn) -> Told:
    """Up to six states, a usual way through most of them, and arrows."""
    states = [f"s{number}" for number in range(draw(st.integers(3, 6)))]
    way = states[: draw(st.integers(max(len(states) - 3, 1), len(states)))]
    is_round = len(way) > 2 and draw(st.booleans())
    usual = (*way, way[0]) if is_round else tuple(way)
    pairs = [(a, b) for a in states for b in states if a != b]
    others = draw(st.lists(st.sampled_from(pairs), unique=True, min_size=3, max_size=7))
    steps = list(pairwise(usual))
    both = list(dict.fromkeys([*steps, *others]))
    arrows = tuple(Arrow(n, *pair, "x", pair in steps) for n, pair in enumerate(both, 1))
    return Told("x", {s: Plain(s) for s in states}, usual, arrows, {}, (), "")


def made(story: Told, at: Mapping[str, Cell]) -> Board:
    rows = max(row for row, _ in at.values()) + 1
    heights = dict.fromkeys(at.values(), 100.0)
    return board(links_of(story, at), rows, columns(len(at)), lambda _: heights, 0)


def crossed(found: Board) -> int:
    return met([each.points for each in found.drawn])


def met(ways: Sequence[tuple[tuple[float, float], ...]]) -> int:
    """How often a level part of a way meets an upright one of another, inside both."""
    return sum(
        cross(one, other) or cross(other, one)
        for first, second in combinations(ways, 2)
        for one in pairwise(first)
        for other in pairwise(second)
    )


def cross(level: Segment, upright: Segment) -> bool:
    (ax, ay), (bx, by) = level
    (cx, cy), (dx, dy) = upright
    return ay == by and cx == dx and (ax - cx) * (bx - cx) < 0 and (cy - ay) * (dy - ay) < 0


def worth(story: Told, at: Mapping[str, Cell]) -> tuple[int, int]:
    found = made(story, at)
    return len(found.left_out), crossed(found)


@settings(max_examples=examples(150), deadline=None)
@given(stories())
def test_crossings_are_counted_as_geometry_has_them(story: Told):
    found = made(story, places(story))
    assert crossings(found) == crossed(found)


def allowed(story: Told, first: Mapping[str, Cell]) -> Iterator[dict[str, Cell]]:
    """All places in as many rows that keep the usual way, but for its end."""
    movable = [state for state in first if state not in story.usual]
    if len(story.usual) > 1 and story.usual[0] != story.usual[-1]:
        movable.append(story.usual[-1])
    kept = {state: cell for state, cell in first.items() if state not in movable}
    rows = max(row for row, _ in first.values()) + 1
    cells = [(row, column) for row in range(rows) for column in range(columns(len(first)))]
    free = [cell for cell in cells if cell not in kept.values()]
    for order in permutations(free, len(movable)):
        yield {**kept, **dict(zip(movable, order, strict=True))}


@settings(max_examples=examples(60), deadline=None)
@given(stories())
def test_no_other_places_of_few_states_let_arrows_cross_less_often(story: Told):
    first = places(story)
    best = worth(story, arranged(story))
    assert best <= worth(story, first)
    for shape in (first, places(story, squares_round=True)):
        for at in allowed(story, shape):
            assert best <= worth(story, at)


@settings(max_examples=examples(60), deadline=None)
@given(stories())
def test_states_stay_where_their_arrows_are_short_unless_fewer_would_cross(story: Told):
    first, found = places(story), arranged(story)
    assert found == first or worth(story, found) < worth(story, first)


@settings(max_examples=examples(150), deadline=None)
@given(st.data())
def test_no_other_order_of_tracks_beside_a_column_lets_arrows_cross_less_often(data: st.DataObject):
    rows = data.draw(st.integers(3, 6))
    cells = [(row, 0) for row in range(rows)]
    far = [(a, b) for a in cells for b in cells if abs(a[0] - b[0]) > 1]
    pairs = data.draw(st.lists(st.sampled_from(far), max_size=9))
    links = [Link(number, *pair, True) for number, pair in enumerate(pairs, 1)]
    found = board(links, rows, 1, lambda _: dict.fromkeys(cells, 100.0), 0)
    card_left, card_right = found.left[0], found.left[0] + found.card
    for border, away in ((card_left, -1), (card_right, 1)):
        ways = [each.points for each in found.drawn if abs(each.points[0][0] - border) < 0.01]
        here = met(ways)
        if len(ways) > 6:
            continue
        for order in permutations(range(len(ways))):
            tracks = [border + away * (position + 1) for position in order]
            moved = [
                (way[0], (x, way[0][1]), (x, way[-1][1]), way[-1])
                for way, x in zip(ways, tracks, strict=True)
            ]
            assert here <= met(moved)


def told(usual: str, others: str) -> Told:
    """A story of states with one digit: its usual way, and its other arrows."""
    steps = list(dict.fromkeys(pairwise(usual)))
    pairs = [*steps, *((a, b) for a, b in others.split())]
    arrows = tuple(Arrow(n, *pair, "x", pair in steps) for n, pair in enumerate(pairs, 1))
    states = sorted({state for pair in pairs for state in pair})
    return Told("x", {state: Plain(state) for state in states}, tuple(usual), arrows, {}, (), "")


@pytest.mark.parametrize(
    ("usual", "others", "rows"),
    [
        # Nothing crosses at first.
        ("0120", "10 21 02", "012"),
        ("0", "01 02 03 34 45 43 13", "015 234"),
        ("0123", "24 35 56 17 38 82 76", "012 483 765"),
        ("01234560", "47 38 10 41 08 03", "012 783 654"),
        ("0123", "04 05 50", "012 543"),
        ("012345", "46 47 28 27 14 72", "012 543 678"),
        ("0", "01 02 03 14 25 43 21 31 54", "025 314"),
        ("01230", "24 45 36 21", "015 324 6--"),
        # Others change places, or take free ones.
        ("0", "01 02 03 14 45 06 37 27 76 36", "014 325 67-"),
        ("0", "01 12 23 24 15 36 47 60 46 16 32", "032 164 5-7"),
        ("01", "02 23 34 35 03 54 40 12 32 52 20 51", "014 235"),
        ("01230", "34 45 52 24 53", "014 325"),
        ("012340", "25 36 07 58 27 17 84", "012 743 865"),
        # A round goes round a square, so that there is room beside it.
        ("0120", "03 24 23 10 30 04", "014 32-"),
        # The end of a way moves.
        ("012", "13 02 10 21 23 31 20 30", "01 23"),
        ("01", "12 13 32 02 21 31 03", "02 31"),
        ("0123", "14 25 16 53 62", "012 463 --5"),
    ],
)
def test_states_take_these_places(usual: str, others: str, rows: str):
    """As they were when somebody looked at these boards."""
    cells = {
        state: (row, column)
        for row, line in enumerate(rows.split())
        for column, state in enumerate(line)
        if state != "-"
    }
    assert arranged(told(usual, others)) == cells
