"""The compiler rejects invalid transitions, events and alphabets, and names the place."""

import functools
from typing import Any

import pytest
from statemachine import Event as LibraryEvent
from statemachine import State

from relink.engine import Event, Facts, errors, ignored

from .invalid_charts import (
    Back,
    Base,
    Go,
    SomeFacts,
    Stay,
    assert_rejected,
    transition,
    two_states,
)


def test_internal_transition_from_a_compound_state_to_itself():
    class Losing(Base):
        class inside(State.Compound):  # noqa: N801
            x = State(initial=True)
            y = State()
            x.to(y, event="go")

        outside = State()
        inside.to(inside, event="go", internal=True)
        inside.to(outside, event="back")
        outside.to(inside, event="back")

    assert_rejected(Losing, errors.InternalTransitionError, "inside --go--> inside", "stays(")


def test_internal_transition_from_a_nested_state_to_itself():
    class Entering(Base):
        class inside(State.Compound):  # noqa: N801
            x = State(initial=True)
            x.to(x, event="go", internal=True)

        outside = State()
        inside.to(outside, event="back")
        outside.to(inside, event="back")

    assert_rejected(Entering, errors.InternalTransitionError, "x --go--> x")


def test_internal_transition_from_a_compound_state_to_a_state_inside():
    class Losing(Base):
        class inside(State.Compound):  # noqa: N801
            x = State(initial=True)
            y = State()
            x.to(y, event="go")

        outside = State()
        inside.to(inside.y, event="back", internal=True)
        inside.to(outside, event="back")
        outside.to(inside, event="back")

    assert_rejected(Losing, errors.InternalTransitionError, "inside --back--> y")


def test_validator_of_a_transition():
    assert_rejected(
        transition(event="go", validators="yes"), errors.ValidatorError, "a --go--> b", "'yes'"
    )


def test_transition_without_an_event():
    assert_rejected(transition(), errors.EventlessTransitionError, "a → b")


@pytest.mark.parametrize("name", ["*", "go.*", "go.on"])
def test_event_name_that_matches_other_events(name: str):
    assert_rejected(transition(event=name), errors.WildcardEventError, repr(name))


@pytest.mark.parametrize("name", ["error_execution", "done_state_a", "done_invoke_x", "done_it"])
def test_event_with_a_prefix_of_the_library(name: str):
    assert_rejected(transition(event=name), errors.ReservedEventError, repr(name))


def test_event_with_a_delay():
    assert_rejected(transition(event=LibraryEvent("go", delay=5)), errors.DelayedEventError, "'go'")


def test_event_with_a_delay_beside_one_of_that_name_without():
    chart = transition(event=["go", LibraryEvent("back", delay=5)])
    assert_rejected(chart, errors.DelayedEventError, "'back'", "a --")


def test_event_declared_internal():
    event = LibraryEvent("go", internal=True)
    assert_rejected(transition(event=event), errors.InternalEventError, "'go'")


def test_event_with_the_name_of_a_state():
    assert_rejected(transition(event="b"), errors.EventNamedLikeStateError, "'b'")


def test_event_with_the_name_of_a_nested_state():
    class Named(Base):
        class inside(State.Compound):  # noqa: N801
            go = State(initial=True)

        outside = State()
        inside.to(outside, event="go")
        outside.to(inside, event="back")

    assert_rejected(Named, errors.EventNamedLikeStateError, "'go'")


@pytest.mark.parametrize("name", ["send", "model", "_engine", "configuration", "table", "name"])
def test_event_with_the_name_of_a_part_of_the_machine(name: str):
    assert_rejected(transition(event=name), errors.ReservedNameError, repr(name))


@pytest.mark.parametrize("name", ["send", "model", "events", "id", "prepare"])
def test_state_with_the_name_of_a_part_of_the_machine(name: str):
    a, b = State(initial=True), State()
    a.to(b, event="go")
    b.to(a, event="back")
    chart = type(Base)("Named", (Base,), {"a": a, name: b})
    assert_rejected(chart, errors.ReservedNameError, repr(name))


