"""Shapes: which records JSON keeps whatever their values, so that no writing has to check them."""

import json
import math
import typing
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Optional, Union

import pytest
from annotated_types import Gt, MaxLen
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    computed_field,
    create_model,
    field_serializer,
    model_serializer,
)

from relink.engine import Codec, Command, Event, errors
from relink.engine.shape import shape_of

from ..ids import without_address


class Level(Enum):
    LOW = "low"
    HIGH = "high"


class Mixed(Enum):
    ONE = "1"
    TWO = 2


class Alike(Enum):
    TEXT = "1"
    NUMBER = 1


class Ratio(Enum):
    HALF = 0.5


class Number(IntEnum):
    ONE = 1


class Said(StrEnum):
    YES = "yes"


class Pair(NamedTuple):
    label: str
    number: int | None


class LoosePair(NamedTuple):
    label: str
    held: Any


class TwistedPair(NamedTuple):
    label: str
    number: Annotated[int, AfterValidator(lambda value: value + 1)]


class Chain(NamedTuple):
    label: str
    rest: Optional["Chain"]


class Inner(BaseModel, frozen=True):
    number: int = 0


class Deep(BaseModel, frozen=True):
    inner: Inner = Inner()
    more: tuple[Inner, ...] = ()


class Tree(BaseModel, frozen=True):
    children: tuple["Tree", ...] = ()


class Base(BaseModel, frozen=True):
    number: int = 0


class Derived(Base, frozen=True):
    more: int = 0


class Open(BaseModel, frozen=True):
    model_config = ConfigDict(extra="allow")


class Closed(BaseModel, frozen=True):
    model_config = ConfigDict(extra="forbid")
    number: int = 0


class Told(BaseModel, frozen=True):
    number: int = 0

    @field_serializer("number")
    def _tell(self, value: int) -> int:
        return value + 1


class Whole(BaseModel, frozen=True):
    number: int = 0

    @model_serializer
    def _tell(self) -> dict[str, int]:
        return {"number": self.number + 1}


class Computed(BaseModel, frozen=True):
    number: int = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return 2 * self.number


class Hidden(BaseModel, frozen=True):
    number: int = 0
    secret: Any = Field(default=None, exclude=True)


class Following(BaseModel, frozen=True):
    one: int = 0
    two: int = Field(default_factory=lambda given: given["one"])


class Rate(BaseModel, frozen=True):
    value: float | None = None


class SafeRate(BaseModel, frozen=True):
    model_config = ConfigDict(ser_json_inf_nan="strings")
    value: float | None = None


class Rang(Event):
    loud: int = 0


PLUS_ONE = AfterValidator(lambda value: value + 1)
TOLD = PlainSerializer(lambda value: value + 1)

EXACT: list[Any] = [
    *(str, int, float, bool, type(None), Level, Mixed, Number, Said, Inner, Deep, Tree, Closed),
    *(tuple[int, ...], tuple[int, str], list[str], set[int], frozenset[str], tuple[()]),
    *(dict[str, int], dict[str, tuple[Level, ...]], list[dict[str, Inner]]),
    *(int | None, Optional[str], Level | None, Inner | None, tuple[int | None, ...]),  # noqa: UP045
    Union[None, int],  # noqa: UP007
    float | None,  # records write infinite numbers as texts
    *(Literal["a", "b"], Literal[1, 2], Literal[True], Literal["a", None]),
    *(Annotated[int, Gt(0)], Annotated[str, MaxLen(3)], Annotated[int, Field(gt=0, lt=9)]),
    *(tuple[Annotated[int, Field(gt=0)], ...], dict[str, Annotated[int, Gt(0)]]),
    *(Pair, tuple[Pair, ...], Chain, Hidden, SafeRate),
]

UNSURE: list[Any] = [
    *(Any, object, datetime, Decimal, bytes, Mapping[str, int], list, tuple, dict),
    *(typing.List, typing.Tuple, typing.Dict, typing.Set, typing.FrozenSet),  # noqa: UP006
    *(int | str, int | float | None, Union[int, str], Inner | Deep),  # noqa: UP007
    *(list[Any], tuple[int, Any], tuple[Any, int], set[bytes], dict[str, Any], dict[int, str]),
    *(dict[Level, int], dict[str, Decimal]),
    *(Alike, Ratio, tuple[Alike, ...]),
    *(Literal["a", 1], Literal[1, True], Literal[Level.LOW], Literal[None], Literal[b"a"]),
    *(Annotated[int, PLUS_ONE], Annotated[int, TOLD], Annotated[Any, Gt(0)]),
    *(Annotated[int, Gt(0), PLUS_ONE], Annotated[int, PLUS_ONE, Gt(0)]),
    *(tuple[Annotated[int, PLUS_ONE], ...], tuple[Annotated[int, Field(gt=0), TOLD], ...]),
    *(
        LoosePair,
        tuple[LoosePair, ...],
        TwistedPair,
        Base,
        Open,
        Told,
        Whole,
        Computed,
        Following,
        Rate,
    ),
    *(Computed, Following, Rate, tuple[Base, ...], Told | None, dict[str, Open]),
]


@pytest.mark.parametrize("kind", EXACT, ids=without_address)
@pytest.mark.parametrize("base", [Event, Command])
def test_types_whose_values_always_survive_need_no_check(kind: Any, base: Any) -> None:
    record = create_model("Held", __base__=base, note=(str, ""), held=(kind, ...))
    assert shape_of(record) == shape_of(Rang)
    assert shape_of(record).is_exact


