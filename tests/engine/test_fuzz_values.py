"""Fuzzing, strategies of the caller's own: a misspelled key is found, and no value is silent."""

from decimal import Decimal
from typing import Annotated, Any, NewType, TypeVar

import pytest
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model
from statemachine import State
from typing_extensions import TypeAliasType

from relink.engine import Chart, Event, Facts
from relink.engine.errors import ArgumentError
from relink.engine.fuzz import machine_test, payloads

from .lock import Dialed, Lock


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("Dialled.digit", "did you mean 'Dialed.digit'?"),
        ("Dialed.digitt", "did you mean 'Dialed.digit'?"),
        ("digitt", "did you mean 'digit'?"),
        ("weather", "name 'Event.field'"),
    ],
)
def test_a_key_of_no_field_is_refused(key: str, meant: str) -> None:
    with pytest.raises(ArgumentError, match="machine_test") as caught:
        machine_test(Lock, values={key: st.just(1)})
    assert key in str(caught.value)
    assert meant in str(caught.value)


@pytest.mark.parametrize("key", [Decimal, "digit"])
def test_a_value_that_is_no_strategy_is_refused(key: Any) -> None:
    given: Any = {key: [1, 2]}
    for refused in (lambda: machine_test(Lock, values=given), lambda: payloads(Dialed, given)):
        with pytest.raises(ArgumentError, match="give a Hypothesis strategy") as caught:
            refused()
        assert f"values[{key.__name__ if isinstance(key, type) else repr(key)}]" in str(
            caught.value
        )


class Inner(BaseModel, frozen=True):
    depth: int = 0


class Named(BaseModel, frozen=True):
    label: str = ""


class Deep(BaseModel, frozen=True):
    inner: Inner | None = None


HOLDERS: dict[str, Any] = {
    "itself": Named,
    "or None": Named | None,
    "in a list": list[Named],
    "in a dict of tuples": dict[str, tuple[Named, ...]],
    "annotated": Annotated[Named, Field(description="a name")],
    "of an alias": TypeAliasType("Aliased", list[Named]),
    "of a new type": NewType("Renamed", Named),
    "of a variable": TypeVar("Bound", bound=Named),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_a_key_may_name_a_field_of_a_model_wherever_it_is_held(name: str) -> None:
    sent: type[Event] = create_model(
        "Sent", __base__=Event, held=(HOLDERS[name], ...), deep=(list[Deep], ...)
    )

    class Receiver(Chart):
        facts_type = Facts
        alphabet = (sent,)
        one = State(initial=True)
        other = State()
        one.to(other, event="sent")
        other.to(one, event="sent")

    for key in ("held", "Sent.held", "label", "Named.label", "depth", "Inner.depth", "Deep.inner"):
        machine_test(Receiver, values={key: st.nothing()})
    for key in ("Sent.label", "Named.depth", "labels", "Receiver.one"):
        with pytest.raises(ArgumentError, match="and no event, facts or model"):
            machine_test(Receiver, values={key: st.nothing()})


def test_values_that_are_no_mapping_are_refused() -> None:
    for given in ([1], st.integers(), "digit"):
        with pytest.raises(ArgumentError, match="give strategies by field or type"):
            machine_test(Lock, values=given)  # type: ignore[arg-type]


def test_a_type_without_a_field_may_have_a_strategy() -> None:
    machine_test(Lock, values={Decimal: st.just(1), "Dialed.digit": st.just(7)})
