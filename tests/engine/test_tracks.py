"""Tracks: arrows along a gap cross as seldom as any order allows, and never lie on each other.

The model draws each arrow as lines: one along the gap, at its track, and one to the side of the gap
at each of its ends. It counts where lines cross, and tries every order.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine.diagram.tracks import FEW, Span, tracks

from ..profile import examples

APART = 2.0


@st.composite
def gaps(draw: st.DrawFn, least: int = 0, most: int = FEW) -> list[Span]:
    """Arrows along a gap, which turn at places that differ, or at equal ones seldom."""
    count = draw(st.integers(least, most))
    sizes = [draw(st.integers(2, 3)) for _ in range(count)]
    places = draw(st.permutations(range(3 * count + 3)))
    sides = draw(st.lists(st.booleans(), min_size=sum(sizes), max_size=sum(sizes)))
    turns = [(float(at), near) for at, near in zip(places, sides, strict=False)]
    spans = []
    for number, size in enumerate(sizes, 1):
        spans.append(Span(number, tuple(turns[:size])))
        turns = turns[size:]
    return draw(st.permutations(spans))


def crossed(spans: Sequence[Span], at: Mapping[int, int]) -> int:
    """How often arrows cross if each runs along the gap at that track."""
    along = [(min(x for x, _ in s.ends), max(x for x, _ in s.ends), at[s.number]) for s in spans]
    upright = [(x, near, at[s.number]) for s in spans for x, near in s.ends]
    return sum(
        left < x < right and (y < own if near else y > own)
        for x, near, own in upright
        for left, right, y in along
    )


def meet(one: Span, other: Span) -> bool:
    """Whether less than it has to be is between two arrows."""
    (a, *_, b), (c, *_, d) = (sorted(at for at, _ in span.ends) for span in (one, other))
    return max(a, c) - min(b, d) <= APART


@settings(max_examples=examples(150))
@given(gaps())
def test_few_arrows_cross_as_seldom_as_in_any_order(spans: list[Span]):
    numbers = [span.number for span in spans]
    orders = (dict(zip(order, range(FEW), strict=False)) for order in permutations(numbers))
    assert crossed(spans, tracks(spans, APART)) == min(crossed(spans, order) for order in orders)


@settings(max_examples=examples(300))
@given(gaps(least=2, most=10))
def test_arrows_share_a_track_only_if_enough_is_between_them(spans: list[Span]):
    at = tracks(spans, APART)
    assert at.keys() == {span.number for span in spans}
    for one, other in combinations(spans, 2):
        assert not (at[one.number] == at[other.number] and meet(one, other))


@settings(max_examples=examples(300))
@given(gaps(least=1, most=10))
def test_no_track_is_spent_for_nothing(spans: list[Span]):
    at = tracks(spans, APART)
    for one in spans:
        nearer = [other for other in spans if at[other.number] == at[one.number] - 1]
        assert at[one.number] == 0 or any(meet(one, other) for other in nearer)


def fewest(spans: Sequence[Span]) -> int:
    """The fewest crossings of all orders, found for each set of arrows from its subsets."""
    after = [
        [crossed([one, other], {one.number: 1, other.number: 0}) for other in spans]
        for one in spans
    ]
    best = [0]
    for chosen in range(1, 1 << len(spans)):
        members = [n for n in range(len(spans)) if chosen >> n & 1]
        best.append(
            min(
                best[chosen - (1 << last)] + sum(after[last][n] for n in members if n != last)
                for last in members
            )
        )
    return best[-1]


def test_many_arrows_cross_hardly_more_often_than_in_the_best_order():
    chance = Random(1)
    found = best = 0
    for _ in range(30):
        places = chance.sample(range(100), 16)
        turns = [(float(at), chance.random() < 0.5) for at in places]
        spans = [Span(n, tuple(turns[2 * n : 2 * n + 2])) for n in range(8)]
        found += crossed(spans, tracks(spans, APART))
        best += fewest(spans)
    assert best <= found <= 1.03 * best, (found, best)


@settings(max_examples=examples(100))
@given(gaps(most=8), st.data())
def test_the_order_in_which_arrows_are_given_makes_no_difference(
    spans: list[Span], data: st.DataObject
):
    assert tracks(spans, APART) == tracks(data.draw(st.permutations(spans)), APART)


@pytest.mark.parametrize(("between", "shared"), [(1.5, False), (2.0, False), (2.5, True)])
def test_more_than_the_least_distance_is_between_two_that_share_a_track(
    between: float, shared: bool
):
    left = Span(1, ((0.0, True), (10.0, True)))
    right = Span(2, ((10.0 + between, True), (30.0 + between, True)))
    for both in ([left, right], [right, left]):
        at = tracks(both, APART)
        assert sorted(at.values()) == [0, 0 if shared else 1]


def test_an_arrow_around_another_runs_on_the_side_away_from_its_cards():
    inner, outer = ((2.0, True), (3.0, True)), ((1.0, True), (4.0, True))
    assert tracks([Span(1, outer), Span(2, inner)], APART) == {1: 1, 2: 0}
    far = [Span(n, tuple((at, False) for at, _ in ends)) for n, ends in ((1, outer), (2, inner))]
    assert tracks(far, APART) == {1: 0, 2: 1}


def test_many_arrows_around_each_other_lie_in_that_order_and_do_not_cross():
    nest = [Span(n, ((-float(n), False), (float(n), False))) for n in range(1, 3 * FEW)]
    at = tracks(nest, APART)
    assert at == {span.number: len(nest) - span.number for span in nest}
    assert crossed(nest, at) == 0
