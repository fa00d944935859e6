"""A chart with several faults: all of the first kind are named, each once, in their order."""

from typing import Any

import pytest
from statemachine import State

from relink.engine import Chart, Event, Facts, errors, ignored, impossible, stays


class Began(Event):
    pass


class CoinIn(Event):
    pass


class DoorShut(Event):
    pass


class NoFacts(Facts):
    pass


def refused(error: type[Exception], body: dict[str, Any]) -> list[str]:
    """The lines of the message that refuses a chart with this body, without the chart's name."""
    chart = type(Chart)("Wrong", (Chart,), {"facts_type": NoFacts, **body})
    with pytest.raises(error) as caught:
        chart.table()
    return [line.strip() for line in str(caught.value).removeprefix("Wrong:").split("\n")]


def two() -> tuple[State, State]:
    return State(initial=True), State(final=True)


@pytest.mark.parametrize(
    ("moves", "declared", "named"),
    [
        (["began"], [], "(Began,)"),
        (["began", "coin_in"], [], "(Began, CoinIn)"),
        (["began", "coin_in", "began"], [], "(Began, CoinIn)"),
        (["began"], [DoorShut], "(Began, DoorShut)"),
        (["coin_in"], [CoinIn, Began], "(CoinIn, Began)"),
        (["door_shut", "coin_in"], ["quoted"], "(DoorShut, CoinIn)"),
    ],
)
def test_a_chart_without_an_alphabet_is_told_which_it_could_have(
    moves: list[str], declared: list[Any], named: str
):
    here, gone = two()
    for event in moves:
        here.to(gone, event=event)
    decided = tuple(ignored(gone, event, because="gone") for event in declared)
    lines = refused(errors.AlphabetError, {"here": here, "gone": gone, "decided": decided})
    assert lines == [f"it declares no alphabet; add alphabet = {named}"]


def test_a_chart_that_names_no_event_has_no_alphabet_to_be_told():
    here, gone = two()
    here.to(gone)
    body = {"here": here, "gone": gone, "alphabet": (Began,)}
    with pytest.raises(errors.ChartError):
        type(Chart)("Wrong", (Chart,), {"facts_type": NoFacts, **body}).table()


def test_an_event_outside_of_the_alphabet_is_named_once_however_often_it_is_declared():
    here, gone = two()
    here.to(gone, event="began")
    body = {
        "here": here,
        "gone": gone,
        "alphabet": (Began,),
        "decided": (
            ignored(here, (CoinIn, CoinIn), because="first"),
            ignored(gone, (Began, CoinIn), because="second"),
            ignored(here, (DoorShut, CoinIn), because="third"),
        ),
    }
    lines = refused(errors.EventNotInAlphabetError, body)
    assert [line for line in lines if "coin_in" in line] == [
        "the declaration 'first': the event 'coin_in' is not in the alphabet"
    ]
    assert [line for line in lines if "door_shut" in line] == [
        "the declaration 'third': the event 'door_shut' is not in the alphabet"
    ]


def test_an_event_of_transitions_outside_of_the_alphabet_is_named_once():
    here, gone = two()
    here.to(gone, event="began")
    stays(here, event="coin_in")
    here.to(gone, event="coin_in")
    here.to(gone, event="door_shut")
    body = {"here": here, "gone": gone, "alphabet": (Began,)}
    lines = refused(errors.EventNotInAlphabetError, body)
    assert len([line for line in lines if "coin_in" in line]) == 1
    assert len([line for line in lines if "door_shut" in line]) == 1


def test_every_event_that_no_state_decides_is_named():
    here, gone = two()
    here.to(gone, event="began")
    body = {"here": here, "gone": gone, "alphabet": (DoorShut, Began, CoinIn)}
    lines = refused(errors.EventNeverDecidedError, body)
    assert lines[:3] == [
        "",
        "no state decides the event 'coin_in' of the alphabet",
        "no state decides the event 'door_shut' of the alphabet",
    ]


