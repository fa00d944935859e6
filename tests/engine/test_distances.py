"""Distances: boards that are small enough to be measured by hand, to the pixel.

The sums are those of the module: 12 px of margin; beside a card 25 px for numbers and 15 px for
heads; 11 px between tracks, with 2 px before the first and after the last; 18 px at least between
two cards; 23 to 34 px between ends at the side of a card, the first 27 px below its upper border;
up to 56 px between ends above and below it; a number 14 px from where its arrow starts.
"""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from relink.engine.diagram.placing import Cell
from relink.engine.diagram.plans import Link, plans_of
from relink.engine.diagram.routing import Board, board

Pair = tuple[Cell, Cell]
Way = tuple[tuple[float, float], ...]

A, B, C = (0, 0), (0, 1), (0, 2)
D, E, F = (1, 0), (1, 1), (1, 2)
G, H, I = (2, 0), (2, 1), (2, 2)  # noqa: E741


def measured(pairs: Sequence[Pair], rows: int, columns: int, high: float = 100) -> Board:
    """A board whose cards need that height, with arrows between these cells, below 40 px."""
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    links = [Link(number, *pair, True) for number, pair in enumerate(pairs, 1)]
    return board(links, rows, columns, lambda _: dict.fromkeys(cells, float(high)), 40)


def ways(found: Board) -> list[Way]:
    return [each.points for each in found.drawn]


def numbers(found: Board) -> list[tuple[float, float]]:
    return [each.number_at for each in found.drawn]


def assert_ways(found: Board, *expected: Way) -> None:
    assert not found.left_out
    for way, points in zip(ways(found), expected, strict=True):
        assert [tuple(map(float, point)) for point in way] == [
            pytest.approx(point, abs=0.01) for point in points
        ]


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_without_arrows_cards_fill_the_width_18_px_apart(rows: int, columns: int):
    found = measured([], rows, columns)
    card = (830 - 24 - 18 * (columns - 1)) / columns
    assert found.card == pytest.approx(card)
    assert found.left == pytest.approx([12 + (card + 18) * n for n in range(columns)])
    assert found.top == pytest.approx([40 + 118 * n for n in range(rows)])
    assert found.bottom == pytest.approx(40 + 118 * rows - 18)
    assert found.drawn == ()


def test_a_row_is_as_high_as_its_highest_card():
    heights = {A: 50.0, B: 90.0, D: 70.0, E: 60.0}
    found = board([], 2, 2, lambda _: heights, 40)
    assert found.top == (40, 40 + 90 + 18)
    assert found.bottom == 148 + 70
    assert found.heights == heights


def test_neighbours_are_joined_by_straight_lines():
    found = measured([(A, B), (B, A)], 1, 2)
    # The gap: a number and a head on either side, so 25 and 25.
    assert found.left == (12, 440)
    assert found.card == 378
    assert_ways(found, ((390, 67), (440, 67)), ((440, 101), (390, 101)))
    assert numbers(found) == [(404, 67), (426, 101)]
    found = measured([(A, B)], 1, 2)
    assert (found.card, found.left) == (383, (12, 435))
    found = measured([(A, D), (D, A)], 2, 1)
    assert found.top == (40, 190)
    assert found.bottom == 290
    assert_ways(found, ((387, 140), (387, 190)), ((443, 190), (443, 140)))
    assert numbers(found) == [(387, 154), (443, 176)]
    found = measured([(A, D)], 2, 1)
    assert found.top == (40, 180)
    assert_ways(found, ((415, 140), (415, 180)))


def test_ends_at_a_side_are_23_px_apart_where_the_card_is_low_and_34_where_it_is_high():
    both = [(A, B), (B, A)]
    for high, tall, second in ((20, 61.5, 50), (61.5, 61.5, 50), (65.5, 65.5, 54), (90, 90, 61)):
        found = measured(both, 1, 2, high)
        assert found.heights == dict.fromkeys([A, B], tall)
        assert [way[0][1] for way in ways(found)] == [40 + 27, 40 + second]


def test_an_end_of_its_own_needs_a_card_of_38_5_px():
    assert measured([(A, B)], 1, 2, 10).heights == {A: 38.5, B: 38.5}
    assert measured([(A, B)], 1, 3, 10).heights == {A: 38.5, B: 38.5, C: 10}


