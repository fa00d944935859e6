"""The search: complete, shortest first, within its bounds, and the same in every run."""

import random
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import pytest

from relink.engine.errors import ArgumentError
from relink.engine.explore import (
    Model,
    ModelError,
    Move,
    Progress,
    always,
    each_move,
    explore,
    leads_to,
    never_stuck,
    sometimes,
    stray_move,
)

from .explored import Numbers, brute_force

Graph = dict[int, list[tuple[int, str | None]]]


def graphs(count: int, size: int) -> Iterator[tuple[random.Random, Graph]]:
    """Graphs that are drawn from a fixed seed."""
    for number in range(count):
        draw = random.Random(number)
        yield (
            draw,
            {
                n: [(draw.randrange(size), None) for _ in range(draw.randrange(4))]
                for n in range(size)
            },
        )


def reachable(graph: Graph, start: int) -> set[int]:
    found = {start}
    while more := {t for n in found for t, _ in graph[n]} - found:
        found |= more
    return found


def test_every_state_is_explored_and_none_twice() -> None:
    for _, graph in graphs(60, 9):
        found = explore(Numbers(graph))
        states = reachable(graph, 0)
        assert found.is_complete
        assert found.states == len(states)
        assert found.moves == sum(len(graph[n]) for n in states)


def test_a_counterexample_is_as_short_as_brute_force_finds_it() -> None:
    lengths = set()
    for draw, graph in graphs(60, 9):
        bad = draw.randrange(9)
        model = Numbers(graph)
        found = explore(model, always(lambda n, bad=bad: "bad" if n == bad else None, name="good"))
        shortest = brute_force(model, lambda n, bad=bad: n == bad, 7)
        way = found.verdict("good").way
        assert (None if way is None else len(way.moves)) == shortest
        if way is not None:
            assert way.end == bad
            assert all(
                (m.after, None) in graph[s] for s, m in zip(way.states, way.moves, strict=False)
            )
        lengths.add(shortest)
    assert len(lengths) > 4, "the graphs differ"


def test_a_move_is_judged_by_the_state_before_and_after() -> None:
    graph: Graph = {0: [(1, None)], 1: [(2, None), (0, None)], 2: []}

    def never_goes_back(before: int, move: Move[int]) -> str | None:
        return f"back to {move.after}" if move.after < before else None

    verdict = explore(Numbers(graph), each_move(never_goes_back)).verdict("never_goes_back")
    assert verdict.wrong == "back to 0"
    assert verdict.way is not None
    assert verdict.way.states == (0, 1, 0)


def test_an_empty_text_says_that_nothing_is_wrong() -> None:
    found = explore(
        Numbers({0: [(1, None)], 1: []}),
        [always(lambda n: "", name="states"), each_move(lambda n, move: "", name="moves")],
    )
    assert found.violations == ()


def test_what_sometimes_holds_has_a_shortest_example_or_is_violated_or_open() -> None:
    model = Numbers({n: [(n + 1, None)] for n in range(9)} | {9: []})
    found = explore(
        model, [sometimes(lambda n: n == 4, name="4"), sometimes(lambda n: n > 9, name="10")]
    )
    example = found.verdict("4")
    assert example.outcome == "holds"
    assert example.way is not None
    assert example.way.states == (0, 1, 2, 3, 4)
    assert [each.name for each in found.violations] == ["10"]
    bounded = explore(model, sometimes(lambda n: n > 9, name="10"), max_depth=3)
    assert bounded.verdict("10").outcome == "open"
    assert not bounded.is_complete
    assert bounded.depth == 3


def test_a_state_without_a_way_on_is_found_unless_it_may_be_the_end() -> None:
    model = Numbers({0: [(1, None), (2, None)], 1: [], 2: [(3, None)], 3: []})
    stuck = explore(model, never_stuck()).verdict("never_stuck")
    assert stuck.way is not None
    assert stuck.way.end == 1
    stuck = explore(model, never_stuck(is_done=lambda n: n == 1)).verdict("never_stuck")
    assert stuck.way is not None
    assert stuck.way.states == (0, 2, 3)
    assert not explore(model, never_stuck(is_done=lambda n: n in (1, 3))).violations


def test_a_state_without_a_way_to_the_goal_is_found_as_by_walking_from_each() -> None:
    for draw, graph in graphs(60, 7):
        goal = draw.randrange(7)
        found = explore(Numbers(graph), never_stuck(lambda n, goal=goal: n == goal, name="home"))
        lost = {n for n in reachable(graph, 0) if goal not in reachable(graph, n)}
        way = found.verdict("home").way
        assert (way is None) == (not lost)
        if way is not None:
            assert way.end in lost


def test_within_bounds_nothing_beyond_is_called_stuck() -> None:
    model = Numbers({n: [(n + 1, None)] for n in range(9)} | {9: []})
    properties = [never_stuck(), never_stuck(lambda n: n == 9, name="home")]
    assert not explore(model, properties, max_depth=5).violations
    assert not explore(model, properties, max_states=5).violations
    assert explore(model, properties[:1], max_depth=9).is_complete
    assert len(explore(model, properties[:1], max_depth=9).violations) == 1


def test_a_search_stops_at_the_first_violation_if_asked_to() -> None:
    model = Numbers({n: [(n + 1, None)] for n in range(99)} | {99: []})
    wrong = always(lambda n: "three" if n == 3 else None, name="not three")
    found = explore(model, wrong, stop_at_first=True)
    assert found.states == 4
    assert not found.is_complete
    assert explore(model, wrong).states == 100


