"""Fuzzing finds planted faults, and shrinks them."""

from itertools import count
from typing import Any

from hypothesis import strategies as st
from statemachine import State

from relink.engine import (
    Assign,
    Chart,
    Decision,
    Event,
    Leaf,
    Table,
    ignored,
    impossible,
)
from relink.engine.fuzz import (
    find_counterexample,
    machine_test,
)

from .lock import Dialed, Lock, LockFacts, Released, search


class WrongGuard(Lock):
    """``is_two`` also accepts smaller digits."""

    def is_two(self, facts: LockFacts, trigger: Dialed) -> bool:
        return trigger.digit <= 2


def only_the_code_moves_it(decision: Decision) -> str | None:
    trigger = decision.trigger
    moved_on = decision.outcome == "moved" and decision.state != "none"
    if moved_on and isinstance(trigger, Dialed) and trigger.digit not in (7, 2, 9):
        return f"{trigger.digit} moved it"
    return None


def test_a_wrong_guard_is_found_by_an_invariant() -> None:
    found = search(
        machine_test(WrongGuard, invariants=[only_the_code_moves_it], against_live=False)
    )
    assert found.violated == "only_the_code_moves_it: 0 moved it"
    assert found.events == (Dialed(digit=7), Dialed(digit=0))


class Raising(Lock):
    """A guard that raises at one digit."""

    def is_two(self, facts: LockFacts, trigger: Dialed) -> bool:
        return 10 / (trigger.digit - 5) < 0


def test_a_guard_that_raises_is_found_without_an_invariant() -> None:
    found = search(machine_test(Raising))
    assert found.violated.startswith(
        "every event is decided without an error: ZeroDivisionError: division by zero; "
    )
    assert "the guard 'is_two' raised ZeroDivisionError (" in found.violated
    assert found.events == (Dialed(digit=7), Dialed(digit=5))
    assert found.history[-2:] == ("2. Dialed(digit=5)", "   ZeroDivisionError")


class NotSoImpossible(Chart):
    facts_type = LockFacts
    alphabet = (Dialed,)
    low = State(initial=True)
    high = State()
    low.to(high, event="dialed", cond="is_high")
    high.to(low, event="dialed", unless="is_high")
    decided = (
        ignored(low, Dialed, because="it is low"),
        impossible(high, Dialed, when="is_high", because="a high digit comes once"),
    )

    def is_high(self, facts: LockFacts, trigger: Dialed) -> bool:
        return trigger.digit > 6


def test_reaching_impossible_answers_is_found() -> None:
    found = search(machine_test(NotSoImpossible))
    assert "ImpossibleReachedError" in found.violated
    assert found.events == (Dialed(digit=7), Dialed(digit=7))


CALLS = count()


class Impure(Lock):
    """An effect that returns a new value each time."""

    def count(self, facts: LockFacts, trigger: Dialed) -> Assign:
        return Assign(wrong=next(CALLS))


def test_an_impure_effect_is_found() -> None:
    found = search(machine_test(Impure))
    assert found.violated.startswith("the same question has the same answer")
    assert found.events == (Dialed(digit=0),)


TURNS = count()


class Moody(Lock):
    """A guard that sometimes answers no, so that a repeated history ends differently."""

    def is_seven(self, facts: LockFacts, trigger: Dialed) -> bool:
        return next(TURNS) % 7 != 0


def test_a_failure_that_does_not_repeat_is_reported_as_not_repeatable() -> None:
    assert not search(machine_test(Moody)).repeatable


class FailingStart(Lock):
    """An entry effect that raises."""

    def on_enter_none(self, facts: LockFacts, trigger: Event) -> Assign:
        raise RuntimeError("jammed")


def test_an_entry_effect_that_raises_is_found() -> None:
    found = search(machine_test(FailingStart))
    assert found.violated.startswith("a machine starts without an error: RuntimeError: jammed; ")
    assert "the effect 'on_enter_none' raised RuntimeError (" in found.violated
    assert (found.events, found.history) == ((), ("start with LockFacts()",))


def tampered(table: Table) -> Table:
    """The table with one leaf that python-statemachine does not reach."""
    trees: dict[Any, Any] = dict(table.trees)
    leaf = trees["none", "released"]
    assert isinstance(leaf, Leaf)
    trees["none", "released"] = Leaf(leaf.index, leaf.source, leaf.event, (), "moved", "one")
    return Table(
        table.chart, states=table.states, final=table.final, entry=table.entry, trees=trees
    )


def test_a_table_that_differs_from_the_library_is_found() -> None:
    sound = machine_test(Lock, values={"digit": st.sampled_from([2, 7, 9])})
    wrong = type(sound)("Wrong", (sound,), {"table": tampered(Lock.table())})
    found = search(wrong)
    assert found.violated.startswith("python-statemachine agrees with the table: it reaches")
    assert found.events == (Released(),)
    unwatched = type(sound)("Unwatched", (wrong,), {"against_live": False})
    assert find_counterexample(unwatched, max_examples=10) is None


def test_an_invariant_that_returns_another_type_is_an_error() -> None:
    def holds(decision: Decision) -> Any:
        return True

    found = search(machine_test(Lock, invariants=[holds]))
    assert found.violated == (
        "TypeError: the invariant holds returned True; "
        "return None, or a string that says what is wrong"
    )