def test_an_arrow_over_a_neighbour_runs_above_the_first_row_then_below_it():
    found = measured([(A, C), (C, A)], 1, 3)
    # Above and below: 25 for a number, and 2 on either side of the only track.
    assert found.top == (69,)
    assert found.bottom == 69 + 100 + 29
    a, c = 12 + found.card / 2, 830 - 12 - found.card / 2
    assert_ways(
        found, ((a, 69), (a, 42), (c, 42), (c, 69)), ((c, 169), (c, 196), (a, 196), (a, 169))
    )
    assert numbers(found)[0] == pytest.approx((a, 55))
    assert numbers(found)[1] == pytest.approx((c, 183))


def test_of_two_that_run_along_a_gap_between_the_same_cards_one_is_around_the_other():
    found = measured([(A, C), (C, A), (A, C)], 2, 3)
    a, c = 12 + found.card / 2, 830 - 12 - found.card / 2
    assert found.top == (80, 80 + 100 + 29)
    assert_ways(
        found,
        ((a - 28, 80), (a - 28, 42), (c + 28, 42), (c + 28, 80)),
        ((c, 180), (c, 207), (a, 207), (a, 180)),
        ((a + 28, 80), (a + 28, 53), (c - 28, 53), (c - 28, 80)),
    )


def test_an_arrow_over_a_row_runs_outside_the_first_and_the_last_column():
    found = measured([(A, G), (H, B)], 3, 2)
    assert found.left == (12 + 29, 12 + 29 + 365 + 18)
    assert_ways(
        found,
        ((41, 67), (14, 67), (14, 303), (41, 303)),
        ((789, 303), (816, 303), (816, 67), (789, 67)),
    )
    assert numbers(found) == [(27, 67), (803, 303)]


def test_an_arrow_to_a_far_cell_runs_along_two_gaps():
    found = measured([(A, I)], 3, 3)
    # Beside the source: a number, and a track; above the target: a head, and a track.
    assert found.left == (12, 12 + 253 + 29, 12 + 253 + 29 + 253 + 18)
    assert found.top == (40, 158, 258 + 19)
    assert_ways(found, ((265, 67), (292, 67), (292, 260), (691.5, 260), (691.5, 277)))
    assert numbers(found) == [(279, 67)]
    back = measured([(I, A)], 3, 3)
    assert back.top == (40, 40 + 100 + 19, 40 + 100 + 19 + 100 + 18)
    [way] = ways(back)
    assert len(way) == 5
    assert way[0][0] == back.left[2]
    assert way[1][0] == pytest.approx(back.left[2] - 25 - 2)
    assert way[2][1] == pytest.approx(140 + 15 + 2)
    assert way[-1] == pytest.approx((12 + back.card / 2, 140))


def test_arrows_across_a_gap_each_have_a_track():
    found = measured([(A, E), (E, A)], 2, 2)
    assert found.top == (40, 140 + 25 + 2 + 11 + 2 + 25)
    a, e = 12 + 394 / 2, 424 + 394 / 2
    assert_ways(
        found,
        ((a - 28, 140), (a - 28, 178), (e - 28, 178), (e - 28, 205)),
        ((e + 28, 205), (e + 28, 167), (a + 28, 167), (a + 28, 140)),
    )


# -- Which gaps -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pair", "rows", "columns", "gaps"),
    [
        ((A, B), 2, 3, [("column", 1)]),
        ((C, B), 2, 3, [("column", 2)]),
        ((A, D), 2, 3, [("row", 1)]),
        ((D, A), 2, 3, [("row", 1)]),
        ((A, C), 1, 3, [("row", 0)]),
        ((A, C), 2, 3, [("row", 0)]),
        ((D, F), 2, 3, [("row", 2)]),
        ((D, F), 3, 3, [("row", 1)]),
        ((A, E), 2, 3, [("row", 1)]),
        ((F, A), 2, 3, [("row", 1)]),
        ((A, G), 3, 3, [("column", 0)]),
        ((G, A), 3, 3, [("column", 0)]),
        ((B, H), 3, 3, [("column", 1)]),
        ((C, I), 3, 3, [("column", 3)]),
        ((A, G), 3, 1, [("column", 0)]),
        ((A, H), 3, 3, [("column", 1)]),
        ((H, A), 3, 3, [("column", 1)]),
        ((C, H), 3, 3, [("column", 2)]),
        ((A, I), 3, 3, [("column", 1), ("row", 2)]),
        ((I, A), 3, 3, [("column", 2), ("row", 1)]),
        ((C, G), 3, 3, [("column", 2), ("row", 2)]),
        ((G, C), 3, 3, [("column", 1), ("row", 1)]),
    ],
)
def test_an_arrow_takes_the_shortest_way_along_gaps(
    pair: Pair, rows: int, columns: int, gaps: list[tuple[str, int]]
):
    [plan] = plans_of([Link(1, *pair, True)], rows, columns)
    assert list(plan.gaps) == gaps
    (row, column), (to_row, to_column) = pair
    assert plan.is_straight == (abs(row - to_row) + abs(column - to_column) == 1)


