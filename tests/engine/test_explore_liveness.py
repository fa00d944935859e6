"""What leads to what, under fairness: compared with all sets of states of small graphs."""

import random
from itertools import combinations, pairwise

import pytest

from relink.engine.errors import ArgumentError
from relink.engine.explore import (
    Exploration,
    Fairness,
    Way,
    explore,
    leads_to,
    sequence_diagram,
    story,
)

from .explored import Numbers
from .test_explore_search import Graph


def drawn(number: int, size: int) -> Graph:
    """Half of the graphs lead anywhere, and half of them mostly onwards."""
    draw = random.Random(number)
    if number % 2:
        names = [None, None, "x", "y"]
        return {
            n: [(draw.randrange(size), draw.choice(names)) for _ in range(draw.randrange(4))]
            for n in range(size)
        }
    onwards: Graph = {n: [(n + 1, draw.choice("xy"))] for n in range(size - 1)}
    backwards = [(draw.randrange(n + 1), draw.choice("xyz")) for n in range(size)]
    return {
        n: onwards.get(n, []) + ([backwards[n]] if draw.randrange(2) else []) for n in range(size)
    }


def possible(graph: Graph, n: int) -> set[str]:
    return {name for _, name in graph[n] if name}


def is_fair(graph: Graph, states: set[int], taken: set[str], fairness: Fairness) -> bool:
    sets = [possible(graph, n) for n in states]
    demanded = set.intersection(*sets) if fairness == "weak" else set.union(*sets)
    return demanded <= taken


def spread(graph: Graph, start: int, within: set[int]) -> set[int]:
    found = {start} & within
    while more := ({t for n in found for t, _ in graph[n]} & within) - found:
        found |= more
    return found


def steps_from(graph: Graph, starts: set[int], within: set[int]) -> dict[int, int]:
    """How many moves each state is away from the nearest start, round by round."""
    found = dict.fromkeys(starts & within, 0)
    while more := ({t for n in found for t, _ in graph[n]} & within) - found.keys():
        found |= dict.fromkeys(more, max(found.values()) + 1)
    return found


def shortest_stem(
    graph: Graph, causes: set[int], effects: set[int], fairness: Fairness, explored: set[int]
) -> int | None:
    """How far the nearest set is away in which a fair run can stay: each set of states is tried."""
    known = set(steps_from(graph, {0}, set(graph)))
    distances = steps_from(graph, causes & known, set(graph) - effects)
    lengths = []
    for size in range(1, len(distances) + 1):
        for chosen in combinations(sorted(distances.keys() & explored), size):
            part = set(chosen)
            if size > 1 and any(spread(graph, n, part) != part for n in part):
                continue
            taken = {name for n in part for t, name in graph[n] if name and t in part}
            if is_fair(graph, part, taken, fairness):
                lengths.append(min(distances[n] for n in part))
    return min(lengths, default=None)


@pytest.mark.parametrize("fairness", ["weak", "strong"])
def test_a_fair_run_that_avoids_the_effect_is_found_whenever_there_is_one(
    fairness: Fairness,
) -> None:
    found_some: dict[int | None, int] = {}
    for number in range(400):
        graph = drawn(number, 5)
        draw = random.Random(number)
        causes = {1, draw.randrange(5)}
        effects = {2, draw.randrange(5)} if number % 2 else {0, draw.randrange(9)}
        depth = draw.choice([None, None, 1, 2])
        live = leads_to(
            lambda n, causes=causes: n in causes,
            lambda n, effects=effects: n in effects,
            fairness=fairness,
            name="live",
        )
        found = explore(Numbers(graph), live, max_depth=depth)
        explored = {n for n in graph if is_explored(found, n)}
        # Nothing is known of the moves of the others.
        known = {n: moves if n in explored else [] for n, moves in graph.items()}
        way = found.verdict("live").way
        stem = shortest_stem(known, causes, effects, fairness, explored)
        assert (way is None) == (stem is None), graph
        found_some[stem] = found_some.get(stem, 0) + 1
        if way is not None and stem is not None:
            check_stem(known, way, causes - effects, stem)
            check_run(graph, way, effects, fairness)
    assert set(found_some) == {None, 0, 1, 2, 3}
    assert min(found_some.values()) > 4


def is_explored(found: Exploration[int], n: int) -> bool:
    number = found.reached.number(n)
    return number is not None and found.edges[number] is not None


