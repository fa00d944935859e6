"""Images: a change in place shows where it is, and what is as it was shows nothing."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from relink.engine.image import can_change, difference, image_of

from ..profile import examples


class Colour(Enum):
    RED = "red"


class Model(BaseModel):
    model_config = ConfigDict(extra="allow")

    count: int = 0
    items: list[Any] = []
    names: tuple[str, ...] = ()


@dataclass
class Record:
    held: Any = None
    more: dict[str, Any] = field(default_factory=dict)


class Slotted:
    __slots__ = ("empty", "one", "two")

    def __init__(self, one: Any, two: Any) -> None:
        self.one, self.two = one, two


class OneSlot:
    __slots__ = "only"

    def __init__(self, only: Any) -> None:
        self.only = only


class Below(Slotted):
    """Has slots of its base, and a dict."""

    def __init__(self, one: Any, two: Any, three: Any) -> None:
        super().__init__(one, two)
        self.three = three


ATOMS = st.one_of(
    *(st.integers(-2, 2), st.booleans(), st.none(), st.text("ab", max_size=2)),
    *(st.sampled_from([b"x", 1.5, float("nan"), 2j, Colour.RED, int, len, copy]),),
    *(st.sampled_from([UUID(int=3), ip_address("127.0.0.1"), Fraction(1, 3)]),),
    *(st.sampled_from([PurePosixPath("/a"), Decimal(1), datetime(2026, 1, 1, tzinfo=UTC)]),),
)


def held_in(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, max_size=3)
    keys = st.text("ab", max_size=2)
    return st.one_of(
        several,
        several.map(tuple),
        st.dictionaries(keys, inner, max_size=3),
        st.frozensets(st.integers(0, 3)),
        st.sets(st.integers(0, 3)),
        st.binary(max_size=3).map(bytearray),
        several.map(lambda items: Model(items=items)),
        st.builds(Record, inner),
        st.builds(Slotted, inner, inner),
        st.builds(OneSlot, inner),
        st.builds(Below, inner, inner, inner),
    )


VALUES = st.recursive(ATOMS, held_in, max_leaves=8)


@settings(max_examples=examples(400))
@given(VALUES)
def test_what_did_not_change_has_no_difference(value: Any):
    before = image_of(value)
    assert difference(before, image_of(value), "it") is None


def changes(value: Any, place: str) -> Iterator[tuple[Callable[[], object], str]]:
    """Ways to change a value in place, each with the place where the difference has to be."""
    match value:
        case list():
            yield lambda: value.append(0), place
            for number, part in enumerate(value):
                at = f"{place}[{number}]"
                yield lambda n=number: value.__setitem__(n, Fresh()), at
                yield from changes(part, at)
        case dict():
            yield lambda: value.update(zz=0), place
            for key, part in value.items():
                at = f"{place}[{key!r}]"
                yield lambda k=key: value.__setitem__(k, Fresh()), at
                yield from changes(part, at)
        case tuple():
            for number, part in enumerate(value):
                yield from changes(part, f"{place}[{number}]")
        case set():
            yield lambda: value.add(99), place
        case bytearray():
            yield lambda: value.append(7), place
        case Model():
            yield lambda: setattr(value, "count", 99), f"{place}.count"
            yield (
                lambda: setattr(value, "items", []) if value.items else None,
                (f"{place}.items" if value.items else ""),
            )
            yield from changes(value.items, f"{place}.items")
        case Record() | Slotted() | OneSlot():
            for name in ("held", "more", "one", "two", "only", "three"):
                if hasattr(value, name):
                    at = f"{place}.{name}"
                    yield lambda n=name: setattr(value, n, Fresh()), at
                    yield from changes(getattr(value, name), at)


class Fresh:
    """Equal to nothing that was there before."""


@settings(max_examples=examples(600))
@given(held_in(VALUES), st.data())
def test_a_change_in_place_shows_where_it_is(value: Any, data: st.DataObject):
    possible = [each for each in changes(value, "it") if each[1]]
    if not possible:
        return
    change, place = data.draw(st.sampled_from(possible))
    before = image_of(value)
    change()
    assert difference(before, image_of(value), "it") == place


@pytest.mark.parametrize(
    ("old", "new"),
    [(1, 2), (1, True), (1, 1.0), ("a", b"a"), ([1], (1,)), ([1], [2]), ([], [1]), (None, 0)],
)
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"k": x}, Record])
def test_values_of_other_types_or_parts_differ(old: Any, new: Any, wrap: Any):
    assert difference(image_of(wrap(old)), image_of(wrap(new)), "it")
    assert difference(image_of(wrap(old)), image_of(wrap(old)), "it") is None


def test_the_place_is_that_of_the_first_difference():
    old, new = {"a": [1, 2], "b": [1]}, {"a": [1, 3], "b": [2]}
    assert difference(image_of(old), image_of(new), "it") == "it['a'][1]"
    renamed = {"a": [1, 2], "c": [1]}
    assert difference(image_of(old), image_of(renamed), "it") == "it"


def test_a_field_that_was_not_given_before_is_a_difference():
    given = Model(count=0)
    assert difference(image_of(Model()), image_of(given), "it.facts") == "it.facts.model_fields_set"


def test_what_a_model_was_given_beyond_its_fields_is_looked_at():
    model = Model(more=[1])
    before = image_of(model)
    assert model.model_extra is not None
    model.model_extra["more"].append(2)
    assert difference(before, image_of(model), "it") == "it.more"


def test_a_field_that_cannot_change_in_place_shows_that_it_was_replaced():
    model = Model(names=("a",))
    before = image_of(model)
    model.__dict__["names"] = ("b",)
    assert difference(before, image_of(model), "it") == "it.names"


def test_an_object_that_holds_itself_has_an_image():
    ring: list[Any] = [1]
    ring.append(ring)
    before = image_of(ring)
    assert difference(before, image_of(ring), "it") is None
    ring[0] = 2
    assert difference(before, image_of(ring), "it") == "it[0]"


def test_an_object_in_two_places_is_looked_at_in_the_first():
    shared = [1]
    both = {"a": shared, "b": shared}
    before = image_of(both)
    shared.append(2)
    assert difference(before, image_of(both), "it") == "it['a']"


def test_a_memoryview_is_seen_through():
    held = bytearray(b"ab")
    before = image_of(memoryview(held))
    assert difference(before, image_of(memoryview(bytearray(b"ab"))), "it") is None
    held[0] = 0
    assert difference(before, image_of(memoryview(held)), "it") == "it"


def test_what_an_immutable_value_keeps_for_itself_is_no_difference():
    path = PurePosixPath("/a/b")
    before = image_of(path)
    assert path.parts == ("/", "a", "b")
    assert hash(path) == hash(PurePosixPath("/a/b"))
    assert difference(before, image_of(path), "it") is None


def test_a_value_without_parts_is_compared_as_a_whole():
    one, other = timedelta(seconds=1), timedelta(seconds=2)
    assert difference(image_of(one), image_of(timedelta(seconds=1)), "it") is None
    assert difference(image_of(one), image_of(other), "it") == "it"


@pytest.mark.parametrize(
    ("value", "can"),
    [
        (1, False),
        ("a", False),
        (b"a", False),
        (None, False),
        (Colour.RED, False),
        (int, False),
        (held_in, False),
        ((), False),
        ((1, "a"), False),
        ((1, []), True),
        (((1, {}), 2), True),
        (frozenset({1}), False),
        (frozenset({(1, 2)}), False),
        ([], True),
        ({}, True),
        (set(), True),
        (Model(), True),
        (Record(), True),
    ],
)
def test_only_what_its_type_protects_cannot_change(value: Any, can: bool):
    assert can_change(value) is can


@dataclass(eq=False)
class Nothing:
    """Has no parts, and equals only itself."""


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"a": x}, Record])
@pytest.mark.parametrize("make", [lambda: float("nan"), Nothing, list, dict, tuple, bytearray])
def test_two_of_a_kind_do_not_differ(make: Callable[[], Any], wrap: Callable[[Any], Any]):
    assert difference(image_of(wrap(make())), image_of(wrap(make())), "it") is None


@pytest.mark.parametrize("other", [1.0, float("inf")])
def test_a_number_differs_from_none_at_all(other: float):
    nan = float("nan")
    assert difference(image_of(nan), image_of(other), "it") == "it"
    assert difference(image_of([other]), image_of([nan]), "it") == "it[0]"
