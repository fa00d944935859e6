"""Exploring one chart: its graph, what is reached, and paths for tests."""

from itertools import pairwise

import pytest

from relink.engine import Event
from relink.engine.errors import ArgumentError
from relink.engine.explore import (
    MachineModel,
    all_pairs,
    all_transitions,
    always,
    each_move,
    explore,
    paths_to_states,
    paths_to_transitions,
    sequence_diagram,
    story,
    table_graph,
    unreached,
)
from relink.machines import CHARTS

from .door import TABLE, Burnt, DoorChart, DoorFacts, KeyTurned, Pushed
from .explored import Network
from .lock import Dialed, Lock, LockFacts, Released

DIGITS = [Dialed(digit=digit) for digit in range(10)]
LOCK: list[Event] = [*DIGITS, Released()]


def few_wrong(snapshot: object) -> list[Event]:
    """What can reach a lock on which few wrong digits were dialed."""
    facts = getattr(snapshot, "facts", None)
    assert isinstance(facts, LockFacts)
    return LOCK if facts.wrong < 2 and facts.opened < 2 else []


EXPLORED = explore(MachineModel(Lock, few_wrong))


def test_the_graph_of_a_table_has_its_moves_and_the_shortest_ways() -> None:
    graph = table_graph(DoorChart)
    assert graph.states == TABLE.states
    assert graph.unreachable == ()
    assert graph.dead_ends == ("gone",)
    assert graph.ways["opened"] == ()
    assert [leaf.event for leaf in graph.ways["locked"]] == ["pushed", "key_turned"]
    turned = graph.ways["locked"][-1]
    assert turned.guards == (("holds_key", True),)
    for leaf in (*graph.moves, *graph.stays):
        way = graph.way_over(leaf)
        assert way is not None
        assert all(one.target == other.source for one, other in pairwise(way))
        assert way[0].source == TABLE.initial


@pytest.mark.parametrize("name", CHARTS)
def test_the_ways_of_our_own_tables_are_the_shortest(name: str) -> None:
    table = CHARTS[name].table()
    graph = table_graph(table)
    assert graph.unreachable == ()
    # Round by round, from the initial state on.
    found, rounds = {table.initial: 0}, 0
    while more := {m.target for m in graph.moves if m.source in found} - found.keys():
        rounds += 1
        found |= dict.fromkeys(more, rounds)
    assert {state: len(way) for state, way in graph.ways.items()} == found


def test_paths_lead_to_every_state_and_are_shortest() -> None:
    paths = paths_to_states(EXPLORED)
    assert {state: len(path.events) for state, path in paths.items()} == {
        "none": 0,
        "one": 1,
        "two": 2,
        "opened": 3,
    }
    assert str(paths["opened"]) == (
        "none --dialed[is_seven]--> one --dialed[is_two]--> two --dialed[is_nine]--> opened"
    )
    assert paths["opened"].events == (Dialed(digit=7), Dialed(digit=2), Dialed(digit=9))
    assert [c.name for c in paths["opened"].decisions[-1].commands] == ["click"]


def test_paths_end_with_every_transition_that_can_be_taken() -> None:
    table = Lock.table()
    taken = paths_to_transitions(EXPLORED)
    assert {leaf.index for leaf in taken} == {
        leaf.index for leaf in table.leaves() if leaf.outcome in ("moved", "stayed")
    }
    assert all(path.decisions[-1].leaf == leaf for leaf, path in taken.items())
    assert set(paths_to_transitions(EXPLORED, with_ignored=True)) == set(table.leaves())
    assert unreached(EXPLORED) == ()


def test_all_transitions_paths_take_each_and_all_pairs_paths_each_two() -> None:
    paths = all_transitions(EXPLORED)
    leaves = {decision.leaf for path in paths for decision in path.decisions}
    assert leaves == set(paths_to_transitions(EXPLORED))
    assert len(paths) <= 2
    pairs = {
        (one.leaf.index, other.leaf.index)
        for path in all_pairs(EXPLORED)
        for one, other in pairwise(path.decisions)
    }
    # By taking every event in every snapshot, round by round.
    table, wanted, seen = Lock.table(), set(), [table_start()]
    for _ in range(9):
        after = []
        for snapshot, last in seen:
            for event in few_wrong(snapshot):
                decision = table.decide(snapshot, event)
                if decision.outcome != "ignored":
                    wanted |= {(last, decision.leaf.index)} if last is not None else set()
                    after.append((decision.snapshot, decision.leaf.index))
        seen = list(
            {
                (s.state, s.facts.wrong, s.facts.opened, last): (s, last) for s, last in after
            }.values()
        )
    assert pairs == wanted


