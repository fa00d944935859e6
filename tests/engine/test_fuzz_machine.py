"""Fuzzing one chart: histories, coverage, shrinking, and repeatable searches."""

import re

import pytest
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from statemachine import State

from relink.engine import (
    Chart,
    Decision,
    Event,
    impossible,
)
from relink.engine.fuzz import (
    Counterexample,
    LeafCoverage,
    MachineTest,
    Progress,
    PropertyViolatedError,
    events,
    find_counterexample,
    histories,
    machine_test,
)

from .lock import Dialed, Lock, LockFacts, Released, drawn, run, search


def test_events_and_histories_use_the_alphabet_of_the_chart() -> None:
    assert {type(event) for event in drawn(events(Lock))} == {Dialed, Released}
    assert {type(event) for event in drawn(events([Released]))} == {Released}
    lengths = {len(history) for history in drawn(histories(Lock, min_size=2, max_size=4))}
    assert lengths == {2, 3, 4}


def test_a_chart_without_a_fault_passes() -> None:
    result = run(machine_test(Lock), examples=20)
    assert result.testsRun == 1
    assert result.wasSuccessful(), result.failures + result.errors


def test_a_search_decides_every_leaf_of_a_deep_chart() -> None:
    coverage = LeafCoverage(Lock.table())
    digits = {"digit": st.sampled_from([2, 7, 9])}
    test = machine_test(Lock, values=digits, against_live=False, coverage=coverage)
    assert find_counterexample(test, max_examples=60, max_events=30) is None
    assert coverage.report().percent == 100, coverage.report()


def test_coverage_names_missed_leaves_and_counts_impossible_ones_apart() -> None:
    class Switch(Chart):
        facts_type = LockFacts
        alphabet = (Dialed,)
        off = State(initial=True)
        on = State()
        off.to(on, event="dialed", cond="is_low")
        off.to(on, event="dialed", cond="is_high")
        on.to(off, event="dialed")
        decided = (
            impossible(
                off, Dialed, when="not is_low and not is_high", because="every digit is low or high"
            ),
        )

        def is_low(self, facts: LockFacts, trigger: Dialed) -> bool:
            return trigger.digit < 5

        def is_high(self, facts: LockFacts, trigger: Dialed) -> bool:
            return trigger.digit >= 5

    coverage = LeafCoverage(Switch.table())
    test = machine_test(Switch, values={"digit": st.just(0)}, coverage=coverage)
    assert find_counterexample(test, max_examples=20) is None
    (table,) = coverage.report().tables
    assert (table.decided, table.possible, len(table.impossible)) == (2, 3, 1)
    assert str(coverage.report()).splitlines() == [
        "switch: 2 of 3 leaves decided (66 %), 1 impossible",
        "  missed off --dialed[not is_low, is_high]--> on",
    ]
    (missed,) = table.missed
    assert coverage.count(Switch.table(), missed) == 0


def never_opens(decision: Decision) -> str | None:
    return "it opened" if decision.state == "opened" else None


def never_gets_to_two(decision: Decision) -> str | None:
    return "it is at two" if decision.state == "two" else None


def failing_soon() -> type[MachineTest]:
    """A test that fails after few histories."""
    digits = {"digit": st.sampled_from([2, 7, 9])}
    return machine_test(Lock, invariants=[never_gets_to_two], values=digits, against_live=False)


def never_opens_twice(decision: Decision) -> str | None:
    return "it opened again" if decision.facts.opened == 2 else None


def test_a_fault_after_three_events_is_found_and_shrunk_to_these() -> None:
    found = search(machine_test(Lock, invariants=[never_opens], against_live=False))
    assert found == Counterexample(
        violated="never_opens: it opened",
        history=(
            "start with LockFacts()",
            "   (start) --started--> none: no commands",
            "1. Dialed(digit=7)",
            "   none --dialed[is_seven]--> one: no commands",
            "2. Dialed(digit=2)",
            "   one --dialed[is_two]--> two: no commands",
            "3. Dialed(digit=9)",
            "   two --dialed[is_nine]--> opened: 1 command (click); sets opened",
        ),
        events=(Dialed(digit=7), Dialed(digit=2), Dialed(digit=9)),
        repeatable=True,
    )
    assert str(found).splitlines() == [found.violated, *found.history]


def test_a_fault_after_seven_events_is_found_when_values_are_given() -> None:
    digits = {"digit": st.sampled_from([2, 7, 9])}
    found = search(
        machine_test(Lock, invariants=[never_opens_twice], values=digits, against_live=False),
        events=30,
    )
    code = (Dialed(digit=7), Dialed(digit=2), Dialed(digit=9))
    assert found.events == (*code, Released(), *code)


def test_searches_with_one_seed_are_equal() -> None:
    def searched(number: int) -> tuple[Counterexample | None, list[Progress]]:
        progress: list[Progress] = []
        found = find_counterexample(
            failing_soon(),
            max_examples=300,
            max_events=5,
            seed=number,
            on_progress=progress.append,
        )
        return found, progress

    found, steps = searched(1)
    assert (found, steps) == searched(1)
    assert steps != searched(2)[1]
    assert [step.runs for step in steps] == list(range(1, len(steps) + 1))
    assert [step.found for step in steps] == sorted(step.found for step in steps)
    assert steps[-1].found
    assert steps[-1].events > len(steps)


def test_a_search_does_not_change_the_test_class() -> None:
    test = failing_soon()
    before = {name: id(value) for name, value in vars(test).items()}
    search(test)
    assert {name: id(value) for name, value in vars(test).items()} == before


def test_a_failure_in_pytest_shows_the_property_and_the_shrunk_history() -> None:
    ((_, text),) = run(failing_soon(), examples=300).failures
    assert "PropertyViolatedError: never_gets_to_two: it is at two" in text
    assert re.findall(r"^\d\. .*", text, re.M) == ["1. Dialed(digit=7)", "2. Dialed(digit=2)"]


def test_a_violated_property_raises_an_assertion_error_with_the_history() -> None:
    test = machine_test(Lock, invariants=[never_opens])()
    test.start(LockFacts())
    test.send(Dialed(digit=7))
    test.send(Dialed(digit=2))
    with pytest.raises(AssertionError) as raised:
        test.send(Dialed(digit=9))
    assert isinstance(raised.value, PropertyViolatedError)
    assert str(raised.value).splitlines() == [raised.value.violated, *raised.value.history]
    assert raised.value.violated == "never_opens: it opened"
    assert raised.value.history == tuple(test.history)
    assert len(test.history) == 2 + 3 * 2


def test_a_history_hides_the_fields_that_repr_hides() -> None:
    class Window(BaseModel, frozen=True):
        first: int

    class Named(Event):
        name_of_customer: str = Field(repr=False)
        account: str
        windows: tuple[Window, ...]

    class Desk(Chart):
        facts_type = LockFacts
        alphabet = (Named,)
        calm = State(initial=True)
        busy = State()
        calm.to(busy, event="named")
        busy.to(calm, event="named")

    test = machine_test(Desk)()
    test.start(LockFacts())
    window = Window(first=1)
    test.send(Named(name_of_customer="Ada", account="fca_1", windows=(window,)))
    assert test.history[2] == "1. Named(account='fca_1', windows=(Window(first=1),))"
