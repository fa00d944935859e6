"""Fuzzing, schemas: types that describe themselves to pydantic in an unusual way.

A type may give pydantic any schema: one whose first part is a function that says nothing of what it
accepts, a moment with a fixed offset, a union with labels. What can be read is drawn, and an error
names the type where nothing can.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption
from pydantic import (
    AfterValidator,
    AliasChoices,
    ConfigDict,
    Field,
    InstanceOf,
    Tag,
    create_model,
)
from pydantic_core import core_schema
from typing_extensions import TypedDict

from relink.engine import Event
from relink.engine.fuzz import NoPayloadError, payloads

from .fuzz_ends import ends, ends_of, evenly, once
from .test_fuzz_usual import values


class By:
    """Beside a type in ``Annotated``: has pydantic read it by this schema."""

    def __init__(self, schema: core_schema.CoreSchema) -> None:
        self.schema = schema

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return self.schema


class Odd:
    """A class that pydantic knows nothing of."""


def by(schema: core_schema.CoreSchema) -> Any:
    return Annotated[Odd, By(schema)]


ANY_FUNCTION = core_schema.no_info_plain_validator_function(lambda value: value)
FEW = core_schema.int_schema(ge=1, le=3)
NAME = core_schema.literal_schema(["x"])


@pytest.mark.parametrize(
    "schema",
    [
        core_schema.chain_schema([ANY_FUNCTION, FEW, ANY_FUNCTION]),
        core_schema.chain_schema([FEW, ANY_FUNCTION]),
        core_schema.chain_schema([ANY_FUNCTION, ANY_FUNCTION, FEW]),
        core_schema.json_or_python_schema(json_schema=FEW, python_schema=ANY_FUNCTION),
        core_schema.json_or_python_schema(json_schema=NAME, python_schema=FEW),
        core_schema.lax_or_strict_schema(lax_schema=FEW, strict_schema=ANY_FUNCTION),
        core_schema.lax_or_strict_schema(
            lax_schema=core_schema.union_schema([FEW, NAME]), strict_schema=FEW
        ),
        core_schema.with_default_schema(FEW, default=1),
        core_schema.union_schema([ANY_FUNCTION, FEW]),
    ],
    ids=lambda schema: schema["type"],
)
def test_the_first_part_of_a_schema_that_says_what_it_accepts_is_drawn(
    schema: core_schema.CoreSchema,
) -> None:
    assert ends(by(schema)) == evenly([1, 2, 3])


def test_each_type_of_a_union_is_drawn_whether_or_not_it_has_a_label() -> None:
    labelled = core_schema.union_schema([(FEW, "few"), NAME, ANY_FUNCTION, (NAME, "name")])
    assert set(values(by(labelled), 60)) == {1, 2, 3, "x"}


HELD: list[tuple[core_schema.CoreSchema, set[int], set[Any]]] = [
    (core_schema.list_schema(FEW), {0, 1, 2, 3}, {1, 2, 3}),
    (core_schema.list_schema(), {0, 1, 2, 3}, {*range(10), *"abc"}),
    (core_schema.list_schema(core_schema.any_schema()), {0, 1, 2, 3}, {*range(10), *"abc"}),
    (core_schema.list_schema(FEW, min_length=2), {2, 3, 4, 5}, {1, 2, 3}),
    (core_schema.list_schema(FEW, max_length=1), {0, 1}, {1, 2, 3}),
    (core_schema.set_schema(FEW, min_length=1, max_length=2), {1, 2}, {1, 2, 3}),
    (core_schema.frozenset_schema(FEW, min_length=2), {2, 3}, {1, 2, 3}),
    (core_schema.dict_schema(FEW, NAME, min_length=1, max_length=2), {1, 2}, {1, 2, 3}),
    (core_schema.dict_schema(), {0, 1, 2, 3}, {*"abc"}),
    (core_schema.tuple_schema([FEW, NAME]), {2}, {1, 2, 3, "x"}),
    (core_schema.tuple_schema([NAME, FEW], variadic_item_index=1), {1, 2, 3, 4}, {1, 2, 3, "x"}),
    (
        core_schema.tuple_schema([core_schema.any_schema()], variadic_item_index=0, min_length=1),
        {1, 2, 3, 4},
        {*range(10), *"abc"},
    ),
]
"""Containers, how many items they have, and which (of a dict: keys)."""


@pytest.mark.parametrize(("schema", "sizes", "items"), HELD, ids=[row[0]["type"] for row in HELD])
def test_a_container_in_a_schema_has_its_sizes_and_items(
    schema: core_schema.CoreSchema, sizes: set[int], items: set[Any]
) -> None:
    found = values(by(schema), 150)
    assert {len(value) for value in found} == sizes
    assert {item for value in found for item in value} == items


def test_a_key_of_a_dict_is_needed_unless_it_says_otherwise() -> None:
    field = core_schema.typed_dict_field
    schema = core_schema.typed_dict_schema(
        {"size": field(FEW), "name": field(NAME, required=True), "rest": field(FEW, required=False)}
    )
    found = {tuple(sorted(value)) for value in values(by(schema), 30)}
    assert found == {("name", "size"), ("name", "rest", "size")}


def test_the_items_of_a_tuple_have_their_places() -> None:
    schema = core_schema.tuple_schema([FEW, NAME, FEW], variadic_item_index=1)
    for first, *names, last in values(by(schema), 20):
        assert {first, last} <= {1, 2, 3}
        assert set(names) <= {"x"}


@dataclass(frozen=True)
class Tagged:
    size: Annotated[int, Tag("number"), Field(ge=1, le=3)] | Annotated[str, Tag("name")]


def test_a_type_with_a_tag_in_a_dataclass_is_drawn() -> None:
    assert {type(first.size) for first, _ in ends(Tagged)} == {int, str}


@dataclass(frozen=True)
class Vague:
    """Neither of both types says what it accepts."""

    back: Any | Callable[[], None]


class Holding(Event):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    odd: Odd


def test_a_type_that_says_nothing_is_named() -> None:
    with pytest.raises(NoPayloadError, match=r"Holding\.odd: the type Odd has no strategy"):
        payloads(Holding)
    for annotation, name in ((InstanceOf[Odd], "Odd"), (Vague, "Vague"), (list[Vague], "Vague")):
        with pytest.raises(NoPayloadError, match=rf"Sent\.field: the type {name} has no strategy"):
            values(annotation, 1)


class Tree(TypedDict):
    size: Literal[1]
    below: "list[Tree]"


def height(tree: Tree) -> int:
    return 1 + max(map(height, tree["below"]), default=0)


def test_a_type_that_contains_itself_is_drawn_to_any_depth() -> None:
    planted: Any = create_model("Planted", __base__=Event, tree=(Tree, ...))
    events: list[Any] = values_of(planted, {})
    assert {1, 2} <= {height(event.tree) for event in events}


# ── moments ──────────────────────────────────────────────────────────────────

TWO = timezone(timedelta(hours=2))


def test_a_moment_with_a_fixed_offset_has_it() -> None:
    (*_, last) = found = ends(by(core_schema.datetime_schema(tz_constraint=7200)), choices=1)
    assert len(found) == 4
    assert {moment.utcoffset() for pair in found for moment in pair} == {timedelta(hours=2)}
    assert last == (
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 30, 23, 59, 59, 999_999, tzinfo=UTC),
    )
    (found,) = ends(by(core_schema.time_schema(tz_constraint=7200)), choices=0)
    assert found == (time.min.replace(tzinfo=TWO), time.max.replace(tzinfo=TWO))


def test_a_moment_with_a_fixed_offset_keeps_to_bounds_of_another() -> None:
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    schema = core_schema.datetime_schema(tz_constraint=7200, gt=noon, le=noon + timedelta(hours=1))
    (*_, last) = found = ends(by(schema), choices=1)
    assert {moment.utcoffset() for pair in found for moment in pair} == {timedelta(hours=2)}
    assert last == (noon + timedelta(microseconds=1), noon + timedelta(hours=1))


def test_an_aware_moment_has_room_for_every_time_zone() -> None:
    (*_, last) = ends(by(core_schema.datetime_schema(tz_constraint="aware")), choices=1)
    west = timezone(timedelta(hours=-5))
    assert last == (
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 30, 23, 59, 59, 999_999, tzinfo=west),
    )


@pytest.mark.parametrize("constraint", ["naive", None])
def test_a_time_without_a_zone_is_any_of_the_day(constraint: Any) -> None:
    found = ends(by(core_schema.time_schema(tz_constraint=constraint)), choices=0)
    assert found == once(time.min, time.max)


def test_an_aware_time_has_the_zone_of_its_bounds_or_utc() -> None:
    found = ends(by(core_schema.time_schema(tz_constraint="aware")), choices=0)
    assert found == once(time.min.replace(tzinfo=UTC), time.max.replace(tzinfo=UTC))
    for zone in (UTC, TWO):
        bound = core_schema.time_schema(
            tz_constraint="aware", ge=time(9, tzinfo=zone), lt=time(17, tzinfo=zone)
        )
        ((first, last),) = ends(by(bound), choices=0)
        assert first == time(9, tzinfo=zone)
        assert last == time(16, 59, 59, 999_999, tzinfo=zone)
        assert {first.utcoffset(), last.utcoffset()} == {zone.utcoffset(None)}


# ── values that are refused ──────────────────────────────────────────────────


def test_values_that_are_refused_for_long_are_no_error_once_one_was_accepted() -> None:
    is_open = True

    def gate(number: int) -> int:
        if not is_open:
            raise ValueError("closed")
        return number

    field = (Annotated[int, AfterValidator(gate)], ...)
    strategy = payloads(create_model("Sent", __base__=Event, field=field))

    @settings(max_examples=1, database=None)
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        nonlocal is_open
        data.draw(strategy)
        is_open = False
        for _ in range(12):
            with pytest.raises(UnsatisfiedAssumption):
                data.draw(strategy)

    draw()


def test_after_ten_rounds_of_twenty_values_that_are_all_refused_it_gives_up() -> None:
    tried = []

    def refuse(number: int) -> int:
        tried.append(number)
        raise ValueError("closed")

    field = (Annotated[int, AfterValidator(refuse)], ...)
    strategy = payloads(create_model("Sent", __base__=Event, field=field))

    @settings(max_examples=1, database=None)
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        for _ in range(9):
            with pytest.raises(UnsatisfiedAssumption):
                data.draw(strategy)
        with pytest.raises(NoPayloadError, match="refused 200 generated values in a row"):
            data.draw(strategy)

    draw()
    assert len(tried) == 200


@dataclass(frozen=True)
class Window:
    """First and last, in order: a rule that the fields do not show."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("first is after last")