def check_stem(graph: Graph, way: Way[int], causes: set[int], stem: int) -> None:
    """A shortest way leads to a cause, and the stem from there to the loop."""
    assert way.loop is not None
    begin = way.loop - stem
    assert way.states[begin] in causes
    assert begin == steps_from(graph, {0}, set(graph))[way.states[begin]]


def check_run(graph: Graph, way: Way[int], effects: set[int], fairness: Fairness) -> None:
    """It is a run, and its loop is closed, fair and without the effect."""
    assert way.loop is not None
    assert all(t in [x for x, _ in graph[s]] for s, t in pairwise(way.states))
    loop = way.states[way.loop :]
    assert loop[0] == loop[-1]
    assert not effects & set(loop)
    taken = {move.fair for move in way.moves[way.loop :] if move.fair}
    assert is_fair(graph, set(loop), taken, fairness), (graph, way)


@pytest.mark.parametrize("fairness", ["weak", "strong"])
def test_a_run_is_found_from_a_cause_after_one_that_another_leads_to(fairness: Fairness) -> None:
    """From 1 and 2 the effect has to come, and far away from 3 it need not."""
    graph: Graph = {
        0: [(1, None), (5, None)],
        1: [(2, "x")],
        2: [(4, "y")],
        4: [],
        5: [(6, None)],
        6: [(3, None)],
        3: [(3, None)],
    }
    live = leads_to(lambda n: n in (1, 2, 3), lambda n: n == 4, fairness=fairness, name="live")
    way = explore(Numbers(graph), live).verdict("live").way
    assert way is not None
    assert way.states[:4] == (0, 5, 6, 3)
    assert way.loop == 3


def test_a_loop_is_found_however_many_ways_go_round() -> None:
    """Forty layers of two states each, and every way through them: more than can be tried."""
    layers = 40
    graph: Graph = {
        2 * layer + side: [(2 * ((layer + 1) % layers) + other, "x") for other in (0, 1)]
        for layer in range(layers)
        for side in (0, 1)
    }
    live = leads_to(lambda n: n == 0, lambda n: False, name="live")
    way = explore(Numbers(graph), live).verdict("live").way
    assert way is not None
    assert (way.loop, len(way.moves)) == (0, layers)
    check_run(graph, way, set(), "weak")


def test_strong_fairness_is_needed_where_the_chance_comes_and_goes() -> None:
    graph: Graph = {0: [(1, None)], 1: [(0, None), (2, "delivery")], 2: []}
    for fairness, outcome in (("weak", "violated"), ("strong", "violated")):
        live = leads_to(lambda n: n == 0, lambda n: n == 2, fairness=fairness, name="live")
        # Nothing makes a run leave 0.
        assert explore(Numbers(graph), live).verdict("live").outcome == outcome
    graph[0] = [(1, "asking")]
    for fairness, outcome in (("weak", "violated"), ("strong", "holds")):
        live = leads_to(lambda n: n == 0, lambda n: n == 2, fairness=fairness, name="live")
        assert explore(Numbers(graph), live).verdict("live").outcome == outcome


def test_a_run_that_goes_round_is_told_as_a_loop() -> None:
    graph: Graph = {0: [(1, "x")], 1: [(2, "x")], 2: [(1, "x"), (3, "y")], 3: []}
    live = leads_to(lambda n: n == 0, lambda n: n == 3, name="live")
    verdict = explore(Numbers(graph), live).verdict("live")
    assert story(verdict) == (
        "live: the effect may never come",
        "1. 0 to 1",
        "then for ever:",
        "2. 1 to 2",
        "3. 2 to 1",
    )
    assert verdict.way is not None
    assert sequence_diagram(verdict.way) == (
        "sequenceDiagram\n"
        "    participant environment as environment\n"
        "    Note over environment: 0 to 1\n"
        "    loop for ever\n"
        "    Note over environment: 1 to 2\n"
        "    Note over environment: 2 to 1\n"
        "    end\n"
    )


def test_a_run_that_ends_too_early_is_told_as_one() -> None:
    live = leads_to(lambda n: n == 0, lambda n: n == 1, name="live")
    verdict = explore(Numbers({0: [(1, None)], 1: []}), live).verdict("live")
    assert story(verdict) == (
        "live: the effect may never come",
        "and nothing more happens, though it could",
    )
    assert verdict.way is not None
    assert "nothing more" in sequence_diagram(verdict.way)


def test_a_diagram_without_a_way_is_refused() -> None:
    with pytest.raises(ArgumentError, match="sequence_diagram"):
        sequence_diagram()  # type: ignore[call-arg]
