"""Fuzzing, types: payloads for every type that an author may give a field.

Pydantic checks the values when the event is made, so a value outside of a bound is an error.
"""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import create_model

from relink.engine import Event
from relink.engine.codec import Codec
from relink.engine.errors import UnwritableError
from relink.engine.fuzz import NoPayloadError, payloads

from .field_types import (
    DECODED,
    FITS,
    HAS_ONE_VALUE,
    NOT_WRITTEN,
    ONE_PASS,
    TELLS_NOTHING,
)

QUICK = settings(
    max_examples=40, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


NEVER = {"never accepted", "pattern with flags", "pattern that is longer"}
"""Types of which every value is refused."""


def event_with(annotation: Any) -> type[Event]:
    made: type[Event] = create_model("Sent", __base__=Event, field=(annotation, ...))
    return made


def drawn(event: type[Event]) -> list[Any]:
    found: list[Any] = []
    QUICK(given(payloads(event))(lambda made: found.append(made.field)))()  # type: ignore[attr-defined]
    return found


def drawn_events(event: type[Event]) -> list[Event]:
    found: list[Event] = []
    QUICK(given(payloads(event))(lambda made: found.append(made)))()
    return found


def is_refused(codec: Codec, event: Event) -> bool:
    """Whether the codec refuses to write an event, and names its class and field."""
    try:
        codec.to_json(event)
    except UnwritableError as error:
        return "Sent" in str(error) and "field" in str(error)
    return False


@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")
@pytest.mark.parametrize("name", FITS)
def test_each_value_of_this_type_is_valid_and_reads_back_unchanged(name: str) -> None:
    sent = event_with(FITS[name])
    made = drawn_events(sent)
    assert len(made) > (name not in HAS_ONE_VALUE)
    codec, refused = Codec(events=[sent]), 0
    for event in made:
        if name not in ONE_PASS | DECODED:
            assert sent(field=event.field) == event  # type: ignore[attr-defined]
        if name in NOT_WRITTEN:
            refused += is_refused(codec, event)
        else:
            assert codec.from_json(Event, json.loads(json.dumps(codec.to_json(event)))) == event
    assert bool(refused) == (name in NOT_WRITTEN)


def test_the_table_has_two_hundred_types() -> None:
    assert len(FITS) > 200


@pytest.mark.parametrize("name", TELLS_NOTHING)
def test_a_type_that_tells_nothing_is_named_with_its_field(name: str) -> None:
    with pytest.raises(NoPayloadError, match=r"Sent\.field.*|validators of Sent.*") as caught:
        drawn(event_with(TELLS_NOTHING[name]))
    assert "values={'Sent.field': …}" in str(caught.value)
    assert ("refused 200 generated values in a row" in str(caught.value)) == (name in NEVER)


@pytest.mark.parametrize(
    "name", ["Decimal", "datetime", "date", "UUID", "timedelta", "str", "bytes"]
)
def test_values_often_coincide(name: str) -> None:
    pair: type[Any] = create_model(
        "Two", __base__=Event, one=(FITS[name], ...), other=(FITS[name], ...)
    )
    equal: list[bool] = []
    many = settings(QUICK, max_examples=200, derandomize=True)
    many(given(payloads(pair))(lambda made: equal.append(made.one == made.other)))()
    assert sum(equal) > len(equal) / 20


def test_decimals_are_whole_and_with_places() -> None:
    many = settings(QUICK, max_examples=300, derandomize=True)
    found: list[Decimal] = []
    sent = event_with(Decimal)
    many(given(payloads(sent))(lambda made: found.append(made.field)))()  # type: ignore[attr-defined]
    assert all(number.is_finite() for number in found)
    assert {number == int(number) for number in found} == {True, False}


def test_a_value_in_a_list_is_refused_with_the_outer_field() -> None:
    sent = event_with(list[int])
    with pytest.raises(NoPayloadError) as caught:
        given(payloads(sent, {int: st.just("x")}))(lambda made: None)()
    assert "Sent.field" in str(caught.value)
    assert "list[int]" in str(caught.value)
    assert "values={'Sent.field': …}" in str(caught.value)
