"""The graph of a table and the paths through a machine, beside plain searches."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from statemachine import State

from relink.engine import Chart, Event, Facts, Leaf, Table, ignored, impossible, stays
from relink.engine.explore import (
    MachineModel,
    TableGraph,
    all_pairs,
    all_transitions,
    explore,
    paths_to_states,
    paths_to_transitions,
    table_graph,
    unreached,
)
from relink.machines import CHARTS

from .door import DoorChart
from .test_generated_charts import Plan, bounded, compiled, make_chart, plans
from .unusual import RootChart


class Called(Event):
    by: int = 0


class Closed(Event):
    pass


class NoFacts(Facts):
    id: str = "x"


class Lift(Chart):
    """Goes up and down; only a porter goes to the cellar, and the roof has no way back."""

    facts_type = NoFacts
    alphabet = (Called, Closed)

    ground = State(initial=True)
    first = State()
    roof = State()
    cellar = State()
    absorbing = (roof,)

    ground.to(first, event="called", cond="is_guest")
    ground.to(roof, event="called", cond="is_owner")
    ground.to(cellar, event="called", cond="is_porter")
    first.to(ground, event="called")
    first.to(roof, event="closed")
    stays(ground, event="closed", on="hum")
    cellar.to(ground, event="called", unless="is_owner")
    stays(cellar, event="closed", on="hum")

    decided = (
        ignored(
            ground, Called, because="nobody", when="not is_guest and not is_owner and not is_porter"
        ),
        ignored(roof, Called, because="it is the top"),
        impossible(cellar, Called, when="is_owner", because="the owner stays upstairs"),
        ignored(roof, Closed, because="it has no door"),
    )

    def is_guest(self, facts: NoFacts, trigger: Event) -> bool:
        return isinstance(trigger, Called) and trigger.by == 1

    def is_owner(self, facts: NoFacts, trigger: Event) -> bool:
        return isinstance(trigger, Called) and trigger.by == 2

    def is_porter(self, facts: NoFacts, trigger: Event) -> bool:
        return isinstance(trigger, Called) and trigger.by == 3

    def hum(self, facts: NoFacts, trigger: Event) -> None:
        return None


def check(graph: TableGraph, table: Table) -> None:
    leaves = tuple(table.leaves())
    assert graph.states == table.states
    assert graph.moves == tuple(leaf for leaf in leaves if leaf.outcome == "moved")
    assert graph.stays == tuple(leaf for leaf in leaves if leaf.outcome == "stayed")
    left = {leaf.source for leaf in graph.moves}
    assert graph.dead_ends == tuple(state for state in table.states if state not in left)
    # Ways of every length, round by round.
    found: dict[str, int] = {table.initial: 0}
    for length in range(1, len(table.states) + 1):
        new = {leaf.target for leaf in graph.moves if found.get(leaf.source) == length - 1}
        found |= {state: length for state in new if state is not None and state not in found}
    assert {state: len(way) for state, way in graph.ways.items()} == found
    assert graph.unreachable == tuple(state for state in table.states if state not in found)
    for state, way in graph.ways.items():
        stops = [table.initial, *(leaf.target for leaf in way)]
        assert stops[-1] == state
        assert [leaf.source for leaf in way] == stops[:-1]
        assert set(way) <= set(graph.moves)
    for leaf in leaves:
        known = graph.ways.get(leaf.source)
        assert graph.way_over(leaf) == (None if known is None else (*known, leaf))


@pytest.mark.parametrize(
    "chart", [*CHARTS.values(), DoorChart, RootChart, Lift], ids=lambda chart: chart.__name__
)
def test_the_graph_is_what_the_leaves_say(chart: type[Chart]) -> None:
    check(table_graph(chart), chart.table())
    assert table_graph(chart) == table_graph(chart.table())


@bounded(60)
@given(plans())
def test_the_graph_of_any_chart_is_what_its_leaves_say(plan: Plan) -> None:
    table = compiled(make_chart(plan))
    check(table_graph(table), table)


def test_what_no_move_leaves_is_named() -> None:
    graph = table_graph(Lift)
    assert graph.dead_ends == ("roof",)
    assert {state: len(way) for state, way in graph.ways.items()} == {
        "ground": 0,
        "first": 1,
        "roof": 1,
        "cellar": 1,
    }
    assert [leaf.source for leaf in graph.stays] == ["ground", "cellar"]


# ── paths ────────────────────────────────────────────────────────────────────

# No porter comes, so no run enters the cellar.
EVENTS = [Called(by=0), Called(by=1), Called(by=2), Closed()]
LIFT = explore(MachineModel(Lift, EVENTS))


def taken(with_ignored: bool) -> dict[Leaf, int]:
    """By each leaf that runs reach, the fewest events that end with it."""
    table, found = Lift.table(), dict[Leaf, int]()
    snapshots = [table.start().snapshot]
    for length in range(1, 6):
        after = []
        for snapshot in snapshots:
            for event in EVENTS:
                decision = table.decide(snapshot, event)
                if with_ignored or decision.outcome != "ignored":
                    found.setdefault(decision.leaf, length)
                    after.append(decision.snapshot)
        snapshots = list({each.state: each for each in after}.values())
    return found


@pytest.mark.parametrize("with_ignored", [False, True])
def test_paths_to_transitions_are_shortest(with_ignored: bool) -> None:
    paths = paths_to_transitions(LIFT, with_ignored=with_ignored)
    assert {leaf: len(path.events) for leaf, path in paths.items()} == taken(with_ignored)
    for leaf, path in paths.items():
        assert path.decisions[-1].leaf == leaf
        check_run(path.start.state, path.decisions)


def check_run(start: str, decisions: Iterable[object]) -> None:
    states = [start]
    for decision in decisions:
        leaf = decision.leaf  # type: ignore[attr-defined]
        assert leaf.source == states[-1]
        states.append(decision.state)  # type: ignore[attr-defined]


def test_paths_to_states_are_shortest_and_tell_their_states() -> None:
    paths = paths_to_states(LIFT)
    assert {state: path.states for state, path in paths.items()} == {
        "ground": ("ground",),
        "first": ("ground", "first"),
        "roof": ("ground", "roof"),
    }
    assert str(paths["ground"]) == "ground"
    assert str(paths["first"]) == "ground --called[is_guest]--> first"


def test_what_no_run_takes_is_named_and_what_is_impossible_is_not() -> None:
    missed = unreached(LIFT)
    assert set(missed) == {
        leaf
        for leaf in Lift.table().leaves()
        if leaf not in taken(True) and leaf.outcome != "impossible"
    }
    assert [leaf.source for leaf in missed if leaf.source == "cellar"]
    assert all(leaf.outcome != "impossible" for leaf in missed)


@pytest.mark.parametrize("with_ignored", [False, True])
@pytest.mark.parametrize("most", [1, 2, 3, 5, 50])
def test_covering_paths_take_all_that_can_be_taken_and_are_as_long_as_allowed(
    with_ignored: bool, most: int
) -> None:
    wanted = taken(with_ignored)
    paths = all_transitions(LIFT, with_ignored=with_ignored, max_length=most)
    assert {d.leaf for path in paths for d in path.decisions} == set(wanted)
    for path in paths:
        check_run(path.start.state, path.decisions)
        # Longer only where nothing nearer is missing.
        assert len(path.events) <= max(most, *wanted.values())
        leaves = [d.leaf for d in path.decisions]
        assert leaves
    pairs = {
        (one, other)
        for one in wanted
        for other in wanted
        if one.target == other.source or (one.target is None and one.source == other.source)
    }
    covered = all_pairs(LIFT, with_ignored=with_ignored, max_length=most)
    for path in covered:
        check_run(path.start.state, path.decisions)
        assert len(path.events) <= max(most, 1 + max(wanted.values()))
    assert {
        (one.leaf, other.leaf) for path in covered for one, other in pairwise(path.decisions)
    } == pairs


def test_a_path_that_may_be_long_is_one_and_short_ones_are_many() -> None:
    numbers = [len(all_transitions(LIFT, max_length=most)) for most in (1, 2, 3, 50)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] < numbers[0]
    lengths = [len(path.events) for path in all_transitions(LIFT, max_length=3)]
    assert max(lengths) == 3
