"""The id of a command depends on its values, and on nothing else: not on the order of a set."""

import hashlib
import json
import typing
from collections.abc import Callable
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from relink.engine import Command, Event
from relink.engine.identity import identity_of

Ints = frozenset[int]
Alias = typing.TypeAliasType("Alias", Ints) if hasattr(typing, "TypeAliasType") else Ints


class Colour(Enum):
    RED = "red"


class Inner(BaseModel, frozen=True):
    tags: Ints


class Outer(BaseModel, frozen=True):
    label: str = ""
    inner: Inner | None = None


class Pair(typing.NamedTuple):
    number: int
    tags: Ints


class Tagged(Event):
    tags: Ints


# Where a set can be: the type of a field, and the field's value for a set.
PLACES: dict[str, tuple[Any, Callable[[Ints], Any]]] = {
    "frozenset": (Ints, lambda s: s),
    "set": (set[int], set),
    "optional": (Ints | None, lambda s: s),
    "union": (int | Ints, lambda s: s),
    "typing.Optional": (typing.Optional[Ints], lambda s: s),  # noqa: UP045
    "List": (typing.List, lambda s: [s]),  # noqa: UP006
    "Dict": (typing.Dict, lambda s: {"a": s}),  # noqa: UP006
    "Tuple": (typing.Tuple, lambda s: (s,)),  # noqa: UP006
    "tuple": (tuple[Ints, ...], lambda s: (frozenset(), s)),
    "places": (tuple[int, Ints], lambda s: (1, s)),
    "list": (list[Ints], lambda s: [frozenset(), s]),
    "dict": (dict[str, Ints], lambda s: {"a": frozenset(), "b": s}),
    "tuples in lists": (list[tuple[int, Ints]], lambda s: [(1, s)]),
    "dicts in tuples": (tuple[dict[str, Ints], ...], lambda s: ({}, {"a": s})),
    "sets in sets": (frozenset[tuple[int, Ints]], lambda s: frozenset({(1, s)})),
    "deeper sets": (frozenset[frozenset[Ints]], lambda s: frozenset({frozenset({s, Ints()})})),
    "set of models": (frozenset[Inner], lambda s: frozenset({Inner(tags=s)})),
    "models in sets": (frozenset[tuple[int, Outer]], lambda s: {(1, Outer(inner=Inner(tags=s)))}),
    "model": (Inner, lambda s: Inner(tags=s)),
    "model in a model": (Outer, lambda s: Outer(inner=Inner(tags=s))),
    "models in a tuple": (tuple[Inner, ...], lambda s: (Inner(tags=s),)),
    "NamedTuple": (Pair, lambda s: Pair(1, s)),
    "event": (Tagged, lambda s: Tagged(tags=s)),
    "anything": (Any, lambda s: {"a": [s]}),
    "alias": (Alias, lambda s: s),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_id_does_not_depend_on_the_order_of_a_set(place: str):
    kind, holding = PLACES[place]
    asked = create_model("Asked", __base__=Command, note=(str, "n"), held=(kind, ...))
    # Eight apart, so they collide, and a set lists them in the order in which they came.
    one, other = frozenset([0, 8, 16]), frozenset([16, 8, 0])
    assert list(one) != list(other)
    ids = [asked(held=holding(numbers)).id for numbers in (one, other, one | {1}, frozenset())]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert asked(held=holding(one), note="m").id != ids[0]


def test_sets_of_what_has_no_order_of_its_own_are_sorted_too():
    asked = create_model("Asked", __base__=Command, held=(frozenset[Any], ...))
    mixed: list[Any] = [None, "a", 8, 0, 16, ("x", 1), Colour.RED]
    assert asked(held=frozenset(mixed)).id == asked(held=frozenset(mixed[::-1])).id


def test_what_an_author_leaves_out_is_no_part_of_the_id():
    class Cat(BaseModel, frozen=True):
        lives: int
        secret: str = Field(default="", exclude=True)

    class Fed(Command):
        cats: frozenset[Cat]
        secret: str = Field(default="", exclude=True)

    fed = Fed(cats=frozenset([Cat(lives=9, secret="a")]), secret="b")
    assert json.loads(identity_of(fed)) == {"cats": [{"lives": 9}]}
    assert fed.id == Fed(cats=frozenset([Cat(lives=9)])).id


class Plain(Command):
    text: str = ""
    number: int | None = None
    ratio: float = 0.0
    yes: bool = False
    colour: Colour = Colour.RED
    level: Literal["low", "high"] = "low"
    names: tuple[str, ...] = ()
    pair: tuple[int, str] = (0, "")
    counts: dict[str, list[int]] = {}


class Sorted(Plain):
    """The same, with a set."""

    known: frozenset[int] = frozenset()


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=3),
    "number": st.none() | st.integers(-9, 9),
    "ratio": st.sampled_from([0.0, 0.5, -1.5]),
    "yes": st.booleans(),
    "level": st.sampled_from(["low", "high"]),
    "names": st.lists(st.text("ab", max_size=2), max_size=2).map(tuple),
    "pair": st.tuples(st.integers(0, 9), st.text("ab", max_size=1)),
    "counts": st.dictionaries(st.text("ab", max_size=1), st.lists(st.integers(0, 9), max_size=2)),
}


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional=FIELDS), st.frozensets(st.integers(0, 40), max_size=4))
def test_the_identity_is_all_fields_as_json_with_sets_in_order(
    given_fields: dict[str, Any], known: frozenset[int]
):
    whole = {
        "text": "",
        "number": None,
        "ratio": 0.0,
        "yes": False,
        "colour": "red",
        "level": "low",
        "names": [],
        "pair": [0, ""],
        "counts": {},
        **json.loads(json.dumps(given_fields)),
    }
    plain = Plain(**given_fields)
    assert json.loads(identity_of(plain)) == whole
    held = Sorted(**given_fields, known=known)
    # As text, so 10 comes before 9.
    assert json.loads(identity_of(held)) == {**whole, "known": sorted(known, key=str)}
    # Without spaces, in the order of the fields: this text is hashed, and ids are stored.
    text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(f"plain:{text}".encode()).hexdigest()
    assert plain.id == f"plain_{digest[:24]}"


def test_bytes_and_infinite_numbers_have_an_identity_beside_a_set():
    asked = create_model(
        "Asked",
        __base__=Command,
        data=(bytes, ...),
        ratio=(float, ...),
        known=(frozenset[int], frozenset()),
    )
    found = json.loads(identity_of(asked(data=b"\xff", ratio=float("inf"))))
    assert found == {"data": "_w==", "ratio": "Infinity", "known": []}
