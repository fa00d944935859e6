"""What searches do if nobody says otherwise: how often, how far, and how strictly."""

from typing import Any

import pytest
from statemachine import State

from relink.engine import Chart, Event, Facts, Send, System, stays
from relink.engine.explore import (
    Environment,
    MachineModel,
    Move,
    SystemModel,
    explore,
    stray_move,
)
from relink.engine.fuzz import (
    CoverageReport,
    LeafCoverage,
    Progress,
    TableCoverage,
    find_counterexample,
    machine_test,
)

from .explored import Numbers
from .lock import Dialed, Lock, LockFacts, Released


class Poked(Event):
    pass


class BoxFacts(Facts):
    id: str = "b"


class Vague(Chart):
    """Its guard answers with no bool, which only a checked table notices."""

    facts_type = BoxFacts
    alphabet = (Poked,)
    shut = State(initial=True)
    absorbing = (shut,)
    stays(shut, event="poked", cond="is_new", on="keep")
    stays(shut, event="poked", unless="is_new", on="keep")

    def is_new(self, facts: BoxFacts, trigger: Poked) -> bool:
        return "no"  # type: ignore[return-value]

    def keep(self, facts: BoxFacts, trigger: Poked) -> None:
        return None


class Fingers(Environment[int]):
    def starts(self) -> tuple[int]:
        return (0,)

    def moves(self, state: int) -> list[Move[int]]:
        return [Move("poke", state + 1, Poked())] if state < 1 else []

    def receive(self, state: int, commands: object) -> int:
        return state


VAGUE = System({"box": Vague}, lambda event, load: [Send(machine="box", key="b", event=event)])
MODELS: dict[str, Any] = {
    "machine": lambda **how: MachineModel(Vague, [Poked()], **how),
    "system": lambda **how: SystemModel(VAGUE, Fingers(), **how),
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_checks_guards_only_if_asked_to(kind: str) -> None:
    found = explore(MODELS[kind](checked=True), max_depth=1)
    (violated,) = found.violations
    assert "is_new" in violated.wrong
    for how in ({}, {"checked": False}):
        assert not explore(MODELS[kind](**how), max_depth=1).violations


@pytest.mark.parametrize(
    ("how", "runs", "length"),
    [
        ({}, 100, 30),
        ({"runs": 3}, 3, 30),
        ({"length": 4}, 100, 4),
        ({"runs": 2, "length": 1}, 2, 1),
    ],
)
def test_real_runs_are_as_many_and_as_long_as_asked_for(
    how: dict[str, int], runs: int, length: int
) -> None:
    asked: list[int] = []

    def choose(count: int) -> int:
        asked.append(count)
        return 0

    ring = explore(Numbers({0: [(1, None), (0, None)], 1: [(0, None)]}))
    assert stray_move(ring, choose, **how) is None
    # One choice of a start, and one of each move.
    assert len(asked) == runs * (1 + length)
    assert asked[0] == 1


@pytest.mark.parametrize("count", [1, 19, 20, 21, 41])
def test_a_search_without_a_finding_tries_as_many_histories_as_it_is_to(count: int) -> None:
    told: list[Progress] = []
    test = machine_test(Lock, against_live=False)
    assert (
        find_counterexample(test, max_examples=count, max_events=5, on_progress=told.append) is None
    )
    # Hypothesis gives up some of its own accord, and tries others instead.
    assert len(told) >= count
    assert [each.runs for each in told] == list(range(1, len(told) + 1))
    events = [each.events for each in told]
    lengths = [after - before for before, after in zip([0, *events], events, strict=False)]
    assert 0 <= min(lengths) <= max(lengths) <= 5
    assert not any(each.found for each in told)


# ── coverage ─────────────────────────────────────────────────────────────────


def covered(decided: int, missed: int) -> TableCoverage:
    leaf = next(iter(Lock.table().leaves()))
    return TableCoverage("lock", decided, (leaf,) * missed, ())


@pytest.mark.parametrize(
    ("tables", "percent"),
    [
        ([], 100),
        ([(0, 0)], 100),
        ([(0, 3)], 0),
        ([(1, 2)], 33),
        ([(2, 1)], 66),
        ([(199, 1)], 99),
        ([(3, 0)], 100),
        ([(1, 0), (0, 3)], 25),
        ([(3, 1), (1, 3)], 50),
    ],
)
def test_the_share_of_leaves_is_that_of_all_tables_rounded_down(
    tables: list[tuple[int, int]], percent: int
) -> None:
    report = CoverageReport(tuple(covered(*each) for each in tables))
    assert report.percent == percent
    assert [each.possible for each in report.tables] == [sum(each) for each in tables]
    if len(tables) == 1:
        assert f"leaves decided ({percent} %), 0 impossible" in str(report)


def test_coverage_counts_each_decision_of_its_tables_and_no_others() -> None:
    table, other = Lock.table(), Vague.table()
    coverage = LeafCoverage(Lock)
    start = table.start(LockFacts()).snapshot
    assert coverage.report().percent == 0
    for times in (1, 2):
        decision = table.decide(start, Released())
        coverage.record(table, decision)
        assert coverage.count(table, decision.leaf) == times
    coverage.record(other, other.decide(other.start(BoxFacts()).snapshot, Poked()))
    dialed = table.decide(start, Dialed(digit=7)).leaf
    assert coverage.count(table, dialed) == 0
    (report,) = coverage.report().tables
    leaves = list(table.leaves())
    assert report == TableCoverage(
        name="lock",
        decided=1,
        missed=tuple(leaf for leaf in leaves if leaf != decision.leaf),
        impossible=(),
    )
    assert str(report).splitlines() == [
        f"lock: 1 of {len(leaves)} leaves decided ({100 // len(leaves)} %), 0 impossible",
        *(f"  missed {shown(leaf)}" for leaf in report.missed),
    ]


def shown(leaf: Any) -> str:
    asked = ", ".join(("" if yes else "not ") + name for name, yes in leaf.guards)
    guards = f"[{asked}]" if asked else ""
    end = "ignored" if leaf.outcome == "ignored" else leaf.target
    return f"{leaf.source} --{leaf.event}{guards}--> {end}"