@pytest.mark.parametrize("kind", UNSURE, ids=without_address)
@pytest.mark.parametrize("place", [lambda kind: kind, lambda kind: tuple[kind, ...]])
def test_types_of_which_a_value_may_change_are_checked(kind: Any, place: Any) -> None:
    for fields in ({"note": (str, ""), "held": (place(kind), ...)}, {"held": (place(kind), ...)}):
        record = create_model("Held", __base__=Event, **fields)
        assert not shape_of(record).is_exact
        assert shape_of(record).events == ()


# A value of each kind that JSON does not keep, and what becomes of it there.
LOST: list[tuple[Any, Any]] = [
    (Any, Level.LOW),
    (Any, (1,)),
    (object, {1}),
    (Base, Derived(number=1, more=2)),
    (Told, Told(number=1)),
    (Whole, Whole(number=1)),
    (Annotated[int, PLUS_ONE], 1),
    (Annotated[int, TOLD], 1),
    (dict[Any, int], {1: 1}),
    (tuple[Any, ...], ((1,),)),
    (Rate, Rate(value=math.inf)),
    (LoosePair, LoosePair("a", (1,))),
    (list[Base], [Derived(more=2)]),
]
KEPT: list[tuple[Any, Any]] = [
    *(
        (Level, Level.LOW),
        (Mixed, Mixed.TWO),
        (Pair, Pair("a", None)),
        (Deep, Deep(more=(Inner(),))),
    ),
    *((float | None, math.inf), (SafeRate, SafeRate(value=-math.inf)), (tuple[int, ...], (1, 2))),
    *((set[int], {1, 2}), (frozenset[str], frozenset("a")), (dict[str, int], {"a": 1})),
    *(
        (Tree, Tree(children=(Tree(), Tree(children=(Tree(),))))),
        (Chain, Chain("a", Chain("b", None))),
    ),
    # These may change in general, and these values do not.
    *((Any, "a"), (Base, Base(number=3)), (datetime, datetime(2026, 1, 1)), (Decimal, Decimal(1))),
    *((int | str, "1"), (int | str, 1), (Literal["a", 1], 1), (bytes, b"a"), (Ratio, Ratio.HALF)),
]


def written(kind: Any, value: Any, base: Any) -> tuple[Any, Any, Codec]:
    record = create_model("Held", __base__=base, held=(kind, ...))
    made = record.model_construct(held=value)
    return (
        made,
        record,
        Codec([record] if base is Event else [], [record] if base is Command else []),
    )


@pytest.mark.parametrize(("kind", "value"), LOST, ids=without_address)
@pytest.mark.parametrize("base", [Event, Command])
def test_a_value_that_would_change_is_never_written(kind: Any, value: Any, base: Any) -> None:
    made, _, codec = written(kind, value, base)
    for write in (codec.fields, codec.text, codec.to_json):
        with pytest.raises(
            errors.UnwritableError, match=r"^Held cannot be written as JSON and read"
        ):
            write(made)


@pytest.mark.parametrize(("kind", "value"), KEPT, ids=without_address)
@pytest.mark.parametrize("base", [Event, Command])
def test_a_value_that_survives_is_read_back_as_it_was(kind: Any, value: Any, base: Any) -> None:
    made, record, codec = written(kind, value, base)
    stored = json.loads(codec.text(made))
    assert stored == json.loads(json.dumps(codec.fields(made)))
    again = codec.from_json(record, {"name": "held", "fields": stored})
    assert again.held == value
    assert isinstance(again.held, type(value))


class Planned(Command):
    label: str = ""
    event: Event


EVENTS: list[tuple[Any, bool]] = [
    (Event, True),
    (Rang, True),
    (Event | None, False),
    (tuple[Event, ...], False),
    (dict[str, Rang], False),
    (Annotated[Event, "note"], True),
]


@pytest.mark.parametrize(("kind", "is_exact"), EVENTS, ids=without_address)
def test_fields_that_can_hold_events_are_written_apart(kind: Any, is_exact: bool) -> None:
    fields: dict[str, Any] = {"first": (int, 0), "held": (kind, ...), "last": (str, "")}
    shape = shape_of(create_model("Asked", __base__=Command, **fields))
    assert (shape.events, shape.is_exact) == (("held",), is_exact)
    # The other fields count as they do without events.
    unsure = create_model("Asked", __base__=Command, other=(Any, None), **fields)
    assert (shape_of(unsure).events, shape_of(unsure).is_exact) == (("held",), False)
    hidden = Annotated[kind, Field(exclude=True)]
    left_out = create_model("Asked", __base__=Command, held=(hidden, ...), other=(int, 0))
    assert (shape_of(left_out).events, shape_of(left_out).is_exact) == ((), True)


def test_each_field_with_events_is_named() -> None:
    fields: dict[str, Any] = {"one": (Event, ...), "two": (int, 0), "three": (Rang | None, None)}
    assert shape_of(create_model("Asked", __base__=Command, **fields)).events == ("one", "three")


def test_what_a_record_computes_for_writing_is_checked() -> None:
    class Loud(Event):
        loud: int = 0

        @field_serializer("loud")
        def _tell(self, value: int) -> int:
            return value

    class Whisper(Event):
        loud: int = 0

        @model_serializer
        def _tell(self) -> dict[str, int]:
            return {"loud": self.loud}

    class Chained(Event):
        one: int = 0
        two: int = Field(default_factory=lambda given: given["one"])

    class Fixed(Event):
        one: list[int] = Field(default_factory=list)

    assert [shape_of(kind).is_exact for kind in (Loud, Whisper, Chained, Fixed)] == [
        *(False, False, False, True)
    ]
