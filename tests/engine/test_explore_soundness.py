"""Stray moves beside a plain walk: keys that are drawn take states for one that are not alike."""

import random
from collections.abc import Hashable, Iterator
from dataclasses import replace

from relink.engine.explore import Move, always, explore, stray_move

from .explored import Numbers
from .test_explore_reference import BROKEN, SIZE, Breaking
from .test_explore_search import Graph


class Merged(Breaking):
    """Takes states for one that have the same key."""

    def __init__(self, graph: Graph, starts: list[int], keys: list[int]) -> None:
        super().__init__(graph, starts)
        self.keys = keys

    def key(self, state: int) -> Hashable:
        return self.keys[state]


def plain(
    graph: Graph,
    starts: list[int],
    keys: list[int],
    depth: int,
    draw: random.Random,
    runs: int,
    length: int,
) -> list[int] | None:
    """The states of the first run that leaves the graph of the search."""
    first: dict[int, tuple[int, int]] = {}
    layer = starts
    for distance in range(SIZE + 1):
        new = []
        for n in layer:
            if keys[n] not in first:
                first[keys[n]] = (n, distance)
                new.append(n)
        layer = [t for n in new for t, _ in graph[n] if t != BROKEN]
    for _ in range(runs):
        way = [starts[draw.randrange(len(starts))]]
        for _ in range(length):
            stands, distance = first[keys[way[-1]]]
            targets = [t for t, _ in graph[way[-1]] if t != BROKEN]
            if not targets or (distance >= depth and graph[stands]):
                break
            known = {keys[t] for t, _ in graph[stands] if t != BROKEN}
            stray = [t for t in targets if keys[t] not in known]
            if stray:
                return [*way, stray[0]]
            way.append(targets[draw.randrange(len(targets))])
    return None


def test_the_first_move_is_found_that_leads_out_of_the_graph() -> None:
    strays = 0
    for number in range(400):
        draw = random.Random(number)
        targets = [*range(SIZE), BROKEN] if number % 4 == 0 else range(SIZE)
        graph: Graph = {
            n: [(draw.choice(targets), None) for _ in range(draw.randrange(4))] for n in range(SIZE)
        }
        starts = [draw.randrange(SIZE) for _ in range(draw.choice([1, 1, 3]))]
        keys = [draw.randrange(SIZE - 1) for _ in range(SIZE)]
        depth = draw.choice([9, 9, 1, 2])
        runs, length = draw.choice([20, 5, 1, 0]), draw.choice([9, 4, 1, 0])
        found = explore(Merged(graph, starts, keys), max_depth=depth)
        stray = stray_move(found, random.Random(0).randrange, runs=runs, length=length)
        expected = plain(graph, starts, keys, depth, random.Random(0), runs, length)
        assert (stray and list(stray.states)) == expected, number
        assert stray is None or stray.loop is None
        strays += stray is not None
    assert strays > 20


def test_where_a_move_was_taken_alone_any_other_one_is_taken_too() -> None:
    class Alone(Numbers):
        def moves(self, state: int) -> Iterator[Move[int]]:
            for position, move in enumerate(super().moves(state)):
                yield replace(move, alone=position == 0 and state == 0)

    graph: Graph = {0: [(1, None), (2, None)], 1: [(1, None)], 2: [(3, None)], 3: []}
    found = explore(Alone(graph), always(lambda n: None, name="anything"))
    assert found.states == 2
    # 2 is not known, so there is nothing to compare it with.
    assert stray_move(found, lambda count: count - 1, runs=2, length=5) is None
