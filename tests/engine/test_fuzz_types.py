"""Fuzzing, types: payloads for every type that an author may give a field.

A row is a type, and what holds for each of its values beside pydantic's own rules. Pydantic checks
the values when the event is made, so a value outside of a bound is an error.
"""

import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum
from fractions import Fraction
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import Path, PurePosixPath
from re import Pattern
from typing import Annotated, Any, Final, Generic, Literal, NamedTuple, NewType, TypeVar

import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    create_model,
)
from pydantic_core import core_schema
from typing_extensions import TypedDict

from relink.engine import Event
from relink.engine.fuzz import NoPayloadError, payloads


class Code:
    """A class of an author's own: a text, which a function checks that says nothing of itself."""

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        made = core_schema.no_info_plain_validator_function(cls)
        return core_schema.chain_schema([core_schema.str_schema(max_length=3), made])


class Colour(Enum):
    RED = 1
    BLUE = 2


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Name(StrEnum):
    ANN = "ann"
    BEN = "ben"


class Access(Flag):
    READ = 1
    WRITE = 2


class Pair(NamedTuple):
    left: int
    right: str


class Sized(TypedDict, total=False):
    width: int


@dataclass(frozen=True)
class Point:
    x: int
    y: Decimal


class Money(BaseModel, frozen=True):
    amount: Decimal = Field(ge=0, decimal_places=2, max_digits=6)
    currency: Literal["EUR", "USD"]


class Cat(BaseModel, frozen=True):
    kind: Literal["cat"]


class Dog(BaseModel, frozen=True):
    kind: Literal["dog"]


class Tags(pydantic.RootModel[tuple[str, ...]], frozen=True):
    pass


T = TypeVar("T")


class Box(BaseModel, Generic[T], frozen=True):
    held: T


Key = NewType("Key", str)
Cents = NewType("Cents", int)
BoundKey = TypeVar("BoundKey", bound=int)
_NOON = datetime(2024, 5, 1, 12)


def even(number: int) -> int:
    if number % 2:
        raise ValueError("an even number")
    return number


