"""Liveness: runs that go on for ever without ever coming to what they should lead to.

A counterexample to "the cause leads to the effect" is a state with the cause, and from there a fair
run that avoids the effect for ever. A finite graph has one if it has a set of states without the
effect that lead to each other (a strongly connected component), in which a run can go round fairly:

- *weak* fairness: each fair name has a state of the set in which it is not possible, or a move
  within the set. Larger sets only make it easier, so the components themselves are enough.
- *strong* fairness: each fair name that is possible in the set has a move within it. If one has
  none, the run must avoid the states in which it is possible; what is left of the set is looked at
  anew.

Moves that are not fair may never happen, so every state is also a set of its own, in which a run
stays.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from .properties import Fairness
from .reached import Edge

Edges = Sequence[Sequence[Edge] | None]
"""The moves of each state, by its number; None where they were not looked at."""


class Lasso(NamedTuple):
    """A run from a state to a loop, and once around it, as positions of moves."""

    start: int
    stem: list[int]
    loop: list[int]


def backwards(edges: Edges, goals: Collection[int]) -> set[int]:
    """The numbers of all states from which a goal can be reached."""
    sources: list[list[int]] = [[] for _ in edges]
    for number, moves in enumerate(edges):
        for edge in moves or ():
            sources[edge.target].append(number)
    found = set(goals)
    waiting = list(found)
    while waiting:
        for source in sources[waiting.pop()]:
            if source not in found:
                found.add(source)
                waiting.append(source)
    return found


def fair_lasso(
    edges: Edges, causes: Sequence[int], avoided: Callable[[int], bool], fairness: Fairness
) -> Lasso | None:
    """A fair run from a cause that avoids something for ever; one with a short stem.

    Args:
        edges: The moves of each state.
        causes: The numbers of states in which it may begin, the nearest first.
        avoided: Whether a state is to be avoided.
        fairness: Weak or strong.
    """
    from_: dict[int, tuple[int, int] | None] = {}
    order: deque[int] = deque()
    for cause in causes:
        if not avoided(cause):
            from_[cause] = None
            order.append(cause)
    allowed = list(order)
    while order:
        number = order.popleft()
        for edge in edges[number] or ():
            if edge.target not in from_ and not avoided(edge.target):
                from_[edge.target] = (number, edge.position)
                order.append(edge.target)
                allowed.append(edge.target)
    # In the order of the search, so that the first state of a fair set is the nearest one.
    ranks = {number: rank for rank, number in enumerate(allowed)}
    entries = [
        (min(part, key=ranks.__getitem__), part)
        for part in _fair_sets(edges, [n for n in allowed if edges[n] is not None], fairness)
    ]
    if not entries:
        return None
    entry, part = min(entries, key=lambda each: ranks[each[0]])
    stem: list[int] = []
    number = entry
    while (step := from_[number]) is not None:
        number, position = step
        stem.append(position)
    return Lasso(number, stem[::-1], _loop(edges, entry, part, fairness))


def _fair_sets(edges: Edges, numbers: list[int], fairness: Fairness) -> Iterator[set[int]]:
    for part in _components(edges, numbers):
        lacking = _lacking(edges, part, fairness)
        if not lacking:
            yield part
        elif fairness == "strong":
            rest = [n for n in numbers if n in part and not lacking & _possible(edges, n)]
            yield from _fair_sets(edges, rest, fairness)


def _possible(edges: Edges, number: int) -> set[str]:
    return {edge.fair for edge in edges[number] or () if edge.fair is not None}


def _lacking(edges: Edges, part: set[int], fairness: Fairness) -> set[str]:
    """The fair names that a run which stays within the set puts off for ever."""
    possible = [_possible(edges, number) for number in part]
    taken = {
        edge.fair
        for number in part
        for edge in edges[number] or ()
        if edge.fair is not None and edge.target in part
    }
    held = set.intersection(*possible) if fairness == "weak" else set.union(*possible)
    return held - taken


def _loop(edges: Edges, entry: int, part: set[int], fairness: Fairness) -> list[int]:
    """Positions of moves from a state of a set once around, past all that is fair."""
    names = sorted({name for number in part for name in _possible(edges, number)})
    loop: list[int] = []
    number = entry
    for name in names:

        def is_move(source: int, edge: Edge, name: str = name) -> bool:
            return edge.fair == name

        def is_state(at: int, name: str = name) -> bool:
            return fairness == "weak" and name not in _possible(edges, at)

        if not is_state(number):
            steps, number = _walk(edges, number, part, is_state, is_move)
            loop += steps
    if number != entry or not loop:
        steps, _ = _walk(
            edges, number, part, lambda at: False, lambda at, edge: edge.target == entry
        )
        loop += steps
    return loop


def _walk(
    edges: Edges,
    start: int,
    part: set[int],
    is_end: Callable[[int], bool],
    is_last: Callable[[int, Edge], bool],
) -> tuple[list[int], int]:
    """A shortest walk within a set to a state, or over a move; empty if there is none."""
    waiting: deque[tuple[int, list[int]]] = deque([(start, [])])
    seen = {start}
    while waiting:
        number, steps = waiting.popleft()
        if is_end(number):
            return steps, number
        for edge in edges[number] or ():
            if edge.target not in part:
                continue
            if is_last(number, edge):
                return [*steps, edge.position], edge.target
            if edge.target not in seen:
                seen.add(edge.target)
                waiting.append((edge.target, [*steps, edge.position]))
    return [], start


def _components(edges: Edges, numbers: Sequence[int]) -> Iterator[set[int]]:
    """The strongly connected components of a part of the graph (Tarjan, without recursion)."""
    within = set(numbers)
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    for root in numbers:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(edges[root] or ()))]
        while work:
            number, rest = work[-1]
            for edge in rest:
                target = edge.target
                if target not in within:
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(edges[target] or ())))
                    break
                if target in on_stack:
                    low[number] = min(low[number], index[target])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[number])
                if low[number] == index[number]:
                    part: set[int] = set()
                    while number not in part:
                        part.add(last := stack.pop())
                        on_stack.discard(last)
                    yield part