@dataclass(frozen=True)
class Never:
    number: int

    def __post_init__(self) -> None:
        assert self.number is None


def test_values_that_a_dataclass_refuses_itself_are_drawn_again() -> None:
    windows = values(Window, 30)
    assert all(window.first <= window.last for window in windows)
    assert any(window.first < window.last for window in windows)
    refused = r"no payload for Sent\.field: the class Never refused 200 generated values in a row"
    with pytest.raises(NoPayloadError, match=refused):
        values_of(create_model("Sent", __base__=Event, field=(Never, ...)), {})


class Parcel(Event):
    grams: int
    size: int = Field(alias="groesse")
    weight: int = Field(validation_alias="gewicht")
    value: int = Field(validation_alias=AliasChoices("wert", "value"))
    items: tuple[int, ...]


@pytest.mark.parametrize("field", ["grams", "size", "weight", "value"])
def test_an_error_names_the_field_that_refuses_a_value_whatever_its_alias(field: str) -> None:
    strategies = {int: st.just(1), field: st.just("heavy")}
    with pytest.raises(NoPayloadError, match=rf"^Parcel\.{field} rejected .*'Parcel\.{field}'"):
        values_of(Parcel, strategies)


def test_an_error_names_the_place_within_a_field() -> None:
    strategies = {int: st.just(1), "items": st.just((1, "heavy"))}
    with pytest.raises(NoPayloadError) as caught:
        values_of(Parcel, strategies)
    assert "Parcel.items, which takes tuple[int, ...], in [1] rejected" in str(caught.value)


def values_of(kind: type[Event], strategies: dict[Any, Any]) -> list[Event]:
    found: list[Event] = []
    settings(max_examples=10, database=None)(
        given(payloads(kind, strategies))(lambda event: found.append(event))
    )()
    return found


class Report(Event):
    account: int
    cause: int | None = None
    code: int = 7


def test_the_simplest_payload_leaves_out_what_has_a_default() -> None:
    ((simplest, fullest),) = ends_of(payloads(Report), choices=0)
    assert simplest.model_fields_set == {"account"}
    assert fullest.model_fields_set == {"account", "cause", "code"}
