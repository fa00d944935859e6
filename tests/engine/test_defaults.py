"""Defaults of records: values of their types, the same each time, checked once for a class."""

import itertools
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import Field

from relink.engine import Event, Facts
from relink.engine.errors import AssignedValueError, RecordError
from relink.engine.facts_json import facts_text


def with_default(annotation: Any, default: Any, base: type = Facts) -> type:
    return type("Kept", (base,), {"__annotations__": {"at": annotation}, "at": default})


@pytest.mark.parametrize(
    "factory",
    [
        datetime.now,
        lambda: datetime.now(UTC),
        time.time,
        uuid.uuid4,
        itertools.count().__next__,
        object,
    ],
)
@pytest.mark.parametrize("base", [Facts, Event])
def test_a_default_that_differs_from_call_to_call_is_refused(factory: Any, base: type) -> None:
    with pytest.raises(RecordError, match=r"Kept\.at: its default_factory .* fixed default"):
        with_default(Any, Field(default_factory=factory), base)


@pytest.mark.parametrize("factory", [list, dict, tuple, lambda: [1], lambda: datetime(2024, 1, 1)])
def test_a_factory_of_equal_values_is_fine(factory: Any) -> None:
    assert with_default(Any, Field(default_factory=factory))().at == factory()


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (int, "0"),
        (datetime, None),
        (int, None),
        (str, 3),
        (tuple[int, ...], []),
        (list[int], ["a"]),
        (int, Field(default=-1, ge=0)),
    ],
)
def test_a_default_of_another_type_is_refused(annotation: Any, default: Any) -> None:
    with pytest.raises(RecordError, match=r"Kept\.at: its default .* is not a value of its type"):
        with_default(annotation, default)


@pytest.mark.parametrize(
    ("annotation", "default"),
    [(float, 0), (Decimal, 0), (int | None, None), (list[int], [1]), (set[str], set())],
)
def test_a_default_that_equals_what_pydantic_makes_of_it_is_fine(
    annotation: Any, default: Any
) -> None:
    assert with_default(annotation, default)().at == default


def test_all_wrong_defaults_of_a_class_come_at_once() -> None:
    body = {"__annotations__": {"one": int, "two": str}, "one": "1", "two": 2}
    with pytest.raises(RecordError, match=r"Kept\.one[^\n]*\n  Kept\.two"):
        type("Kept", (Facts,), body)


class Leased(Facts):
    """A default that depends on another field."""

    days: int = 1
    until: int = Field(default_factory=lambda given: given["days"] * 86_400)


@pytest.mark.parametrize("facts", [Leased(), Leased(days=3), Leased(days=3, until=5)])
def test_a_default_made_of_other_fields_is_read_back(facts: Leased):
    assert Leased.model_validate_json(facts_text(facts)) == facts


def test_a_default_made_of_other_fields_that_changes_is_never_written():
    ticks = iter(range(10))

    class Ticket(Facts):
        holder: str = ""
        number: int = Field(default_factory=lambda given: next(ticks))

    with pytest.raises(AssignedValueError, match=r"Ticket .* number would be another value"):
        facts_text(Ticket())