def test_the_alphabet_says_all_that_is_wrong_with_it():
    here, gone = two()
    here.to(gone, event="began")
    other = type("Began", (Event,), {"__module__": __name__})
    alphabet = (Began, Began(), "coin_in", Began, other, 3, CoinIn)
    lines = refused(
        errors.AlphabetError, {"here": here, "gone": gone, "alphabet": alphabet, "decided": ()}
    )
    assert [line for line in lines if line] == [
        "alphabet: it has an instance of Began; give the class, without parentheses: Began",
        "alphabet: it has 'coin_in'; it takes classes derived from Event",
        "alphabet: it has Began twice; remove one",
        "alphabet: it has two events named 'began'; rename one of the classes",
        "alphabet: it has 3; it takes classes derived from Event",
    ]


def test_every_pair_that_nothing_decides_is_named_with_its_answers():
    here, there, gone = State(initial=True), State(), State(final=True)
    here.to(there, event="began", cond="is_late and not is_wet")
    there.to(gone, event="coin_in")

    def yes(self: object, facts: Facts, trigger: Event) -> bool:
        return True

    body = {
        "here": here,
        "there": there,
        "gone": gone,
        "alphabet": (Began, CoinIn),
        "is_late": yes,
        "is_wet": yes,
        "decided": (ignored(gone, Began, because="gone"),),
    }
    assert refused(errors.UndecidedError, body) == [
        "5 undecided; every event needs a transition, ignored(...) or impossible(...) in every "
        "state. Undecided:",
        "began in here when is_late and is_wet",
        "began in here when not is_late",
        "coin_in in here",
        "began in there",
        "coin_in in gone",
    ]


def test_every_state_that_nothing_leads_to_is_named_before_what_is_undecided_there():
    here, lost, far, gone = State(initial=True), State(), State(), State(final=True)
    here.to(gone, event="began")
    lost.to(far, event="began")
    far.to(lost, event="began")
    body = {"here": here, "lost": lost, "far": far, "gone": gone, "alphabet": (Began, CoinIn)}
    body["decided"] = (ignored(here, CoinIn, because="no"),)
    lines = refused(errors.UnreachableStateError, body)
    text = " ".join(lines)
    assert text.count("no events lead to it from 'here'") == 2
    assert "'lost'" in text
    assert "'far'" in text


def test_every_declaration_that_never_applies_is_named_with_the_one_that_does():
    here, gone = two()
    here.to(gone, event="began")
    body = {
        "here": here,
        "gone": gone,
        "alphabet": (Began, CoinIn),
        "decided": (
            ignored((here, gone), CoinIn, because="one"),
            ignored(gone, Began, because="two"),
            ignored(here, Began, because="three"),
            ignored(gone, (CoinIn, Began), because="four"),
        ),
    }
    lines = refused(errors.DeadDeclarationError, body)
    assert [line for line in lines if line and not line.startswith("cure")] == [
        "ignored(here; began): it never applies (because 'three')",
        "ignored(gone; coin_in, began): it never applies (because 'four'), since another one does "
        "(because 'one')",
    ]


def test_a_declaration_is_dead_where_impossible_answers_win_over_it():
    here, gone = two()
    here.to(gone, event="began", cond="is_late")

    def is_late(self: object, facts: Facts, trigger: Event) -> bool:
        return True

    body = {
        "here": here,
        "gone": gone,
        "alphabet": (Began,),
        "is_late": is_late,
        "decided": (
            ignored(here, Began, because="ignored"),
            impossible(here, Began, when="not is_late", because="impossible"),
            ignored(gone, Began, because="gone"),
        ),
    }
    assert refused(errors.DeadDeclarationError, body) == [
        "ignored(here; began): it never applies (because 'ignored'), since another one does "
        "(because 'impossible'); remove it, or correct its states, events or guards"
    ]


def test_the_declaration_that_wins_is_one_that_applies():
    here, gone = two()
    here.to(gone, event="began", cond="is_late")
    here.to(gone, event="coin_in")

    def is_late(self: object, facts: Facts, trigger: Event) -> bool:
        return True

    body = {
        "here": here,
        "gone": gone,
        "alphabet": (Began, CoinIn),
        "is_late": is_late,
        "decided": (
            ignored(here, Began, because="first", when="is_late"),
            ignored(here, Began, because="second"),
            ignored(here, Began, because="third"),
            ignored(gone, (Began, CoinIn), because="gone"),
        ),
    }
    lines = refused(errors.DeadDeclarationError, body)
    assert [line.partition("it never applies ")[2] for line in lines if "never" in line] == [
        "(because 'first'), since another one does (because 'second')",
        "(because 'third'), since another one does (because 'second')",
    ]
