"""Fuzzing: subclasses add rules, invariants and facts of their own."""

import pytest
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.stateful import invariant, rule
from statemachine import State

from relink.engine import (
    Chart,
    Decision,
    Event,
    LiveMachine,
    LiveStep,
    ignored,
)
from relink.engine.fuzz import (
    LeafCoverage,
    find_counterexample,
    instances,
    machine_test,
)

from .lock import Dialed, Lock, LockFacts, search


class Counting(machine_test(Lock, values={"digit": st.just(7)})):  # type: ignore[misc]
    """Adds a rule and an invariant."""

    @rule()
    def code(self) -> None:
        for digit in (7, 2, 9):
            self.send(Dialed(digit=digit))

    @invariant()
    def stays_shut(self) -> None:
        if self.decisions:
            assert self.snapshot.state != "opened", "by our own rule"


def test_a_subclass_can_add_rules_and_invariants() -> None:
    found = search(Counting)
    assert found.violated.startswith("AssertionError: by our own rule")
    assert found.events[-3:] == (Dialed(digit=7), Dialed(digit=2), Dialed(digit=9))


def test_a_test_starts_with_the_given_facts() -> None:
    def was_there(decision: Decision) -> str | None:
        return None if decision.facts.opened else "it was never open"

    begun = machine_test(Lock, invariants=[was_there], facts=LockFacts(opened=3))
    assert find_counterexample(begun, max_examples=20) is None
    either = machine_test(
        Lock, invariants=[was_there], facts=instances(LockFacts, {"opened": st.integers(0, 3)})
    )
    assert len(search(either).events) == 1


class Start(Event):
    pass


class History(Event):
    pass


class Begin(Event):
    pass


class Ill(Chart):
    """Its events have the names of attributes of the test."""

    facts_type = LockFacts
    alphabet = (Start, History, Begin)
    well = State(initial=True)
    ill = State()
    well.to(ill, event="start")
    ill.to(well, event="history")
    decided = (
        ignored(well, (History, Begin), because="it is well"),
        ignored(ill, (Start, Begin), because="it is ill"),
    )


def test_events_may_have_the_names_of_attributes_of_the_test() -> None:
    coverage = LeafCoverage(Ill.table())
    assert find_counterexample(machine_test(Ill, coverage=coverage), max_examples=50) is None
    assert coverage.report().percent == 100


def test_a_rule_that_cannot_run_is_an_error_and_not_a_counterexample() -> None:
    class Broken(machine_test(Lock)):  # type: ignore[misc]
        @rule(value=st.integers().filter(lambda number: False))
        def never(self, value: int) -> None: ...

        @rule(value=st.sampled_from([]))
        def empty(self, value: int) -> None: ...

    with pytest.raises(HypothesisException):
        find_counterexample(Broken, max_examples=20)


def test_an_error_of_the_live_machine_alone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: LiveMachine, trigger: Event) -> LiveStep:
        raise RuntimeError("the library gave up")

    monkeypatch.setattr(LiveMachine, "send", fail)
    found = search(machine_test(Lock))
    assert found.violated == (
        "python-statemachine agrees with the table: it fails with RuntimeError: the library gave up"
    )
