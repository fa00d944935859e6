"""Fuzzing, event by event: what a test of a machine or a system records, and what it refutes."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine import (
    Address,
    Decision,
    Event,
    LiveMachine,
    Send,
    Snapshot,
    Step,
    System,
)
from relink.engine.fuzz import (
    LeafCoverage,
    MachineTest,
    PropertyViolatedError,
    World,
    machine_test,
    replay,
    system_test,
)

from ..profile import examples
from .lock import Dialed, Lock, LockFacts, Released
from .test_fuzz_delivered import SHOP_EVENT, Swept, for_a_shelf
from .test_fuzz_faults import FailingStart, Impure, Raising, tampered
from .test_fuzz_system import SHOP, Filled, Ordered, Shelf, ShelfFacts, Stocked

DIALS = st.lists(
    st.sampled_from([7, 2, 9, 1]).map(lambda digit: Dialed(digit=digit)) | st.just(Released()),
    max_size=8,
)
SEVEN, ONE = Dialed(digit=7), Dialed(digit=1)


# ── a machine ────────────────────────────────────────────────────────────────


@settings(max_examples=examples(150))
@given(DIALS, st.integers(0, 3), st.booleans())
def test_a_test_of_a_machine_records_all_that_it_decides(
    events: list[Event], opened: int, against_live: bool
) -> None:
    coverage = LeafCoverage(Lock)
    kind = machine_test(Lock, coverage=coverage, against_live=against_live)
    facts = LockFacts(opened=opened) if opened else LockFacts()
    test, table = kind(), Lock.table()
    expected = [table.start(facts)]
    shown = f"opened={opened}" if opened else ""
    lines = [f"start with LockFacts({shown})", f"   {expected[0]}"]
    assert test.start(facts) == expected[0]
    for number, event in enumerate(events, start=1):
        expected.append(table.decide(expected[-1].snapshot, event))
        lines += [f"{number}. {event!r}", f"   {expected[-1]}"]
        assert test.send(event) == expected[-1]
    assert test.decisions == expected
    assert test.snapshot == expected[-1].snapshot
    assert test.events == events
    assert test.history == lines
    assert test.violated is None
    leaves = Counter(decision.leaf for decision in expected[1:])
    assert {leaf: coverage.count(table, leaf) for leaf in table.leaves()} == {
        leaf: leaves[leaf] for leaf in table.leaves()
    }

    recording = json.loads(json.dumps(test.recording()))
    assert recording == {
        "start": {
            "machine": "lock",
            "state": "",
            "version": -1,
            "facts": {"opened": opened} if opened else {},
        },
        "events": [{"name": x.name, "fields": x.model_dump()} for x in events],
    }
    again = kind()
    again.play(recording)
    assert (again.decisions, again.history) == (expected, lines)


def test_a_test_that_has_not_begun_says_so() -> None:
    test = machine_test(Lock)()
    assert (test.history, test.events, test.decisions) == ([], [], [])
    assert test.recording() == {"start": None, "events": []}


def opened(decision: Decision) -> str | None:
    return "it opened" if decision.state == "opened" else None


def left_none(decision: Decision) -> str | None:
    return "it left none" if decision.state != "none" else None


def with_a_wrong_table(**how: Any) -> type[MachineTest]:
    sound = machine_test(Lock, **how)
    return type(sound)("WrongTableTest", (sound,), {"table": tampered(Lock.table())})


START = {"machine": "lock", "state": "", "version": -1, "facts": {"wrong": 0, "opened": 0}}
AGREES = "python-statemachine agrees with the table: "
REFUTED: dict[str, tuple[Callable[[], type[MachineTest]], list[Event], str]] = {
    "the one invariant": (
        lambda: machine_test(Lock, invariants=left_none),
        [ONE, SEVEN],
        "left_none: it left none",
    ),
    "the second of two invariants": (
        lambda: machine_test(Lock, invariants=[opened, left_none]),
        [ONE, ONE, SEVEN],
        "left_none: it left none",
    ),
    "the first of two invariants": (
        lambda: machine_test(Lock, invariants=[left_none, opened]),
        [SEVEN],
        "left_none: it left none",
    ),
    "a guard that raises": (
        lambda: machine_test(Raising),
        [SEVEN, Dialed(digit=5)],
        "every event is decided without an error: ZeroDivisionError: division by zero; raising was "
        "deciding dialed in one: the guard 'is_two' raised ZeroDivisionError",
    ),
    "an effect that is not pure": (
        lambda: machine_test(Impure),
        [ONE],
        "the same question has the same answer: the second time, none --dialed",
    ),
    "a table that python-statemachine does not agree with": (
        with_a_wrong_table,
        [ONE, Released()],
        f"{AGREES}it reaches LiveStep(state='none', facts=LockFacts(wrong=1",
    ),
}


@pytest.mark.parametrize("fault", REFUTED)
def test_a_fault_of_a_machine_is_refuted_by_the_event_that_meets_it(fault: str) -> None:
    made, events, violated = REFUTED[fault]
    test = made()
    played = test()
    played.start(LockFacts())
    for event in events[:-1]:
        played.send(event)
    with pytest.raises(PropertyViolatedError) as refuted:
        played.send(events[-1])
    assert refuted.value.violated.startswith(violated)
    assert played.violated == refuted.value.violated
    assert refuted.value.history == tuple(played.history)
    assert played.events == events
    assert len(played.history) == 2 + 2 * len(events)
    assert played.history[-2] == f"{len(events)}. {events[-1]!r}"

    found = replay(test, played.recording())
    assert found is not None
    assert found.violated.startswith(violated)
    assert (found.events, found.history[:-1]) == (tuple(events), refuted.value.history[:-1])
    assert found.repeatable
    assert replay(Lock, {**played.recording(), "start": START}) is None


def test_a_fault_of_the_start_is_refuted_before_any_event() -> None:
    test = machine_test(FailingStart)()
    with pytest.raises(PropertyViolatedError) as refuted:
        test.start(LockFacts(opened=1))
    assert test.violated == refuted.value.violated
    assert test.violated.startswith("a machine starts without an error: RuntimeError: jammed; ")
    assert test.history == ["start with LockFacts(opened=1)"]
    recording = test.recording()
    assert recording["start"]["facts"] == {"opened": 1}
    found = replay(FailingStart, recording)
    assert found is not None
    assert (found.events, found.history) == ((), ("start with LockFacts(opened=1)",))


@pytest.mark.parametrize("method", ["enter", "send"])
def test_an_error_of_python_statemachine_alone_is_refuted(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError("it gave up")

    monkeypatch.setattr(LiveMachine, method, fail)
    for how, violated in (
        ({}, f"{AGREES}it fails with RuntimeError: it gave up"),
        ({"against_live": False}, None),
    ):
        recording = {"start": START, "events": [{"name": "released", "fields": {}}]}
        found = replay(machine_test(Lock, **how), recording)
        assert (found.violated if found else None) == violated


# ── a system ─────────────────────────────────────────────────────────────────


@settings(max_examples=examples(150))
@given(st.lists(SHOP_EVENT, max_size=8))
def test_a_test_of_a_system_records_all_that_it_decides(events: list[Event]) -> None:
    coverage = LeafCoverage(Shelf)
    kind = system_test(SHOP, [Ordered, Stocked, Swept], coverage=coverage)
    test, leaves, world = kind(), Counter[Any](), dict[Address, Snapshot[Any]]()
    lines: list[str] = []
    for number, event in enumerate(events, start=1):
        step = test.send(event)
        lines.append(f"{number}. {event!r}")
        inner = for_a_shelf(event)
        if inner is None:
            assert not step.deliveries
            lines.append("   routed to no machine")
            continue
        key, sent = inner
        address = Address("shelf", key)
        before = world.get(address) or Shelf.table().start(ShelfFacts(id=key)).snapshot
        decision = Shelf.table().decide(before, sent)
        world[address] = decision.snapshot
        leaves[decision.leaf] += 1
        lines.append(f"   shelf {key}: {decision}")
        assert [(each.address, each.decision) for each in step.deliveries] == [(address, decision)]
        assert test.steps[-1] == step
    assert test.world == world
    assert test.events == events
    assert len(test.steps) == len(events)
    assert test.history == lines
    assert all(coverage.count(Shelf.table(), x) == leaves[x] for x in Shelf.table().leaves())

    recording = json.loads(json.dumps(test.recording()))
    assert recording == {"events": [{"name": x.name, "fields": x.model_dump()} for x in events]}
    again = kind()
    again.play(recording)
    assert (again.steps, again.history) == (test.steps, lines)


def sold_out(before: World, step: Step, after: World) -> str | None:
    for address, snapshot in after.items():
        if snapshot.state == "empty" and address in before:
            return f"{address.key} is sold out by {step.trigger!r}"
    return None


def holds(before: World, step: Step, after: World) -> str | None:
    return None


def test_each_invariant_of_a_system_is_asked() -> None:
    events = [Stocked(shelf="b", count=2), Swept(), Ordered(shelf="b", item=2)]
    for invariants in ([sold_out], sold_out, [holds, sold_out], [sold_out, holds]):
        test = system_test(SHOP, [Ordered, Stocked, Swept], invariants=invariants)()
        for event in events[:-1]:
            test.send(event)
        with pytest.raises(PropertyViolatedError) as refuted:
            test.send(events[-1])
        violated = "sold_out: b is sold out by Ordered(shelf='b', item=2)"
        assert (refuted.value.violated, test.violated) == (violated, violated)
        assert test.events == events


class Drift:
    """A route that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, trigger: Event, load: object) -> list[Send]:
        self.calls += 1
        return [Send(machine="shelf", key=str(self.calls), event=Filled(count=1))]


def to_the_cellar(trigger: Event, load: object) -> list[Send]:
    return [Send(machine="cellar", key="a", event=Filled(count=1))]


@pytest.mark.parametrize(
    ("faulty", "violated", "told"),
    [
        (
            to_the_cellar,
            "every event is decided without an error: UnknownMachineError: ",
            "UnknownMachineError",
        ),
        (
            Drift(),
            "the same question has the same answer: the second step differs",
            None,
        ),
    ],
)
def test_a_faulty_route_is_refuted(faulty: Any, violated: str, told: str | None) -> None:
    test = system_test(System({"shelf": Shelf.table()}, faulty), [Swept])()
    with pytest.raises(PropertyViolatedError) as refuted:
        test.send(Swept())
    assert refuted.value.violated.startswith(violated)
    assert test.history[0] == "1. Swept()"
    assert len(test.history) == 2
    if told:
        assert test.history[1] == f"   {told}"
