"""Blame: an error that a guard or effect raises says which one, and where in its code."""

import inspect
from typing import Any

import pytest
from statemachine import State

from relink.engine import Chart, Event, Facts, Snapshot, errors, ignored, stays


class Asked(Event):
    where: str = ""


class Numbers(Facts):
    where: str = ""


class RiskyChart(Chart):
    """It divides by zero where the event, or the facts, say."""

    facts_type = Numbers
    alphabet = (Asked,)

    here = State(initial=True, enter="entered")
    gone = State(final=True)
    here.to(gone, event="asked", cond="is_gone", on="left")
    stays(here, event="asked", on=["first", "second"])
    decided = (ignored(gone, Asked, because="gone"),)

    def entered(self, facts, trigger):
        return self.divided(facts, "entered")

    def is_gone(self, facts, trigger):
        return trigger.where == "left" or bool(self.divided(trigger, "is_gone"))

    def left(self, facts, trigger):
        return self.divided(trigger, "left")

    def first(self, facts, trigger):
        return self.divided(trigger, "first")

    def second(self, facts, trigger):
        if trigger.where == "machine":
            self.send("asked")
        return self.divided(trigger, "second")

    def divided(self, given, where):
        """A helper, which is not blamed for what it is asked for."""
        return 1 // 0 if given.where == where else None


TABLE = RiskyChart.table()
BEFORE = Snapshot("here", Numbers())


def lines_of(name: str) -> range:
    """Where a method stands."""
    lines, first = inspect.getsourcelines(getattr(RiskyChart, name))
    return range(first, first + len(lines))


def noted(error: BaseException) -> str:
    [note] = error.__notes__
    return str(note)


@pytest.mark.parametrize("table", [TABLE, TABLE.checked], ids=["plain", "checked"])
@pytest.mark.parametrize(
    ("where", "role"),
    [("is_gone", "guard"), ("left", "effect"), ("first", "effect"), ("second", "effect")],
)
def test_the_one_that_raised_is_named_with_its_place(table: Any, where: str, role: str) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        table.decide(BEFORE, Asked(where=where))
    start, _, place = noted(caught.value).partition(" (")
    assert start == (
        f"risky was deciding asked in here: the {role} {where!r} raised ZeroDivisionError"
    )
    file, _, line = place.removesuffix(")").partition(", line ")
    assert file == __file__
    assert int(line) in lines_of(where)


@pytest.mark.parametrize("table", [TABLE, TABLE.checked], ids=["plain", "checked"])
def test_an_effect_of_the_first_state_is_named_too(table: Any) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        table.start(Numbers(where="entered"))
    note = noted(caught.value)
    assert note.startswith("risky was starting: the effect 'entered' raised ZeroDivisionError (")
    assert table.start(Numbers()).state == "here"


def test_the_one_that_uses_the_machine_is_named() -> None:
    with pytest.raises(errors.MachineApiError) as caught:
        TABLE.decide(BEFORE, Asked(where="machine"))
    assert "asked in here: the effect 'second' raised MachineApiError (" in noted(caught.value)


def test_what_no_guard_or_effect_raises_blames_none() -> None:
    class Strange(Numbers):
        pass

    with pytest.raises(errors.SnapshotError) as caught:
        TABLE.decide(Snapshot("gone", Facts()), Asked())
    assert not hasattr(caught.value, "__notes__")
    assert TABLE.decide(Snapshot("here", Strange()), Asked()).state == "here"