def table_start() -> tuple[object, int | None]:
    return Lock.table().start().snapshot, None


def test_paths_are_as_long_as_asked_for() -> None:
    short = all_transitions(EXPLORED, max_length=4)
    assert len(short) > 1
    assert max(len(path.events) for path in short) <= 5
    leaves = {decision.leaf for path in short for decision in path.decisions}
    assert leaves == set(paths_to_transitions(EXPLORED))


def test_what_no_event_reaches_is_named() -> None:
    found = explore(MachineModel(Lock, [Dialed(digit=7), Dialed(digit=9)]), max_depth=6)
    missed = unreached(found)
    assert {(leaf.source, leaf.event) for leaf in missed} >= {
        ("two", "dialed"),
        ("opened", "released"),
    }
    assert "opened" not in paths_to_states(found)


def test_a_machine_that_decides_with_an_error_is_a_counterexample() -> None:
    model = MachineModel(DoorChart, [KeyTurned(), Pushed(), Burnt()], facts=DoorFacts(has_key=True))
    found = explore(model, max_depth=3)
    (violated,) = found.violations
    assert story(violated)[1:][0] == "1. KeyTurned()"
    assert "declared impossible" in violated.wrong


def test_a_property_of_a_machine_has_a_shortest_counterexample() -> None:
    def is_never_open(snapshot: object) -> str | None:
        return "it is open" if getattr(snapshot, "state", "") == "opened" else None

    verdict = explore(MachineModel(Lock, LOCK, checked=True), always(is_never_open), max_depth=4)
    (violated,) = verdict.violations
    assert violated.way is not None
    assert [move.event for move in violated.way.moves] == [Dialed(digit=d) for d in (7, 2, 9)]


def test_a_function_may_say_which_snapshots_count_as_one() -> None:
    found = explore(MachineModel(Lock, LOCK, abstraction=lambda snapshot: snapshot.state))
    assert found.is_complete
    assert found.states == 4


def test_paths_of_what_is_no_machine_are_refused() -> None:
    with pytest.raises(ArgumentError, match="the exploration of a machine"):
        all_transitions(explore(Network(changes=1)))  # type: ignore[arg-type]


def test_what_refutes_a_property_of_a_chart_is_told_and_drawn() -> None:
    opens = always(
        lambda snapshot: "it opened" if snapshot.state == "opened" else None, name="never_opens"
    )
    (found,) = explore(MachineModel(Lock, few_wrong), opens).violations
    assert story(found) == (
        "never_opens: it opened",
        "1. Dialed(digit=7)",
        "   none --dialed[is_seven]--> one: no commands",
        "2. Dialed(digit=2)",
        "   one --dialed[is_two]--> two: no commands",
        "3. Dialed(digit=9)",
        "   two --dialed[is_nine]--> opened: 1 command (click); sets opened",
    )
    assert found.way is not None
    assert story(found.way) == story(found)[1:]
    assert sequence_diagram(found.way).splitlines() == [
        "sequenceDiagram",
        "    participant environment as environment",
        "    participant machine as machine",
        "    environment->>machine: Dialed(digit=7)",
        "    Note over machine: none → one",
        "    environment->>machine: Dialed(digit=2)",
        "    Note over machine: one → two",
        "    environment->>machine: Dialed(digit=9)",
        "    Note over machine: two → opened",
        "    machine-->>environment: click",
    ]


def test_an_event_that_is_ignored_is_drawn_with_the_reason() -> None:
    stays_shut = each_move(
        lambda before, move: "ignored" if move.outcome.outcome == "ignored" else None,
        name="nothing_is_ignored",
    )
    (found,) = explore(MachineModel(Lock, [Released()]), stays_shut).violations
    assert found.way is not None
    assert "    Note over machine: ignored: it is not open" in sequence_diagram(found.way)
