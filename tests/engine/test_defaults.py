"""Defaults of records: values of their types, the same each time, checked once for a class."""

import itertools
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, AliasChoices, AliasPath, ConfigDict, Field

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


# -- Which fields are looked at, and what is said of them -----------------------------------------

STALE = "gives another value each time, and a field that is not set is not stored; give a fixed de"


@pytest.mark.parametrize(
    ("annotation", "default", "told"),
    [
        (int, "0", "its default '0' is not a value of its type: given as a value, it becomes 0; "),
        (int, "a", "its default 'a' is not a value of its type: it should be a valid integer, "),
        (int, Field(default=-1, ge=0), "default -1 is not a value of its type: it should be gr"),
        (int, Field(default="0", validate_default=False), "default '0' is not a value of its ty"),
        (int, Field(default="0", alias="days"), "default '0' is not a value of its type: given"),
        (int, Field(default="0", validation_alias="days"), "default '0' is not a value of its"),
        (int, Field(default="0", validation_alias=AliasChoices("days", "n")), "default '0' is no"),
        (int, Field(default="0", validation_alias=AliasPath("days", 0)), "default '0' is not a v"),
        (list[int], (1,), "its default a tuple is not a value of its type: given as a value, it "),
    ],
)
@pytest.mark.parametrize("beside", [False, True])
def test_what_is_wrong_with_a_default_is_said_of_its_field_alone(
    annotation: Any, default: Any, told: str, beside: bool
) -> None:
    fields = {"before": int, "at": annotation, "after_it": str}
    body: dict[str, Any] = {"__annotations__": fields, "before": 1, "at": default, "after_it": "a"}
    if beside:
        body = {"__annotations__": {"at": annotation}, "at": default}
    with pytest.raises(RecordError) as caught:
        type("Kept", (Facts,), body)
    said = str(caught.value)
    assert said.startswith("Kept.at: its default ")
    assert told in said
    assert said.count("Kept.") == 1
    assert said.endswith("; give one that is, or allow it in the type")


@pytest.mark.parametrize(
    ("annotation", "default", "value"),
    [
        (int, Field(default="7", validate_default=True), 7),
        (int, Field(default=7, alias="days"), 7),
        (int, Field(default_factory=lambda given: 7), 7),
        (Annotated[int, Field(ge=0)], 7, 7),
        (int, Field(default=7, ge=7, le=7), 7),
        (float, 7, 7),
    ],
)
def test_a_default_that_pydantic_looks_at_or_that_fits_is_fine(
    annotation: Any, default: Any, value: Any
) -> None:
    made = with_default(annotation, default)().at
    assert (made, type(made)) == (value, type(value))


@pytest.mark.parametrize(
    ("setting", "own", "is_fine"),
    [
        (None, None, False),
        (True, None, True),
        (False, None, False),
        (True, False, False),
        (False, True, True),
        (None, True, True),
    ],
)
def test_a_default_is_left_to_pydantic_where_it_validates_defaults(
    setting: bool | None, own: bool | None, is_fine: bool
) -> None:
    body: dict[str, Any] = {
        "__annotations__": {"at": int},
        "at": Field(default="7", validate_default=own),
    }
    if setting is not None:
        body["model_config"] = ConfigDict(validate_default=setting)
    if is_fine:
        assert type("Kept", (Facts,), body)().at == 7
    else:
        with pytest.raises(RecordError, match=r"^Kept\.at: its default '7' is not a value"):
            type("Kept", (Facts,), body)


def raising() -> int:
    raise ZeroDivisionError


def test_a_factory_that_raises_shows_when_a_record_is_made() -> None:
    kept = with_default(int, Field(default_factory=raising))
    with pytest.raises(ZeroDivisionError):
        kept()
    assert kept(at=3).at == 3


def test_a_validator_that_raises_shows_when_a_record_is_made() -> None:
    def strange(value: int) -> int:
        raise ZeroDivisionError

    kept = with_default(Annotated[int, AfterValidator(strange)], 1)
    assert kept().at == 1
    with pytest.raises(ZeroDivisionError):
        kept(at=2)


def test_every_default_that_changes_is_named_before_those_of_another_type() -> None:
    counted = itertools.count()
    body = {
        "__annotations__": {"wrong": int, "one": Any, "fine": list[int], "two": int, "odd": str},
        "wrong": "1",
        "one": Field(default_factory=object),
        "fine": Field(default_factory=list),
        "two": Field(default_factory=lambda: next(counted)),
        "odd": 2,
    }
    with pytest.raises(RecordError) as caught:
        type("Kept", (Facts,), body)
    first, *lines = str(caught.value).split("\n  ")
    assert first == "Kept:"
    assert [line.partition(":")[0] for line in lines] == [
        *("Kept.one", "Kept.two", "Kept.wrong", "Kept.odd")
    ]
    assert all(STALE in line for line in lines[:2])


def test_a_factory_that_reads_the_clock_is_refused_though_it_gives_one_value() -> None:
    with pytest.raises(RecordError, match=r"^Kept\.at: its default_factory"):
        with_default(int, Field(default_factory=lambda: int(time.time() * 0)))


def fails() -> int:
    raise ValueError("no value yet")


def breaks(value: int) -> int:
    raise KeyError(value)


def test_a_factory_that_fails_does_not_hide_the_next_one() -> None:
    annotations = {"one": int, "two": int, "three": float}
    body = {
        "__annotations__": annotations,
        "one": Field(default_factory=fails),
        "two": Field(default_factory=lambda: 1),
        "three": Field(default_factory=time.time),
    }
    with pytest.raises(RecordError, match=r"^Kept\.three: its default_factory gives another"):
        type("Kept", (Facts,), body)


def test_a_default_on_which_a_validator_breaks_is_left_to_the_record() -> None:
    """It is of another type at first sight, and nobody can say what it would become."""
    kept = with_default(Annotated[int, AfterValidator(breaks)], "1")
    assert kept().at == "1"