def test_starts_that_are_alike_count_once_and_the_nearest_one_is_used() -> None:
    model = Numbers({0: [(1, None)], 1: [(2, None)], 2: [(3, None)], 3: []}, starts=(0, 2, 2))
    verdict = explore(model, sometimes(lambda n: n == 3, name="3")).verdict("3")
    assert verdict.way is not None
    assert verdict.way.states == (2, 3)


def test_progress_is_reported_and_every_run_is_the_same() -> None:
    (_, graph), *_ = graphs(1, 9)
    seen: list[list[Progress]] = []
    for _ in range(2):
        seen.append([])
        found = explore(Numbers(graph), on_progress=seen[-1].append, progress_every=1)
    assert seen[0] == seen[1]
    assert Progress(12_000, 20_000, 7, 340).line(3.0) == (
        "12,000 states, depth 7, 340 waiting, 4,000 states/s"
    )
    assert "0 states/s" in seen[0][0].line(0.0)
    assert seen[0][-1] == Progress(found.states, found.moves, found.depth, 0)
    assert (
        str(found)
        == f"{found.states} states, {found.moves} moves, depth {found.depth}, all explored"
    )


def test_progress_is_reported_after_every_so_many_states() -> None:
    chain = Numbers({n: [(n + 1, None)] for n in range(6)} | {6: []})
    seen: list[Progress] = []
    explore(chain, on_progress=seen.append, progress_every=3)
    # After three states and after six, each of which found one more; and at the end.
    assert [progress.states for progress in seen] == [4, 7, 7]


class Clocks(Model[tuple[int, int]]):
    """Two clocks that know nothing of each other; the second may run alone."""

    def __init__(self, alone: bool) -> None:
        self.alone = alone

    def starts(self) -> Iterable[tuple[int, int]]:
        return ((0, 0),)

    def moves(self, state: tuple[int, int]) -> Iterator[Move[tuple[int, int]]]:
        first, second = state
        yield Move("second ticks", (first, (second + 1) % 5), alone=self.alone)
        if first < 5:
            yield Move("first ticks", (first + 1, second))

    def key(self, state: tuple[int, int]) -> Hashable:
        return state


def test_a_move_that_may_be_taken_alone_saves_states_and_hides_nothing() -> None:
    def first_stops(state: tuple[int, int]) -> str | None:
        return "it did" if state[0] == 5 else None

    full, reduced = (explore(Clocks(alone), always(first_stops)) for alone in (False, True))
    assert reduced.moves < full.moves
    # The second clock runs round and round, and yet the first one comes to its end.
    assert full.violations
    assert reduced.violations
    # What has to find every run explores every run.
    live = explore(Clocks(True), sometimes(lambda state: state == (3, 0), name="3, 0"))
    assert live.states == full.states == 30


FIRST_STOPS = always(lambda state: "it did" if state[0] == 5 else None, name="first_stops")
THREE = sometimes(lambda state: state == (3, 0), name="three")


@pytest.mark.parametrize(
    ("judged", "is_reduced"),
    [
        ([], True),
        ([FIRST_STOPS], True),
        ([each_move(lambda state, move: None, name="moves")], True),
        ([never_stuck()], True),
        ([FIRST_STOPS, never_stuck(is_done=lambda state: True)], True),
        ([THREE], False),
        ([never_stuck(lambda state: state == (5, 0), name="home")], False),
        ([leads_to(lambda state: False, lambda state: True, name="live")], False),
        ([FIRST_STOPS, THREE], False),
        ([THREE, FIRST_STOPS], False),
    ],
)
def test_moves_are_taken_alone_only_where_all_that_is_asked_is_about_safety(
    judged: list[Any], is_reduced: bool
) -> None:
    found = explore(Clocks(True), judged)
    # The second clock ticks in all 30 states. The first one ticks in the 25 in which it is not at
    # its end, or only once the second one is round: in five.
    assert found.states == 30
    assert found.moves == (35 if is_reduced else 55)
    assert {verdict.name for verdict in found.violations} <= {"first_stops"}


def test_runs_may_leave_a_graph_where_a_move_was_taken_alone() -> None:
    found = explore(Clocks(True), always(lambda state: None, name="anything"))
    assert {len(edges) for edges in found.edges} == {1, 2}
    assert stray_move(found, random.Random(0).randrange) is None


class Whimsical(Numbers):
    def moves(self, state: int) -> Iterator[Move[int]]:
        self.graph = {0: [(1, None)], 1: []} if state else {}
        yield from super().moves(state) if state else iter([Move("on", 1)])


class Once(Numbers):
    """Has moves only the first time it is asked."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked = 0

    def moves(self, state: int) -> Iterator[Move[int]]:
        self.asked += 1
        if self.asked == 1:
            yield Move("on", 1)


def test_a_model_that_is_not_deterministic_is_refused() -> None:
    with pytest.raises(ModelError, match="Once is not deterministic"):
        explore(Once(), always(lambda n: "one" if n else None, name="zero"))


def test_what_is_no_model_or_no_property_is_refused() -> None:
    model = Numbers({0: []})
    with pytest.raises(ArgumentError, match="MachineModel"):
        explore(7)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="always"):
        explore(model, [len])  # type: ignore[list-item]
    with pytest.raises(ArgumentError, match="two properties are named 'x'"):
        explore(model, [sometimes(bool, name="x"), sometimes(bool, name="x")])
    with pytest.raises(TypeError, match="the property bool returned True"):
        explore(Numbers({1: []}, starts=[1]), always(bool))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the property judged returned True; return None, or a st"):
        explore(Numbers({0: [(0, None)]}), each_move(lambda n, move: True, name="judged"))  # type: ignore[arg-type, return-value]
    model.is_symmetric = True
    with pytest.raises(ArgumentError, match="interchangeable"):
        explore(model, leads_to(bool, bool))
