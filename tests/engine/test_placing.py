"""Places of states: each has a cell of its own, the usual way goes from neighbour to neighbour, and
no exchange of two other states would make arrows shorter.
"""

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine.diagram.placing import Cell, columns, distance, places
from relink.engine.diagram.told import Arrow, Told
from relink.engine.story import Plain

from ..profile import examples


@st.composite
def stories(draw: st.DrawFn) -> Told:
    """States, a usual way through some of them, and arrows."""
    states = [f"s{number}" for number in range(draw(st.integers(1, 16)))]
    way = states[: draw(st.integers(0, len(states)))]
    is_round = len(way) > 2 and draw(st.booleans())
    usual = (*way, way[0]) if is_round else tuple(way)
    others = draw(st.lists(st.tuples(*[st.sampled_from(states)] * 2), unique=True, max_size=14))
    steps = list(pairwise(usual))
    pairs = [*steps, *(pair for pair in others if pair not in steps)]
    arrows = tuple(Arrow(n, *pair, "x", pair in steps) for n, pair in enumerate(pairs, 1))
    apart = draw(st.sampled_from([(), tuple(states[-1:])])) if len(way) < len(states) else ()
    kept = tuple(each for each in arrows if not {each.source, each.target} & set(apart))
    plain = {state: Plain(state) for state in states}
    return Told("x", plain, usual, kept, dict.fromkeys(apart, "x"), (), "")


@settings(max_examples=examples(700))
@given(stories())
def test_each_state_has_a_cell_of_its_own_in_as_few_rows_as_the_way_allows(story: Told) -> None:
    at = places(story)
    drawn = [state for state in story.states if state not in story.from_anywhere]
    assert sorted(at) == sorted(drawn)
    assert len(set(at.values())) == len(at)
    wide = columns(len(drawn))
    assert all(0 <= column < wide and row >= 0 for row, column in at.values())
    way = len(set(story.usual))
    ring = story.usual[:1] == story.usual[-1:] and wide < way <= 10
    rows = max(-(-len(drawn) // wide), -(-(way + 1) // 2) - wide + 2 if ring else -(-way // wide))
    assert max((row for row, _ in at.values()), default=0) < max(rows, 2 * ring, 1)


@settings(max_examples=examples(700))
@given(stories())
def test_the_usual_way_goes_from_neighbour_to_neighbour(story: Told) -> None:
    at = places(story)
    way = list(dict.fromkeys(story.usual))
    assert [at[state] for state in way[:1]] == [(0, 0)][: len(way)]
    for one, other in pairwise(way):
        assert length(at[one], at[other]) == 1


@settings(max_examples=examples(700))
@given(stories())
def test_no_exchange_of_two_other_states_makes_arrows_shorter(story: Told) -> None:
    at = places(story)
    free = [state for state in at if state not in story.usual]
    best = total(story, at)
    for one, other in combinations(free, 2):
        assert total(story, {**at, one: at[other], other: at[one]}) >= best


def total(story: Told, at: dict[str, Cell]) -> float:
    return round(sum(length(at[x.source], at[x.target]) for x in story.arrows), 6)


def length(one: Cell, other: Cell) -> float:
    """What an arrow costs its reader: a step to a neighbour least, then one along a gap."""
    rows, across = abs(one[0] - other[0]), abs(one[1] - other[1])
    if rows + across < 2:
        return rows + across
    return {0: 1.8, 1: 1.5}.get(rows, 2.0 + rows) + across / 2


def test_the_length_of_an_arrow_is_that_of_its_way() -> None:
    cells = [(row, column) for row in range(5) for column in range(3)]
    for one in cells:
        for other in cells:
            assert distance(one, other) == length(one, other)