@pytest.mark.parametrize(
    ("pairs", "rows", "columns", "gaps"),
    [
        ([(A, C), (C, A), (A, C)], 1, 3, [("row", 0), ("row", 1), ("row", 0)]),
        ([(D, F), (F, D), (D, F)], 2, 3, [("row", 2), ("row", 1), ("row", 2)]),
        ([(D, F), (F, D)], 3, 3, [("row", 1), ("row", 2)]),
        ([(A, G), (G, A), (A, G)], 3, 2, [("column", 0), ("column", 1), ("column", 0)]),
        ([(C, I), (I, C)], 3, 3, [("column", 3), ("column", 2)]),
        ([(B, H), (H, B)], 3, 3, [("column", 1), ("column", 2)]),
        ([(A, G), (G, A)], 3, 1, [("column", 0), ("column", 1)]),
        # Those that have no choice go first, and straight ones count for nothing.
        ([(D, F), (A, E)], 2, 3, [("row", 2), ("row", 1)]),
        ([(A, D), (B, E), (D, F)], 3, 3, [("row", 1), ("row", 1), ("row", 1)]),
        ([(A, E), (D, F)], 3, 3, [("row", 1), ("row", 2)]),
    ],
)
def test_of_two_gaps_that_serve_an_arrow_takes_the_emptier_one(
    pairs: list[Pair], rows: int, columns: int, gaps: list[tuple[str, int]]
):
    links = [Link(number, *pair, True) for number, pair in enumerate(pairs, 1)]
    plans = plans_of(links, rows, columns)
    assert [plan.link for plan in plans] == links
    assert [plan.gaps for plan in plans] == [(gap,) for gap in gaps]


# -- What has no room -----------------------------------------------------------------------------


def test_as_many_ends_stand_below_a_card_as_fit_23_px_apart():
    for columns, most in ((1, 34), (2, 16)):
        for count, left_out in ((most, 0), (most + 2, 2)):
            pairs = [(A, D), (D, A)] * (count // 2)
            found = measured(pairs, 2, columns)
            assert len(found.drawn) == count - left_out
            xs = sorted(way[0][0] for way in ways(found))
            steps = {round(b - a, 6) for a, b in pairwise(xs)}
            assert steps == {round(found.card / (len(xs) + 1), 6)}


def test_the_later_ones_of_the_others_are_left_out_first():
    cells = [A, D]
    for usual in ({1, 2}, set(range(1, 40))):
        links = [Link(n, A, D, n in usual) for n in range(1, 40)]
        found = board(links, 2, 1, lambda _: dict.fromkeys(cells, 80.0), 40)
        assert found.left_out == set(range(35, 40))
    links = [Link(n, A, D, n > 30) for n in range(1, 40)]
    found = board(links, 2, 1, lambda _: dict.fromkeys(cells, 80.0), 40)
    assert found.left_out == set(range(26, 31))


def test_cards_stay_176_px_wide_and_arrows_beside_them_are_left_out_for_that():
    pairs = [(A, G), (G, A), (B, H), (H, B), (C, I), (I, C)] * 5
    found = measured(pairs, 3, 3)
    assert found.left_out
    assert found.card >= 176
    count = len(found.left_out)
    assert found.left_out == set(range(31 - count, 31))
    more = measured(pairs[: 31 - count], 3, 3)
    assert more.left_out == {31 - count}