@pytest.mark.parametrize("name", ["table", "live"])
def test_state_with_the_name_of_a_method_of_a_chart(name: str):
    a, b = State(initial=True), State()
    a.to(b, event="go")
    with pytest.raises(errors.ReservedNameError, match=f"Named: it defines '{name}'.*rename"):
        type(Base)("Named", (Base,), {"a": a, name: b})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("send", lambda self, event: None),
        ("__init__", lambda self: None),
        ("_get_engine", lambda self: None),
        ("catch_errors_as_events", True),
        ("enable_self_transition_entries", True),
        ("allow_event_without_transition", False),
        ("atomic_configuration_update", True),
        ("start_configuration_values", ["b"]),
    ],
)
def test_chart_that_redefines_a_part_of_the_machine(name: str, value: object):
    assert_rejected(two_states(**{name: value}), errors.ReservedNameError, repr(name))


def test_chart_with_a_class_listener():
    class Listener:
        def on_enter_b(self):
            raise AssertionError

    assert_rejected(two_states(listeners=[Listener]), errors.ListenerError, "Listener")


def test_chart_with_prepare_event():
    def prepare_event(self):
        raise AssertionError

    assert_rejected(
        two_states(prepare_event=prepare_event), errors.PrepareEventError, "prepare_event"
    )


def test_state_that_invokes_an_activity():
    a, b = State(initial=True, invoke="effect"), State()
    a.to(b, event="go")
    b.to(a, event="back")
    chart = type(Base)("Doing", (Base,), {"a": a, "b": b})
    assert_rejected(chart, errors.InvokeError, "state 'a'")


def test_method_that_the_library_would_invoke_by_naming_convention():
    def on_invoke_b(self, facts, trigger):
        raise AssertionError

    assert_rejected(two_states(on_invoke_b=on_invoke_b), errors.InvokeError, "'on_invoke_b'")


# -- The alphabet and the declarations ---


def test_transition_for_an_event_outside_of_the_alphabet():
    assert_rejected(
        transition(event="gone"), errors.EventNotInAlphabetError, "a --gone--> b", "'gone'"
    )


def test_transition_assigned_to_a_name_that_is_no_event():
    """python-statemachine takes the name for a second event of the transition."""
    a, b = State(initial=True), State()
    body = {"a": a, "b": b, "going": a.to(b, event="go"), "returning": b.to(a, event="back")}
    chart = type(Base)("Named", (Base,), body)
    assert_rejected(chart, errors.EventNotInAlphabetError, "'going'", "'returning'", faults=2)


def test_declaration_for_an_event_outside_of_the_alphabet():
    a, b = State(initial=True), State()
    a.to(b, event="go")
    b.to(a, event="back")
    decided = (ignored(a, Stay, because="nothing to keep"),)
    chart = type(Base)("Other", (Base,), {"a": a, "b": b, "decided": decided})
    assert_rejected(chart, errors.EventNotInAlphabetError, "'stay'", "nothing to keep")


def test_event_of_the_alphabet_that_no_state_decides():
    assert_rejected(two_states(alphabet=(Go, Back, Stay)), errors.EventNeverDecidedError, "'stay'")


@pytest.mark.parametrize("alphabet", [(Go, Back, Go), (Go, "back"), (Go, Back, SomeFacts)])
def test_alphabet_that_is_not_a_tuple_of_different_event_classes(alphabet: tuple[Any, ...]):
    assert_rejected(two_states(alphabet=alphabet), errors.AlphabetError)


def test_decided_with_something_other_than_a_declaration():
    assert_rejected(two_states(decided=("b",)), errors.DeclarationError, "'b'")


@pytest.mark.parametrize(
    "model",
    [
        None,
        Event,
        type("Cached", (Facts,), {"total": functools.cached_property(lambda self: 0)}),
    ],
)
def test_facts_that_cannot_be_copied_field_by_field(model: Any):
    assert_rejected(two_states(facts_type=model), errors.FactsTypeError)


@pytest.mark.parametrize(
    ("odd", "fault"),
    [(3, "it has 3"), (int, "it has the class int"), (Go(), "it has an instance of Go")],
)
def test_what_is_no_event_in_an_alphabet_is_refused_though_declarations_name_texts(
    odd: object, fault: str
) -> None:
    a, b = State(initial=True), State()
    a.to(b, event="go")
    b.to(a, event="back")
    decided = (ignored(a, "back", because="there"), ignored(b, "go", because="gone"))
    body = {"a": a, "b": b, "alphabet": (Go, odd, Back), "decided": decided}
    assert_rejected(type(Base)("Odd", (Base,), body), errors.AlphabetError, fault)
