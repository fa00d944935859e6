"""What leads to what, under fairness: compared with all sets of states of small graphs."""

import random
from itertools import combinations, pairwise

import pytest

from relink.engine.errors import ArgumentError
from relink.engine.explore import Fairness, Way, explore, leads_to, sequence_diagram, story

from .explored import Numbers
from .test_explore_search import Graph


def drawn(number: int, size: int) -> Graph:
    draw = random.Random(number)
    names = [None, None, "x", "y"]
    return {
        n: [(draw.randrange(size), draw.choice(names)) for _ in range(draw.randrange(4))]
        for n in range(size)
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


def exists(graph: Graph, cause: int, effect: int, fairness: Fairness) -> bool:
    """By trying each set of states as the one in which a run stays."""
    if cause not in spread(graph, 0, set(graph)) or cause == effect:
        return False
    allowed = spread(graph, cause, set(graph) - {effect})
    for size in range(1, len(allowed) + 1):
        for chosen in combinations(sorted(allowed), size):
            part = set(chosen)
            if size > 1 and any(spread(graph, n, part) != part for n in part):
                continue
            taken = {name for n in part for t, name in graph[n] if name and t in part}
            if is_fair(graph, part, taken, fairness):
                return True
    return False


@pytest.mark.parametrize("fairness", ["weak", "strong"])
def test_a_fair_run_that_avoids_the_effect_is_found_whenever_there_is_one(
    fairness: Fairness,
) -> None:
    found_some = {True: 0, False: 0}
    for number in range(400):
        graph = drawn(number, 5)
        cause, effect = 1, 2
        found = explore(
            Numbers(graph),
            leads_to(lambda n: n == 1, lambda n: n == 2, fairness=fairness, name="live"),
        )
        way = found.verdict("live").way
        assert (way is not None) == exists(graph, cause, effect, fairness), graph
        found_some[way is not None] += 1
        if way is not None:
            check_run(graph, way, fairness)
    assert min(found_some.values()) > 40


def check_run(graph: Graph, way: Way[int], fairness: Fairness) -> None:
    """It is a run, it has the cause, no effect follows, and its loop is closed and fair."""
    assert way.loop is not None
    assert all(t in [x for x, _ in graph[s]] for s, t in pairwise(way.states))
    since = way.states.index(1)
    assert 2 not in way.states[since:]
    loop = way.states[way.loop :]
    assert loop[0] == loop[-1]
    taken = {move.fair for move in way.moves[way.loop :] if move.fair}
    assert is_fair(graph, set(loop), taken, fairness), (graph, way)


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
