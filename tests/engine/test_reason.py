"""Reasons: a code for programs, a sentence for people."""

import pytest
from statemachine import State

from relink.engine import Reason, errors, ignored, impossible

from .door import DoorChart, KeyTurned, Pushed, at

BROKEN = Reason("broken", "the lock is broken")


@pytest.mark.parametrize(
    ("because", "reason"),
    [(BROKEN, BROKEN), ("the lock is broken", Reason(None, "the lock is broken"))],
)
def test_declarations_accept_a_reason_or_a_bare_sentence(because: str | Reason, reason: Reason):
    assert ignored(State(), KeyTurned, because=because).reason == reason
    assert impossible(State(), KeyTurned, when="is_open", because=because).reason == reason


def test_a_reason_prints_as_its_sentence():
    assert str(BROKEN) == "the lock is broken"


def test_reasons_with_one_sentence_and_different_codes_differ():
    assert Reason("jammed", "the lock is broken") != BROKEN


def test_an_impossible_decision_raises_with_the_sentence_of_its_reason():
    class Wall(DoorChart):
        decided = (
            impossible(DoorChart.opened, KeyTurned, when="holds_key", because=BROKEN),
            *DoorChart.decided[1:],
        )

    with pytest.raises(errors.ImpossibleReachedError, match="the lock is broken"):
        Wall.table().decide(at("opened", has_key=True), KeyTurned())
    assert Wall.table().decide(at("opened"), Pushed()).state == "shut"


@pytest.mark.parametrize("because", [None, 5, ["gone"]])
def test_what_is_neither_sentence_nor_reason_is_refused(because: object) -> None:
    with pytest.raises(TypeError, match="give a sentence, or a Reason"):
        Reason.of(because)  # type: ignore[arg-type]
