"""Covering paths beside the law that they follow: always on to the nearest thing that is missing.

The arrows are found anew here, by deciding every event in every snapshot.
"""

from collections.abc import Callable

import pytest
from statemachine import State

from relink.engine import Chart, Decision, Event, Facts, Snapshot, Table, stays
from relink.engine.explore import (
    MachineModel,
    MachinePath,
    all_pairs,
    all_transitions,
    explore,
    paths_to_states,
    paths_to_transitions,
    unreached,
)

from .door import DoorChart, KeyTurned, Pushed
from .lock import Dialed, Lock, LockFacts, Released
from .test_explore_graph import EVENTS, Lift


class Restless(Chart):
    """Its first leaf keeps the state in which it begins."""

    facts_type = LockFacts
    alphabet = (Released, Dialed)
    here = State(initial=True)
    there = State()
    stays(here, event="released")
    here.to(there, event="dialed")
    there.to(here, event="released dialed")


Place = tuple[str, str]
"""A state, and the facts as text."""
Goal = tuple[int, ...]
"""The last leaf, or the last two."""

MACHINES: dict[str, tuple[Table, list[Event]]] = {
    "lift": (Lift.table(), EVENTS),
    "door": (DoorChart.table(), [Pushed(), KeyTurned()]),
    "restless": (Restless.table(), [Dialed(digit=1), Released()]),
    "lock": (Lock.table(), [Dialed(digit=digit) for digit in (7, 2, 9)] + [Released()]),
}
DEPTH = 6
"""A lock counts how often it was opened, so its graph has no end."""


def place(snapshot: Snapshot[Facts]) -> Place:
    return snapshot.state, repr(snapshot.facts)


class Arrows:
    """What can be decided in each place, up to some depth, in the order of the events."""

    def __init__(self, table: Table, events: list[Event], with_ignored: bool) -> None:
        self.start = table.start().snapshot
        self.of: dict[Place, list[Decision]] = {}
        self.depths: dict[Place, int] = {place(self.start): 0}
        layer = [self.start]
        for depth in range(DEPTH):
            following = []
            for snapshot in layer:
                found = [table.decide(snapshot, event) for event in events]
                self.of[place(snapshot)] = [
                    each for each in found if with_ignored or each.outcome != "ignored"
                ]
                for each in found:
                    if place(each.snapshot) not in self.depths:
                        self.depths[place(each.snapshot)] = depth + 1
                        following.append(each.snapshot)
            layer = following

    def after(self, snapshot: Snapshot[Facts]) -> list[Decision]:
        return self.of.get(place(snapshot), [])

    def nearest(
        self, snapshot: Snapshot[Facts], last: Goal, missing: set[Goal], size: int
    ) -> int | None:
        """How many decisions away the nearest one is that is missing."""
        layer = [(snapshot, last)]
        seen = {(place(snapshot), last)}
        for distance in range(1, 99):
            following = []
            for at, before in layer:
                for each in self.after(at):
                    now = (*before, each.leaf.index)[-size:]
                    if now in missing:
                        return distance
                    key = (place(each.snapshot), now)
                    if key not in seen:
                        seen.add(key)
                        following.append((each.snapshot, now))
            layer = following
        return None

    def goals(self, size: int) -> set[Goal]:
        found: set[Goal] = set()
        for decisions in self.of.values():
            for one in decisions:
                if size == 1:
                    found.add((one.leaf.index,))
                    continue
                found |= {(one.leaf.index, other.leaf.index) for other in self.after(one.snapshot)}
        return found


COVERINGS: dict[int, Callable[..., tuple[MachinePath, ...]]] = {1: all_transitions, 2: all_pairs}


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("size", COVERINGS)
@pytest.mark.parametrize("with_ignored", [False, True])
@pytest.mark.parametrize("most", [1, 2, 3, 4, 7, 50])
def test_each_path_goes_on_to_the_nearest_thing_that_is_missing(
    name: str, size: int, with_ignored: bool, most: int
) -> None:
    table, events = MACHINES[name]
    arrows = Arrows(table, events, with_ignored)
    found = explore(MachineModel(table, events), max_depth=DEPTH)
    paths = COVERINGS[size](found, with_ignored=with_ignored, max_length=most)
    missing = arrows.goals(size)
    for path in paths:
        assert path.start == table.start()
        at, last, taken = arrows.start, Goal(), 0
        while missing and taken < most:
            further = arrows.nearest(at, last, missing, size)
            if further is None or (taken and taken + further > most):
                break
            for decision in path.decisions[taken : taken + further]:
                assert decision == table.decide(at, decision.trigger)
                at, last = decision.snapshot, (*last, decision.leaf.index)[-size:]
                is_new = last in missing
                missing.discard(last)
            assert is_new
            taken += further
        assert taken == len(path.decisions) > 0
    assert not missing


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("with_ignored", [False, True])
def test_paths_to_states_and_transitions_are_the_first_of_the_shortest(
    name: str, with_ignored: bool
) -> None:
    table, events = MACHINES[name]
    arrows = Arrows(table, events, with_ignored)
    found = explore(MachineModel(table, events), max_depth=DEPTH)
    to_leaves = paths_to_transitions(found, with_ignored=with_ignored)
    distances: dict[int, int] = {}
    for at, decisions in arrows.of.items():
        for each in decisions:
            way = arrows.depths[at] + 1
            distances[each.leaf.index] = min(way, distances.get(each.leaf.index, way))
    assert {leaf.index: len(path.decisions) for leaf, path in to_leaves.items()} == distances
    if not with_ignored:
        to_states = paths_to_states(found)
        nearest: dict[str, int] = {}
        for (state, _), depth in arrows.depths.items():
            nearest.setdefault(state, depth)
        assert {state: len(path.decisions) for state, path in to_states.items()} == nearest
        return
    impossible = {leaf.index for leaf in table.leaves() if leaf.outcome == "impossible"}
    missed = {leaf.index for leaf in table.leaves()} - distances.keys() - impossible
    assert [leaf.index for leaf in unreached(found)] == sorted(missed)
