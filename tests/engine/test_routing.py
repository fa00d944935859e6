"""Routes of arrows: whatever the states and arrows are, each arrow can be followed by eye.

Boards are generated, and looked at as geometry: no line runs through a card or along another one,
no two ends share a place, and no number lies on a card, on another arrow or on another number.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine.diagram.placing import Cell
from relink.engine.diagram.plans import Link
from relink.engine.diagram.routing import WIDTH, Board, Drawn, board

from ..profile import examples

TOP = 40.0
NEAR = 0.01
"""Pixels that are no difference."""

RADIUS = 8.5
"""Of the circle around a number."""

Segment = tuple[tuple[float, float], tuple[float, float]]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""


@st.composite
def boards(draw: st.DrawFn) -> tuple[list[Link], dict[Cell, float], Board]:
    """Some arrows between the cards of a grid, the least height of each card, and the board."""
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    pairs = draw(st.lists(st.tuples(*[st.sampled_from(cells)] * 2), unique=True, max_size=14))
    usual = draw(st.integers(0, len(pairs)))
    links = [Link(n, *pair, n <= usual) for n, pair in enumerate(pairs, 1)]
    least = {cell: draw(st.sampled_from([48.0, 75.5, 120.0, 210.0])) for cell in cells}

    def heights(card: float) -> Mapping[Cell, float]:
        assert card > 0
        return least

    return links, least, board(links, rows, columns, heights, TOP)


def cards(found: Board) -> dict[Cell, Box]:
    """Where each card is."""
    return {
        (row, column): (
            found.left[column],
            found.top[row],
            found.left[column] + found.card,
            found.top[row] + high,
        )
        for (row, column), high in found.heights.items()
    }


def segments(drawn: Drawn) -> Iterator[Segment]:
    return pairwise(drawn.points)


def crosses(segment: Segment, box: Box) -> bool:
    """Whether a part of a line lies within a box."""
    (x, y), (to_x, to_y) = segment
    left, top, right, bottom = box
    return (
        max(min(x, to_x), left) < min(max(x, to_x), right) - NEAR and top + NEAR < y < bottom - NEAR
        if abs(y - to_y) < NEAR
        else max(min(y, to_y), top) < min(max(y, to_y), bottom) - NEAR
        and left + NEAR < x < right - NEAR
    )


def lie_on_each_other(one: Segment, other: Segment) -> bool:
    """Whether two lines share more than a point."""
    for axis in (0, 1):
        (a, b), (c, d) = one, other
        is_same = abs(a[axis] - b[axis]) < NEAR and abs(c[axis] - d[axis]) < NEAR
        if is_same and abs(a[axis] - c[axis]) < NEAR:
            first, second = (sorted(point[1 - axis] for point in line) for line in (one, other))
            if max(first[0], second[0]) < min(first[1], second[1]) - NEAR:
                return True
    return False


def distance(point: tuple[float, float], segment: Segment) -> float:
    """Between a point and a line that is level or upright."""
    (x, y), (to_x, to_y) = segment
    across = max(min(x, to_x) - point[0], 0, point[0] - max(x, to_x))
    along = max(min(y, to_y) - point[1], 0, point[1] - max(y, to_y))
    return float((across**2 + along**2) ** 0.5)


MANY: Callable[[object], object] = settings(max_examples=examples(700))


@MANY
@given(boards())
def test_an_arrow_leads_from_the_border_of_its_source_to_that_of_its_target(
    made: tuple[list[Link], dict[Cell, float], Board],
) -> None:
    links, least, found = made
    at = cards(found)
    drawn = {each.link.number: each for each in found.drawn}
    assert {link.number for link in links} == drawn.keys() | found.left_out
    assert not drawn.keys() & found.left_out
    assert found.left_out >= {link.number for link in links if link.source == link.target}
    for cell, (left, top, right, bottom) in at.items():
        assert bottom - top >= least[cell]
        assert left >= 0
        assert right <= WIDTH
        assert top >= TOP
        assert bottom <= found.bottom
    for one, other in combinations(at.values(), 2):
        assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    for each in found.drawn:
        for end, cell in ((0, each.link.source), (-1, each.link.target)):
            x, y = each.points[end]
            left, top, right, bottom = at[cell]
            is_beside = min(abs(x - left), abs(x - right)) < NEAR and top + 8 < y < bottom - 8
            is_above = min(abs(y - top), abs(y - bottom)) < NEAR and left + 8 < x < right - 8
            assert is_beside or is_above
        for (x, y), (to_x, to_y) in segments(each):
            assert (abs(x - to_x) < NEAR) != (abs(y - to_y) < NEAR), each.points
            assert min(x, to_x) > 0
            assert max(x, to_x) < WIDTH
            assert max(y, to_y) <= found.bottom


@MANY
@given(boards())
def test_no_arrow_runs_through_a_card_or_along_another_arrow(
    made: tuple[list[Link], dict[Cell, float], Board],
) -> None:
    _, _, found = made
    at = cards(found)
    for each in found.drawn:
        for segment in segments(each):
            assert not any(crosses(segment, box) for box in at.values())
    for one, other in combinations(found.drawn, 2):
        for segment in segments(one):
            assert not any(lie_on_each_other(segment, each) for each in segments(other))
    ends = [each.points[end] for each in found.drawn for end in (0, -1)]
    for (x, y), (to_x, to_y) in combinations(ends, 2):
        assert abs(x - to_x) + abs(y - to_y) > 5


@MANY
@given(boards())
def test_the_number_of_an_arrow_lies_on_its_first_bit_and_on_nothing_else(
    made: tuple[list[Link], dict[Cell, float], Board],
) -> None:
    _, _, found = made
    at = cards(found)
    for each in found.drawn:
        x, y = each.number_at
        assert distance((x, y), next(segments(each))) < NEAR
        for left, top, right, bottom in at.values():
            across = max(left - x, 0, x - right)
            along = max(top - y, 0, y - bottom)
            assert (across**2 + along**2) ** 0.5 > RADIUS
    for one, other in combinations(found.drawn, 2):
        (x, y), (to_x, to_y) = one.number_at, other.number_at
        assert ((x - to_x) ** 2 + (y - to_y) ** 2) ** 0.5 > 2 * RADIUS
        for it, line in ((one, other), (other, one)):
            assert all(distance(it.number_at, each) > RADIUS for each in segments(line))


def test_few_arrows_are_never_left_out() -> None:
    cells = [(row, column) for row in range(3) for column in range(3)]
    ring = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0)]
    links = [Link(n, *pair, True) for n, pair in enumerate(pairwise(ring), 1)]
    found = board(links, 3, 3, lambda card: dict.fromkeys(cells, 80.0), TOP)
    assert found.left_out == frozenset()
    assert all(len(each.points) == 2 for each in found.drawn)


# -- Room -----------------------------------------------------------------------------------------

NUMBER = 25.0
"""What the number of an arrow needs beside its card (px)."""
HEAD = 15.0
"""What its head needs."""


def borders(found: Board) -> dict[tuple[str, int, int], list[tuple[float, int]]]:
    """The ends of arrows: by whether they meet a gap between columns or rows, by that gap and the
    row or column of the card. Each has its place along the border, and the number of its arrow."""
    at = cards(found)
    met: dict[tuple[str, int, int], list[tuple[float, int]]] = {}
    for each in found.drawn:
        for end, cell in ((0, each.link.source), (-1, each.link.target)):
            (x, y), (row, column) = each.points[end], cell
            left, _, right, bottom = at[cell]
            if min(abs(x - left), abs(x - right)) < NEAR:
                key = ("column", column + (abs(x - right) < NEAR), row)
                met.setdefault(key, []).append((y, each.link.number))
            else:
                key = ("row", row + (abs(y - bottom) < NEAR), column)
                met.setdefault(key, []).append((x, each.link.number))
    return met


@settings(max_examples=examples(300))
@given(boards())
def test_ends_of_arrows_are_evenly_apart_and_begin_beside_the_name_of_a_card(
    made: tuple[list[Link], dict[Cell, float], Board],
) -> None:
    _, least, found = made
    assert_spread(found, least)


def assert_spread(found: Board, least: Mapping[Cell, float]) -> None:
    """Ends are as they should be, in cards that are as high as their words and ends need."""
    at = cards(found)
    needed = dict(least)
    for (kind, index, along), ends in borders(found).items():
        # Both ends of a straight arrow are in the same place, on two cards.
        places = sorted({round(place, 3) for place, _ in ends})
        steps = [after - before for before, after in pairwise(places)]
        assert all(abs(step - steps[0]) < NEAR for step in steps)
        assert all(23 - NEAR <= step <= (34 if kind == "column" else 56) + NEAR for step in steps)
        if kind == "column":
            assert abs(places[0] - found.top[along] - 27) < NEAR
            for cell in ((along, index - 1), (along, index)):
                if cell in needed:
                    room = 27 + 23 * (len(places) - 1) + 11.5
                    needed[cell] = max(needed[cell], room)
                    assert places[-1] <= at[cell][3] - 11.5 + NEAR
        else:
            middle = found.left[along] + found.card / 2
            assert abs((places[0] + places[-1]) / 2 - middle) < NEAR
    assert found.heights == needed


@settings(max_examples=examples(300))
@given(boards())
def test_a_gap_has_room_for_numbers_heads_and_tracks_and_no_more(
    made: tuple[list[Link], dict[Cell, float], Board],
) -> None:
    _, _, found = made
    for each in found.drawn:
        ways = list(segments(each))
        if len(ways) == 1:
            assert length(ways[0]) >= NUMBER + HEAD - NEAR
        else:
            assert length(ways[0]) >= NUMBER - NEAR
            assert length(ways[-1]) >= HEAD - NEAR
        (x, y), (at_x, at_y) = each.points[0], each.number_at
        assert abs(abs(at_x - x) + abs(at_y - y) - 14) < NEAR
    middles = [
        (each.link.number, part) for each in found.drawn for part in list(segments(each))[1:-1]
    ]
    for (one, here), (other, there) in combinations(middles, 2):
        if one != other and is_level(here) == is_level(there) and overlap(here, there):
            axis = int(is_level(here))
            assert abs(here[0][axis] - there[0][axis]) >= 11 - NEAR
    for kind, starts, sizes, edges in (
        ("column", found.left, [found.card] * len(found.left), (12.0, WIDTH - 12)),
        ("row", found.top, tallest(found), (TOP, found.bottom)),
    ):
        ends = [edges[0], *(start + size for start, size in zip(starts, sizes, strict=True))]
        rooms = [after - before for before, after in zip(ends, [*starts, edges[1]], strict=True)]
        used = {index for (sort, index, _) in borders(found) if sort == kind}
        for index, room in enumerate(rooms):
            if index not in used:
                assert abs(room - (18 if 0 < index < len(rooms) - 1 else 0)) < NEAR
            else:
                assert room >= 18 - NEAR


@pytest.mark.parametrize("high", [48.0, 96.0, 150.0, 400.0])
@pytest.mark.parametrize("count", range(1, 12))
def test_many_ends_at_the_side_of_a_card_are_spread_over_it(count: int, high: float) -> None:
    least = {(row, 0): high for row in range(3)}
    links = [Link(n, (0, 0), (2, 0), False) for n in range(1, count + 1)]
    found = board(links, 3, 1, lambda card: least, TOP)
    assert len(found.drawn) == count
    assert_spread(found, least)


@pytest.mark.parametrize("count", [1, 2, 33, 34, 35, 36])
def test_ends_below_a_card_need_their_room_and_the_last_ones_are_left_out(count: int) -> None:
    # The only card of a row is 806 px wide: 35 times 23 px.
    least = {(row, 0): 80.0 for row in range(2)}
    links = [Link(n, (0, 0), (1, 0), n == count) for n in range(1, count + 1)]
    found = board(links, 2, 1, lambda card: least, TOP)
    assert found.card == WIDTH - 24
    assert_spread(found, least)
    # The one of the usual way stays, though its number is the highest.
    assert found.left_out == set(range(34, count))


def length(segment: Segment) -> float:
    (x, y), (to_x, to_y) = segment
    return abs(x - to_x) + abs(y - to_y)


def is_level(segment: Segment) -> bool:
    return abs(segment[0][1] - segment[1][1]) < NEAR


def overlap(one: Segment, other: Segment) -> bool:
    """Whether two lines that are both level, or both upright, are beside each other somewhere."""
    axis = 1 - int(is_level(one))
    (a, b), (c, d) = (sorted(point[axis] for point in line) for line in (one, other))
    return max(a, c) <= min(b, d)


def tallest(found: Board) -> list[float]:
    """The height of each row."""
    return [
        max(high for (at, _), high in found.heights.items() if at == row)
        for row in range(len(found.top))
    ]
