"""The search beside a plain one that shares nothing with it, over generated graphs and bounds.

The plain search works on layers: all states that are first reached after so many moves, in the
order in which the moves are listed. Whatever a search reports follows from the layers.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine.explore import (
    Exploration,
    Model,
    Move,
    Progress,
    Verdict,
    always,
    each_move,
    explore,
    leads_to,
    never_stuck,
    sometimes,
)

from ..profile import examples
from .explored import Numbers
from .test_explore_search import Graph

SIZE = 7
BROKEN = -1
"""A move to here cannot be decided."""


class Breaking(Numbers):
    """A graph with moves that end in an error."""

    def moves(self, state: int) -> Iterator[Move[int]]:
        for move in super().moves(state):
            if move.after == BROKEN:
                yield Move(move.label, state, error=ValueError(f"no way from {state}"))
            else:
                yield move


@st.composite
def graphs(draw: st.DrawFn, targets: st.SearchStrategy[int] | None = None) -> Graph:
    to = st.integers(0, SIZE - 1) if targets is None else targets
    moves = st.lists(st.tuples(to, st.none()), max_size=3)
    return {n: draw(moves) for n in range(SIZE)}


WITH_ERRORS = st.one_of(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.just(BROKEN))
STARTS = st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=3)


@dataclass
class Plain:
    """What a plain search finds."""

    way_to: dict[int, list[int]] = field(default_factory=dict)
    """The states on the first way to each state, itself included, in the order of their finding."""
    explored: list[int] = field(default_factory=list)
    left: set[int] = field(default_factory=set)


def plain(
    graph: Graph, starts: list[int], depth: int | None = None, states: int | None = None
) -> Plain:
    found = Plain({n: [n] for n in starts})
    layer = list(found.way_to)
    while layer:
        following: list[int] = []
        for n in layer:
            too_many = states is not None and len(found.explored) >= states
            too_deep = depth is not None and len(found.way_to[n]) > depth and bool(graph[n])
            if too_many or too_deep:
                found.left.add(n)
                continue
            found.explored.append(n)
            for target, _ in graph[n]:
                if target != BROKEN and target not in found.way_to:
                    found.way_to[target] = [*found.way_to[n], target]
                    following.append(target)
        layer = following
    return found


def length(found: Plain) -> int:
    return max(len(way) - 1 for way in found.way_to.values())


def check(found: Exploration[int], graph: Graph, expected: Plain) -> None:
    assert found.states == len(expected.way_to)
    assert found.moves == sum(len(graph[n]) for n in expected.explored)
    assert found.depth == length(expected)
    assert found.is_complete == (not expected.left)
    for number, n in enumerate(expected.way_to):
        assert found.reached.number(n) == number, "they are numbered as they are found"
        way = found.reached.way(number)
        assert list(way.states) == expected.way_to[n]
        assert way.loop is None
        edges = found.edges[number]
        if n not in expected.explored:
            assert edges is None
        else:
            assert edges is not None
            names = list(expected.way_to)
            assert [(edge.position, names[edge.target]) for edge in edges] == [
                (at, target) for at, (target, _) in enumerate(graph[n]) if target != BROKEN
            ]
    assert found.reached.number(SIZE) is None


@settings(max_examples=examples(600))
@given(graphs(), STARTS)
def test_the_whole_search_is_the_plain_one(graph: Graph, starts: list[int]) -> None:
    check(explore(Numbers(graph, starts)), graph, plain(graph, starts))


@settings(max_examples=examples(600))
@given(graphs(), STARTS, st.integers(0, 5))
def test_a_search_of_a_depth_leaves_out_what_lies_beyond(
    graph: Graph, starts: list[int], depth: int
) -> None:
    found = explore(Numbers(graph, starts), max_depth=depth)
    check(found, graph, plain(graph, starts, depth=depth))


@settings(max_examples=examples(600))
@given(graphs(), STARTS, st.integers(0, 8))
def test_a_search_of_so_many_states_leaves_out_the_others(
    graph: Graph, starts: list[int], states: int
) -> None:
    found = explore(Numbers(graph, starts), max_states=states)
    check(found, graph, plain(graph, starts, states=states))


CHAIN = Numbers({n: [(n + 1, None)] for n in range(4)} | {4: []})


@pytest.mark.parametrize("depth", range(7))
def test_a_depth_that_just_suffices_suffices(depth: int) -> None:
    found = explore(CHAIN, max_depth=depth)
    assert (found.states, found.moves, found.depth) == (min(depth, 4) + 1, *[min(depth, 4)] * 2)
    assert found.is_complete == (depth >= 4), "4 has no moves, so nothing lies beyond"
    scope = "all explored" if depth >= 4 else "explored within bounds"
    assert str(found).endswith(f"depth {min(depth, 4)}, {scope}")


@pytest.mark.parametrize("states", range(7))
def test_a_number_of_states_that_just_suffices_suffices(states: int) -> None:
    found = explore(CHAIN, max_states=states)
    assert found.moves == min(states, 4)
    assert found.is_complete == (states >= 5)
    assert [edges is not None for edges in found.edges] == [
        n < states for n in range(len(found.edges))
    ]


# ── properties ────────────────────────────────────────────────────────────────


def verdict_of(found: Exploration[int], name: str) -> tuple[str, str, list[int] | None]:
    verdict: Verdict[int] = found.verdict(name)
    return verdict.outcome, verdict.wrong, verdict.way and list(verdict.way.states)


def reach(graph: Graph, start: int) -> set[int]:
    found, waiting = {start}, [start]
    while waiting:
        more = [t for t, _ in graph[waiting.pop()] if t != BROKEN and t not in found]
        found.update(more)
        waiting += more
    return found


@settings(max_examples=examples(1_200))
@given(
    graphs(WITH_ERRORS),
    STARTS,
    st.sets(st.integers(0, SIZE - 1), max_size=2),
    st.sets(st.integers(0, SIZE - 1), max_size=2),
    st.sampled_from([None, 1, 2, 3]),
)
def test_every_verdict_names_the_first_state_or_move_that_decides_it(
    graph: Graph, starts: list[int], chosen: set[int], done: set[int], depth: int | None
) -> None:
    model = Breaking(graph, starts)
    found = explore(
        model,
        [
            always(lambda n: f"{n}!" if n in chosen else None, name="always"),
            sometimes(lambda n: n in chosen, name="sometimes"),
            each_move(
                lambda n, move: f"{n} {move.after}" if move.after in chosen else None, name="moves"
            ),
            never_stuck(is_done=lambda n: n in done, name="goes on"),
            never_stuck(lambda n: n in chosen, is_done=lambda n: n in done, name="home"),
        ],
        max_depth=depth,
    )
    expected = plain(graph, starts, depth=depth)
    ways = expected.way_to
    assert [v.name for v in found.verdicts] == [
        "every event is decided without an error",
        *("always", "sometimes", "moves", "goes on", "home"),
    ]
    holds = ("holds", "", None)

    wrong = next(((f"{n}!", way) for n, way in ways.items() if n in chosen), None)
    assert verdict_of(found, "always") == (("violated", *wrong) if wrong else holds)

    open_ = ("open", "", None) if expected.left else ("violated", "no state is like this", None)
    assert verdict_of(found, "sometimes") == (("holds", "", wrong[1]) if wrong else open_)

    moved = next(
        (
            (f"{n} {t}", [*ways[n], t])
            for n in expected.explored
            for t, _ in graph[n]
            if t in chosen
        ),
        None,
    )
    assert verdict_of(found, "moves") == (("violated", *moved) if moved else holds)

    ends = [n for n in expected.explored if not graph[n] and n not in done]
    stuck = ("violated", "nothing can happen any more", ways[ends[0]] if ends else None)
    assert verdict_of(found, "goes on") == (stuck if ends else holds)

    good = chosen | done | expected.left
    lost = [n for n in ways if not seen_from(graph, n, expected.left) & good]
    no_way = ("violated", "from here no way leads to the goal", ways[lost[0]] if lost else None)
    assert verdict_of(found, "home") == (no_way if lost else holds)

    broken = [n for n in expected.explored if any(t == BROKEN for t, _ in graph[n])]
    fault = found.verdict("every event is decided without an error")
    assert fault.outcome == ("violated" if broken else "holds")
    if broken:
        assert fault.wrong == f"ValueError: no way from {broken[0]}"
        assert fault.way is not None
        assert list(fault.way.states) == [*ways[broken[0]], broken[0]]
        assert [m.error is None for m in fault.way.moves] == [True] * (len(ways[broken[0]]) - 1) + [
            False
        ]
    assert found.violations == tuple(v for v in found.verdicts if v.outcome == "violated")
    with pytest.raises(KeyError):
        found.verdict("another")


def seen_from(graph: Graph, start: int, left: set[int]) -> set[int]:
    """What can be reached, with no move of a state that was left out."""
    return reach({n: [] if n in left else moves for n, moves in graph.items()}, start)


@settings(max_examples=examples(600))
@given(graphs(), st.sets(st.integers(0, SIZE - 1), max_size=3))
def test_a_search_that_stops_has_explored_no_state_after_the_first_wrong_one(
    graph: Graph, chosen: set[int]
) -> None:
    wrong = always(lambda n: "bad" if n in chosen else None, name="good")
    stopped = explore(Numbers(graph), wrong, stop_at_first=True)
    expected = plain(graph, [0])
    bad = [n for n in expected.way_to if n in chosen]
    if not bad:
        check(stopped, graph, expected)
        return
    parent = expected.way_to[bad[0]][-2:-1]
    count = expected.explored.index(parent[0]) + 1 if parent else 0
    assert [n for n, edges in enumerate(stopped.edges) if edges is not None] == list(range(count))
    assert stopped.verdict("good") == explore(Numbers(graph), wrong).verdict("good")
    assert not stopped.is_complete or stopped.states == count


@settings(max_examples=examples(400))
@given(graphs(), st.integers(1, 4))
def test_progress_counts_what_is_known_when_it_is_told(graph: Graph, every: int) -> None:
    told: list[Progress] = []
    found = explore(Numbers(graph), on_progress=told.append, progress_every=every)
    expected = plain(graph, [0])
    steps = []
    for count in range(every, len(expected.explored) + 1, every):
        done = expected.explored[:count]
        known = {t for n in done for t, _ in graph[n]} | {0}
        steps.append(
            Progress(
                states=len(known),
                moves=sum(len(graph[n]) for n in done),
                depth=len(expected.way_to[done[-1]]) - 1,
                waiting=len(known) - count,
            )
        )
    assert told == [*steps, Progress(found.states, found.moves, found.depth, 0)]


# ── a shortest stem ───────────────────────────────────────────────────────────


@settings(max_examples=examples(600))
@given(graphs(), st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))
def test_without_fair_moves_a_run_may_stay_at_the_first_cause(
    graph: Graph, cause: int, effect: int
) -> None:
    """Nothing is fair, so the first state with the cause is a counterexample by itself."""
    found = explore(
        Numbers(graph), leads_to(lambda n: n == cause, lambda n: n == effect, name="live")
    )
    ways = plain(graph, [0]).way_to
    way = found.verdict("live").way
    if cause == effect or cause not in ways:
        assert way is None
        return
    assert way is not None
    assert found.verdict("live").wrong == "the effect may never come"
    assert list(way.states)[: len(ways[cause])] == ways[cause]
    assert way.loop == len(ways[cause]) - 1
    assert all(
        t in {x for x, _ in graph[s]} for s, t in zip(way.states, way.states[1:], strict=False)
    )
    assert way.end == cause


# ── symmetry, and moves taken alone ───────────────────────────────────────────


class Tokens(Model[tuple[int, ...]]):
    """Three tokens on a small board; which of them is which may not matter."""

    def __init__(self, board: Graph, is_alike: bool) -> None:
        self.board = board
        self.is_alike = is_alike

    def starts(self) -> Iterable[tuple[int, ...]]:
        return ((0, 0, 0),)

    def moves(self, state: tuple[int, ...]) -> Iterator[Move[tuple[int, ...]]]:
        for at, place in enumerate(state):
            for target, _ in self.board[place]:
                after = (*state[:at], target, *state[at + 1 :])
                yield Move(f"{at} to {target}", after)

    def key(self, state: tuple[int, ...]) -> Hashable:
        return tuple(sorted(state)) if self.is_alike else state


@settings(max_examples=examples(200))
@given(st.lists(st.lists(st.integers(0, 3), max_size=2), min_size=4, max_size=4), st.integers(0, 9))
def test_a_key_without_the_order_finds_the_same_up_to_the_order(
    drawn: list[list[int]], total: int
) -> None:
    board: Graph = {n: [(t, None) for t in targets] for n, targets in enumerate(drawn)}
    bad = always(lambda state: "bad" if sum(state) == total else None, name="sum")
    full, fewer = (explore(Tokens(board, alike), bad) for alike in (False, True))
    places = {tuple(full.reached.way(n).end) for n in range(full.states)}
    assert fewer.states == len({tuple(sorted(each)) for each in places})
    assert fewer.depth == full.depth
    one, other = (found.verdict("sum").way for found in (full, fewer))
    assert (one and len(one.moves)) == (other and len(other.moves))
