"""A lock that opens after the right digits, and how the tests of the fuzzer search."""

import unittest
from typing import Any

from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st
from pydantic import Field
from statemachine import State

from relink.engine import Assign, Chart, Command, Event, Facts, ignored, stays
from relink.engine.fuzz import Counterexample, MachineTest, SystemTest, find_counterexample


class Dialed(Event):
    digit: int = Field(ge=0, le=9)


class Released(Event):
    pass


class LockFacts(Facts):
    wrong: int = 0
    opened: int = 0


class Click(Command):
    wrong: int


class Lock(Chart):
    """Opens after the digits 7, 2, 9; a wrong digit starts over."""

    facts_type = LockFacts
    alphabet = (Dialed, Released)

    none = State(initial=True)
    one = State()
    two = State()
    opened = State()

    none.to(one, event="dialed", cond="is_seven")
    one.to(two, event="dialed", cond="is_two")
    two.to(opened, event="dialed", cond="is_nine", on="click")
    stays(none, event="dialed", unless="is_seven", on="count")
    one.to(none, event="dialed", unless="is_two", on="count")
    two.to(none, event="dialed", unless="is_nine", on="count")
    opened.to(none, event="released", on="shut")

    decided = (
        ignored((none, one, two), Released, because="it is not open"),
        ignored(opened, Dialed, because="it is open"),
    )

    def is_seven(self, facts: LockFacts, trigger: Dialed) -> bool:
        return trigger.digit == 7

    def is_two(self, facts: LockFacts, trigger: Dialed) -> bool:
        return trigger.digit == 2

    def is_nine(self, facts: LockFacts, trigger: Dialed) -> bool:
        return trigger.digit == 9

    def count(self, facts: LockFacts, trigger: Dialed) -> Assign:
        return Assign(wrong=facts.wrong + 1)

    def click(self, facts: LockFacts, trigger: Dialed) -> list[Assign | Command]:
        return [Assign(opened=facts.opened + 1), Click(wrong=facts.wrong)]

    def shut(self, facts: LockFacts, trigger: Released) -> Assign:
        return Assign(wrong=0)


def drawn(strategy: st.SearchStrategy[Any]) -> list[Any]:
    """Some values of the strategy."""
    values: list[Any] = []

    @seed(0)
    @settings(max_examples=50, database=None)
    @given(strategy)
    def draw(value: Any) -> None:
        values.append(value)

    draw()
    return values


def run(test: type[MachineTest] | type[SystemTest], *, examples: int) -> unittest.TestResult:
    """Run a test as unittest and pytest do, without the slow phase that explains failures."""
    phases = [phase for phase in Phase if phase is not Phase.explain]
    test.TestCase.settings = settings(
        test.TestCase.settings, max_examples=examples, phases=phases, database=None
    )
    result = unittest.TestResult()
    test.TestCase("runTest").run(result)
    return result


def search(test: type[MachineTest] | type[SystemTest], *, events: int = 12) -> Counterexample:
    """The counterexample; there has to be one."""
    found = find_counterexample(test, max_examples=1_000, max_events=events)
    assert found is not None
    return found
