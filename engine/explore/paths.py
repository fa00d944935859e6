"""Test paths: runs of a machine that a test can play against something else.

A path has the events to send, and for each the decision to expect: the next state, the facts and
the commands. Paths are found in the graph of a :class:`~.machine.MachineModel`, so each can really
happen.

A *transition* is here a leaf of the table: a way through its guards. All-transitions paths take
each one that can be reached, ignored events included if asked for; all-pairs paths take each two
that can follow each other. Both are greedy: a path goes on to the nearest transition that is
missing, and a new one begins where none is left or the path is long enough. That is short, though
not the shortest.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, NamedTuple

from ..arguments import explained, wrong_argument
from ..decision import Decision, Snapshot
from ..effect import Facts
from ..event import Event
from ..tree import Leaf
from .machine import MachineModel
from .reached import ModelError
from .search import Exploration

MachineExploration = Exploration[Snapshot[Facts]]


@dataclass(frozen=True, slots=True)
class MachinePath:
    """A run of one machine."""

    start: Decision
    """The decision that starts it."""
    decisions: tuple[Decision, ...]
    """One for each event."""

    @property
    def events(self) -> tuple[Event, ...]:
        """What to send, in order."""
        return tuple(decision.trigger for decision in self.decisions)

    @property
    def states(self) -> tuple[str, ...]:
        """The state at the start, and after each event."""
        return (self.start.state, *(decision.state for decision in self.decisions))

    def __str__(self) -> str:
        """``locked --coin_inserted--> open --pushed--> locked``."""
        arrows = (
            f" --{each.leaf.label or each.leaf.event}--> {each.state}" for each in self.decisions
        )
        return "".join([self.start.state, *arrows])


class _Arrow(NamedTuple):
    """A decision between two states of the graph."""

    target: int
    position: int
    """Of the move among those of its state."""
    decision: Decision


class _Graph:
    """The graph of one machine, with the decisions on its arrows."""

    def __init__(self, exploration: MachineExploration, function: str, with_ignored: bool) -> None:
        model = exploration.model if isinstance(exploration, Exploration) else None
        if not isinstance(model, MachineModel):
            cure = "give what explore(MachineModel(chart, events)) returns"
            raise wrong_argument(function, "the exploration of a machine", exploration, cure)
        self.model = model
        self.arrows: dict[int, list[_Arrow]] = {}
        self.ways: dict[int, tuple[_Arrow, ...]] = {0: ()}
        snapshots: dict[int, Snapshot[Any]] = {0: model.start().snapshot}
        waiting = deque([0])
        while waiting:
            number = waiting.popleft()
            arrows = self.arrows[number] = []
            if exploration.edges[number] is None:
                continue
            for position, move in enumerate(model.moves(snapshots[number])):
                target = exploration.reached.number(move.after)
                if target is None or not isinstance(decision := move.outcome, Decision):
                    continue
                if decision.outcome == "ignored" and not with_ignored:
                    continue
                arrows.append(arrow := _Arrow(target, position, decision))
                if target not in snapshots:
                    snapshots[target] = decision.snapshot
                    self.ways[target] = (*self.ways[number], arrow)
                    waiting.append(target)

    def path(self, arrows: tuple[_Arrow, ...]) -> MachinePath:
        """A path over arrows that follow each other, decided anew from the start."""
        start = self.model.start()
        decisions: list[Decision] = []
        snapshot = start.snapshot
        for arrow in arrows:
            # Times and ids may differ within one state of the graph, but not what is decided.
            move = next(islice(self.model.moves(snapshot), arrow.position, None), None)
            decision = None if move is None else move.outcome
            if not isinstance(decision, Decision) or decision.leaf != arrow.decision.leaf:
                raise ModelError(
                    f"{self.model.table.name}: {arrow.decision.trigger.name} is decided in two "
                    "ways in what counts as one state; see stray_move()"
                )
            decisions.append(decision)
            snapshot = decision.snapshot
        return MachinePath(start, tuple(decisions))

    def numbered(self) -> Iterator[tuple[int, _Arrow]]:
        for number in self.ways:
            yield from ((number, arrow) for arrow in self.arrows[number])


@explained
def paths_to_states(exploration: MachineExploration) -> dict[str, MachinePath]:
    """A shortest path to each state that can be reached.

    Args:
        exploration: Of a :class:`MachineModel`.

    Raises:
        ArgumentError: it is of something else.
    """
    graph = _Graph(exploration, "paths_to_states", with_ignored=False)
    found: dict[str, MachinePath] = {}
    for arrows in graph.ways.values():
        path = graph.path(arrows)
        found.setdefault(path.states[-1], path)
    return found


@explained
def paths_to_transitions(
    exploration: MachineExploration, *, with_ignored: bool = False
) -> dict[Leaf, MachinePath]:
    """A shortest path that ends with each transition that can be taken.

    Args:
        exploration: Of a :class:`MachineModel`.
        with_ignored: Whether ignored events count as well.

    Raises:
        ArgumentError: the exploration is of something else.
    """
    graph = _Graph(exploration, "paths_to_transitions", with_ignored)
    found: dict[Leaf, MachinePath] = {}
    for number, arrow in graph.numbered():
        if arrow.decision.leaf not in found:
            found[arrow.decision.leaf] = graph.path((*graph.ways[number], arrow))
    return found


@explained
def all_transitions(
    exploration: MachineExploration, *, with_ignored: bool = False, max_length: int = 50
) -> tuple[MachinePath, ...]:
    """Paths that together take every transition that can be taken.

    Args:
        exploration: Of a :class:`MachineModel`.
        with_ignored: Whether ignored events count as well.
        max_length: After how many events no path goes on to another transition.

    Raises:
        ArgumentError: the exploration is of something else.
    """
    graph = _Graph(exploration, "all_transitions", with_ignored)
    wanted = {arrow.decision.leaf.index for _, arrow in graph.numbered()}
    return _covering(graph, wanted, _leaf, max_length)


@explained
def all_pairs(
    exploration: MachineExploration, *, with_ignored: bool = False, max_length: int = 50
) -> tuple[MachinePath, ...]:
    """Paths that together take every two transitions that can follow each other.

    Args:
        exploration: Of a :class:`MachineModel`.
        with_ignored: Whether ignored events count as well.
        max_length: After how many events no path goes on to another pair.

    Raises:
        ArgumentError: the exploration is of something else.
    """
    graph = _Graph(exploration, "all_pairs", with_ignored)
    wanted = {
        _pair(first, second)
        for _, first in graph.numbered()
        for second in graph.arrows[first.target]
    }
    return _covering(graph, wanted, _pair, max_length)


@explained
def unreached(exploration: MachineExploration) -> tuple[Leaf, ...]:
    """The leaves of the table that no run of the model reaches, impossible ones left out.

    Raises:
        ArgumentError: the exploration is not of a :class:`MachineModel`.
    """
    graph = _Graph(exploration, "unreached", with_ignored=True)
    taken = {arrow.decision.leaf.index for _, arrow in graph.numbered()}
    leaves = graph.model.table.leaves()
    return tuple(x for x in leaves if x.outcome != "impossible" and x.index not in taken)


Goal = int | tuple[int, int]
"""A leaf, or two that follow each other, by their indexes."""


def _leaf(before: _Arrow | None, arrow: _Arrow) -> Goal:
    return arrow.decision.leaf.index


def _pair(before: _Arrow | None, arrow: _Arrow) -> Goal:
    return (before.decision.leaf.index if before else -1, arrow.decision.leaf.index)


def _covering(
    graph: _Graph,
    wanted: set[Goal] | set[int] | set[tuple[int, int]],
    goal: Callable[[_Arrow | None, _Arrow], Goal],
    max_length: int,
) -> tuple[MachinePath, ...]:
    missing: set[Goal] = set(wanted)
    paths: list[MachinePath] = []
    while missing:
        taken: tuple[_Arrow, ...] = ()
        number = 0
        while further := _nearest(graph, number, taken[-1] if taken else None, missing, goal):
            if taken and len(taken) + len(further) > max_length:
                break
            for before, arrow in pairwise((taken[-1] if taken else None, *further)):
                assert arrow is not None, "only the first can be None"
                missing.discard(goal(before, arrow))
            taken += further
            number = taken[-1].target
        assert taken, "there is a way from the start to all that is wanted"
        paths.append(graph.path(taken))
    return tuple(paths)


def _nearest(
    graph: _Graph,
    number: int,
    last: _Arrow | None,
    missing: set[Goal],
    goal: Callable[[_Arrow | None, _Arrow], Goal],
) -> tuple[_Arrow, ...]:
    """The shortest way on to something that is missing; empty if there is none."""
    waiting: deque[tuple[int, _Arrow | None, tuple[_Arrow, ...]]] = deque([(number, last, ())])
    # What a pair needs next depends on the arrow before.
    seen = {(number, last.decision.leaf.index if last else -1)}
    while waiting:
        at, before, way = waiting.popleft()
        for arrow in graph.arrows[at]:
            if goal(before, arrow) in missing:
                return (*way, arrow)
            place = (arrow.target, arrow.decision.leaf.index)
            if place not in seen:
                seen.add(place)
                waiting.append((arrow.target, arrow, (*way, arrow)))
    return ()