FITS: dict[str, Any] = {
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "str": str,
    "bytes": bytes,
    "None": None,
    "Decimal": Decimal,
    "Decimal from 0": Annotated[Decimal, Field(ge=0)],
    "Decimal up to 10": Annotated[Decimal, Field(le=10)],
    "Decimal between": Annotated[Decimal, Field(gt=0, lt=1)],
    "narrow Decimal": Annotated[Decimal, Field(gt=Decimal("0.0012"), lt=Decimal("0.0013"))],
    "Decimal with places": Annotated[Decimal, Field(decimal_places=2)],
    "Decimal with digits": Annotated[Decimal, Field(max_digits=4, decimal_places=2)],
    "Decimal of one digit": Annotated[Decimal, Field(max_digits=1)],
    "whole Decimal": Annotated[Decimal, Field(decimal_places=0)],
    "Decimal in steps": Annotated[Decimal, Field(multiple_of=Decimal("0.25"), ge=0)],
    "condecimal": pydantic.condecimal(ge=0, max_digits=8, decimal_places=3),
    "finite Decimal": Annotated[Decimal, Field(allow_inf_nan=False)],
    "negative Decimal": Annotated[Decimal, Field(lt=0)],
    "Decimal or None": Decimal | None,
    "list of Decimal": list[Decimal],
    "dict of Decimal": dict[str, Decimal],
    "tuple of bound Decimal": tuple[Annotated[Decimal, Field(ge=5)], ...],
    "model with Decimal": Money,
    "Fraction": Fraction,
    "positive int": pydantic.PositiveInt,
    "negative int": pydantic.NegativeInt,
    "conint": pydantic.conint(ge=10, le=20, multiple_of=5),
    "strict int": pydantic.StrictInt,
    "strict bool": pydantic.StrictBool,
    "strict str": pydantic.StrictStr,
    "positive float": pydantic.PositiveFloat,
    "finite float": pydantic.FiniteFloat,
    "float in steps": Annotated[float, Field(multiple_of=0.5, ge=1, le=3)],
    "constr": pydantic.constr(min_length=2, max_length=4),
    "pattern": Annotated[str, Field(pattern=r"^[A-Z]{2}\d{2}$")],
    "pattern with a length": Annotated[str, Field(pattern=r"^[a-z]+$", max_length=5)],
    "upper case": Annotated[str, StringConstraints(to_upper=True, min_length=1)],
    "stripped": Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)],
    "bytes of a length": Annotated[bytes, Field(min_length=4, max_length=4)],
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
    "aware datetime": pydantic.AwareDatetime,
    "naive datetime": pydantic.NaiveDatetime,
    "past datetime": pydantic.PastDatetime,
    "future datetime": pydantic.FutureDatetime,
    "past date": pydantic.PastDate,
    "future date": pydantic.FutureDate,
    "bound date": Annotated[date, Field(ge=date(2024, 1, 1), lt=date(2024, 2, 1))],
    "condate": pydantic.condate(gt=date(2030, 1, 1)),
    "bound datetime": Annotated[datetime, Field(gt=_NOON, le=_NOON + timedelta(seconds=2))],
    "bound aware datetime": Annotated[pydantic.AwareDatetime, Field(ge=_NOON.replace(tzinfo=UTC))],
    "bound time": Annotated[time, Field(ge=time(9), lt=time(17))],
    "bound timedelta": Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(hours=1))],
    "long timedelta": Annotated[timedelta, Field(ge=timedelta(days=400_000))],
    "UUID": uuid.UUID,
    "UUID1": pydantic.UUID1,
    "UUID3": pydantic.UUID3,
    "UUID4": pydantic.UUID4,
    "UUID5": pydantic.UUID5,
    "UUID7": pydantic.UUID7,
    "AnyUrl": pydantic.AnyUrl,
    "HttpUrl": pydantic.HttpUrl,
    "WebsocketUrl": pydantic.WebsocketUrl,
    "FileUrl": pydantic.FileUrl,
    "FtpUrl": pydantic.FtpUrl,
    "PostgresDsn": pydantic.PostgresDsn,
    "RedisDsn": pydantic.RedisDsn,
    "MongoDsn": pydantic.MongoDsn,
    "AmqpDsn": pydantic.AmqpDsn,
    "SecretStr": pydantic.SecretStr,
    "bound SecretStr": Annotated[pydantic.SecretStr, Field(min_length=8)],
    "SecretBytes": pydantic.SecretBytes,
    "Secret": pydantic.Secret[int],
    "Json": pydantic.Json,
    "Json of a list": pydantic.Json[list[int]],
    "ByteSize": pydantic.ByteSize,
    "Base64Str": pydantic.Base64Str,
    "Base64Bytes": pydantic.Base64Bytes,
    "Base64UrlStr": pydantic.Base64UrlStr,
    "Path": Path,
    "PurePosixPath": PurePosixPath,
    "NewPath": pydantic.NewPath,
    "Pattern": Pattern[str],
    "IPv4Address": IPv4Address,
    "IPv4Interface": IPv4Interface,
    "IPv4Network": IPv4Network,
    "IPv6Address": IPv6Address,
    "IPv6Interface": IPv6Interface,
    "IPv6Network": IPv6Network,
    "IPvAnyAddress": pydantic.IPvAnyAddress,
    "IPvAnyInterface": pydantic.IPvAnyInterface,
    "IPvAnyNetwork": pydantic.IPvAnyNetwork,
    "Enum": Colour,
    "IntEnum": Size,
    "StrEnum": Name,
    "Flag": Access,
    "Literal": Literal["a", 1, None],
    "NewType of str": Key,
    "NewType of int": Annotated[Cents, Field(ge=3)],
    "NewType in a list": list[Key],
    "TypeVar": BoundKey,
    "class": type[int],
    "Final": Final[int],
    "list": list,
    "dict": dict,
    "set": set,
    "tuple": tuple,
    "empty tuple": tuple[()],
    "list of lists": list[list[int]],
    "list of a length": Annotated[list[int], Field(min_length=2, max_length=3)],
    "set of a small Literal": set[Literal["a", "b"]],
    "full set": Annotated[set[Literal["a", "b"]], Field(min_length=2)],
    "frozenset of bool": frozenset[bool],
    "conlist": pydantic.conlist(int, min_length=1),
    "conset": pydantic.conset(int, min_length=1, max_length=2),
    "deque": deque[int],
    "defaultdict": defaultdict[str, int],
    "OrderedDict": OrderedDict[str, int],
    "Counter": Counter[str],
    "Sequence": Sequence[int],
    "Iterable": Iterable[int],
    "Mapping": Mapping[str, date],
    "NamedTuple": Pair,
    "TypedDict": Sized,
    "dataclass": Point,
    "RootModel": Tags,
    "generic model": Box[Decimal],
    "union": int | str | None,
    "tagged union": Annotated[Cat | Dog, Field(discriminator="kind")],
    "after a validator": Annotated[int, AfterValidator(even)],
    "before a validator": Annotated[int, BeforeValidator(int)],
    "bound int or None": Annotated[int | None, Field(ge=3)],
    "class with a schema of its own": Code,
    "decimal of a least": Annotated[Decimal, Field(ge=3)],
    "decimal of a greatest": Annotated[Decimal, Field(le=-3)],
}

TELLS_NOTHING: dict[str, Any] = {
    "Any": Any,
    "object": object,
    "ImportString": pydantic.ImportString,
    "FilePath": pydantic.FilePath,
    "DirectoryPath": pydantic.DirectoryPath,
    "never accepted": Annotated[int, AfterValidator(lambda _: even(1))],
    "list of Any": list[Any],
}

QUICK = settings(
    max_examples=40, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


def event_with(annotation: Any) -> type[Event]:
    made: type[Event] = create_model("Sent", __base__=Event, field=(annotation, ...))
    return made


def drawn(event: type[Event]) -> list[Any]:
    found: list[Any] = []
    QUICK(given(payloads(event))(lambda made: found.append(made.field)))()  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("name", FITS)
def test_a_field_of_this_type_gets_values(name: str) -> None:
    has_one_value = name in ("None", "empty tuple", "class")
    assert len(drawn(event_with(FITS[name]))) > (0 if has_one_value else 1)


def test_the_table_has_more_than_eighty_types() -> None:
    assert len(FITS) > 80


@pytest.mark.parametrize("name", TELLS_NOTHING)
def test_a_type_that_tells_nothing_is_named_with_its_field(name: str) -> None:
    with pytest.raises(NoPayloadError, match=r"Sent\.field.*|validators of Sent.*") as caught:
        drawn(event_with(TELLS_NOTHING[name]))
    assert "values={'Sent.field': …}" in str(caught.value)


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
