"""Types that an author may give a field: those whose values can be made up, and those that say too
little.

The tests are in ``test_fuzz_types.py``.
"""

import importlib.util
import re
import uuid
import warnings
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, MutableSequence, Sequence, Set
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
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    TypeVar,
)
from zoneinfo import ZoneInfo

import annotated_types as bounds
import pydantic
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    PlainValidator,
    StringConstraints,
    Tag,
    UrlConstraints,
    WrapValidator,
)
from pydantic_core import core_schema
from typing_extensions import TypeAliasType, TypedDict


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


class Node(BaseModel, frozen=True):
    value: int
    below: "tuple[Node, ...]" = ()


class Tree(TypedDict):
    name: str
    below: "list[Tree]"


class Chain(NamedTuple):
    value: int
    after: "Chain | None" = None


class Needed(TypedDict):
    width: int
    height: NotRequired[int]


class Labelled(TypedDict, Generic[T]):
    label: str
    held: T


class Couple(NamedTuple, Generic[T]):
    one: T
    other: T


@pydantic.dataclasses.dataclass(frozen=True)
class Checked:
    x: int
    inner: "Checked | None" = None


class Renamed(BaseModel, frozen=True, populate_by_name=True):
    within: int = Field(alias="in")
    out: int = Field(validation_alias=AliasChoices("out", "o"))


class Strict(BaseModel, frozen=True, strict=True):
    day: date
    id: uuid.UUID
    numbers: tuple[int, ...]
    colour: Colour
    amount: Decimal


class Even(BaseModel, frozen=True):
    number: int

    @pydantic.field_validator("number")
    @classmethod
    def _is_even(cls, number: int) -> int:
        return even(number)


def kind_of(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


Numbers = TypeAliasType("Numbers", list[int])
Jsonish = TypeAliasType("Jsonish", "dict[str, Jsonish] | list[Jsonish] | int | str | None")


class Box(BaseModel, Generic[T], frozen=True):
    held: T


Key = NewType("Key", str)
Cents = NewType("Cents", int)
Total = NewType("Total", Cents)
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
    "Decimal from 3": Annotated[Decimal, Field(ge=3)],
    "Decimal up to -3": Annotated[Decimal, Field(le=-3)],
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
    "class with a schema of its own": Code,
    "bound int or None": Annotated[int | None, Field(ge=3)],
    "large int": Annotated[int, Field(ge=10**30)],
    "negative steps": Annotated[int, Field(multiple_of=3, lt=-5)],
    "non-negative int": pydantic.NonNegativeInt,
    "non-positive float": pydantic.NonPositiveFloat,
    "tiny float": Annotated[float, Field(gt=0, lt=1e-300)],
    "float from minus infinity": Annotated[float, Field(ge=float("-inf"), le=0)],
    "float in hundredths": Annotated[float, Field(multiple_of=0.01, ge=0, le=1)],
    "Decimal to infinity": Annotated[Decimal, Field(le=Decimal("Infinity"))],
    "Decimal that may be infinite": Annotated[Decimal, Field(allow_inf_nan=True)],
    "large Decimal": Annotated[Decimal, Field(ge=Decimal("1e20"))],
    "Decimal of few digits": Annotated[Decimal, Field(max_digits=5, gt=1000)],
    "Decimal below one": Annotated[Decimal, Field(max_digits=3, decimal_places=3, gt=0)],
    "bound Fraction": Annotated[Fraction, Field(ge=0, lt=1)],
    "Gt": Annotated[int, bounds.Gt(3)],
    "Interval": Annotated[int, bounds.Interval(ge=3, lt=9)],
    "MultipleOf": Annotated[int, bounds.MultipleOf(7)],
    "Len": Annotated[list[int], bounds.Len(2, 4)],
    "Predicate": Annotated[str, bounds.Predicate(str.islower)],
    "not a predicate": Annotated[str, bounds.Predicate(bounds.Not(str.isupper))],
    "digits": bounds.IsDigits[str],
    "upper-case letters": bounds.UpperCase[str],
    "infinite float": bounds.IsInfinite[float],
    "unit": Annotated[float, bounds.Unit("m")],
    "timezone": Annotated[datetime, bounds.Timezone(...)],
    "no timezone": Annotated[datetime, bounds.Timezone(None)],
    "Annotated twice": Annotated[Annotated[int, Field(ge=2)], Field(le=3)],
    "longer pattern": Annotated[str, Field(pattern=r"^[a-z]+$", min_length=6)],
    "pattern without an anchor": Annotated[str, Field(pattern="foo|bar")],
    "pattern of Rust": Annotated[str, Field(pattern=r"^\p{Lu}+$")],
    "compiled pattern": Annotated[str, Field(pattern=re.compile("^x+$", re.I))],
    "float beyond whole numbers": Annotated[float, Field(gt=1e308)],
    "Decimal with infinite bounds": Annotated[
        Decimal, Field(ge=Decimal("-Infinity"), le=Decimal("Infinity"))
    ],
    "Decimal beyond its usual digits": Annotated[Decimal, Field(gt=Decimal("1e30"))],
    "tiny Decimal": Annotated[Decimal, Field(gt=0, lt=Decimal("1e-15"))],
    "first datetime": Annotated[datetime, Field(le=datetime.min)],
    "last datetime": Annotated[datetime, Field(ge=datetime.max)],
    "last date": Annotated[date, Field(ge=date.max)],
    "aware datetime within a second": Annotated[
        pydantic.AwareDatetime,
        Field(ge=_NOON.replace(tzinfo=UTC), lt=_NOON.replace(second=1, tzinfo=UTC)),
    ],
    "NewType of a NewType": Total,
    "all of a Literal": Annotated[frozenset[Literal["a", "b"]], Field(min_length=2)],
    "all keys of a Literal": Annotated[dict[Literal["a", "b"], int], Field(min_length=2)],
    "frozenset of UUID4": frozenset[pydantic.UUID4],
    "id of Stripe": Annotated[str, Field(pattern=r"^evt_[0-9a-zA-Z]{24}$")],
    "lower and stripped": Annotated[
        str, StringConstraints(strip_whitespace=True, to_lower=True, pattern="^[a-z]+$")
    ],
    "conbytes": pydantic.conbytes(min_length=2, max_length=3),
    "early datetime": Annotated[datetime, Field(lt=datetime(1800, 1, 1))],
    "days around a leap day": pydantic.condate(ge=date(2024, 2, 27), le=date(2024, 3, 1)),
    "early date": pydantic.condate(lt=date(1950, 1, 1)),
    "past date from": Annotated[pydantic.PastDate, Field(ge=date(2019, 12, 1))],
    "future date until": Annotated[pydantic.FutureDate, Field(lt=date(2150, 1, 1))],
    "future datetime until": Annotated[pydantic.FutureDatetime, Field(le=datetime(2150, 1, 1))],
    "second of an aware datetime": Annotated[
        pydantic.AwareDatetime,
        Field(ge=_NOON.replace(tzinfo=UTC), lt=_NOON.replace(tzinfo=UTC, second=1)),
    ],
    "bound naive datetime": Annotated[pydantic.NaiveDatetime, Field(ge=datetime(2024, 1, 1))],
    "bound aware time": Annotated[time, Field(ge=time(9, tzinfo=UTC))],
    "narrow time": Annotated[time, Field(gt=time(9), lt=time(9, 0, 0, 3))],
    "negative timedelta": Annotated[timedelta, Field(lt=timedelta(0))],
    "strict timedelta": Annotated[timedelta, Field(strict=True)],
    "ZoneInfo": ZoneInfo,
    "strict UUID": Annotated[uuid.UUID, Field(strict=True)],
    "UUID6": pydantic.UUID6,
    "UUID8": pydantic.UUID8,
    "short HttpUrl": Annotated[pydantic.HttpUrl, Field(max_length=40)],
    "URL of a scheme": Annotated[pydantic.AnyUrl, UrlConstraints(allowed_schemes=["s3", "gs"])],
    "MySQLDsn": pydantic.MySQLDsn,
    "KafkaDsn": pydantic.KafkaDsn,
    "NatsDsn": pydantic.NatsDsn,
    "bound SecretBytes": Annotated[pydantic.SecretBytes, Field(min_length=3)],
    "Secret of a date": pydantic.Secret[date],
    "Json of a model": pydantic.Json[Cat],
    "bound Json": pydantic.Json[Annotated[list[int], Field(min_length=2)]],
    "bound ByteSize": Annotated[pydantic.ByteSize, Field(ge=1024)],
    "Base64UrlBytes": pydantic.Base64UrlBytes,
    "Pattern of bytes": Pattern[bytes],
    "Enum member": Literal[Colour.RED, Colour.BLUE],
    "JsonValue": pydantic.JsonValue,
    "alias": Numbers,
    "recursive alias": Jsonish,
    "recursive model": Node,
    "recursive TypedDict": Tree,
    "recursive NamedTuple": Chain,
    "recursive dataclass": Checked,
    "TypedDict with an optional key": Needed,
    "generic TypedDict": Labelled[int],
    "generic NamedTuple": Couple[int],
    "model with aliases": Renamed,
    "strict model": Strict,
    "model with a validator": Even,
    "set of frozen models": set[Cat],
    "frozenset of models": frozenset[Dog],
    "frozenset of a full Enum": pydantic.conset(Colour, min_length=2),
    "confrozenset": pydantic.confrozenset(int, min_length=2, max_length=3),
    "set of few ints": Annotated[set[Annotated[int, Field(ge=0, le=2)]], Field(min_length=3)],
    "set of sets": set[frozenset[int]],
    "set of int or None": set[int | None],
    "Set": Set[int],
    "dict of an Enum": dict[Colour, Decimal],
    "dict of a full Literal": Annotated[dict[Literal["a", "b"], int], Field(min_length=2)],
    "bound Mapping": Annotated[Mapping[str, int], Field(min_length=1, max_length=2)],
    "bound deque": Annotated[deque[int], Field(min_length=2, max_length=3)],
    "tuple of a length": Annotated[tuple[int, ...], Field(min_length=3)],
    "MutableSequence": MutableSequence[int],
    "bare deque": deque,
    "bare Mapping": Mapping,
    "Hashable": Hashable,
    "nested containers": list[dict[str, tuple[int | None, ...]]],
    "union of models": Cat | Dog,
    "tagged by a function": Annotated[
        Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(kind_of)
    ],
    "union from left to right": Annotated[int | str, Field(union_mode="left_to_right")],
    "around a validator": Annotated[int, WrapValidator(lambda value, inner: inner(value))],
    "plain validator": Annotated[int, PlainValidator(int)],
    "omitted on errors": list[pydantic.OnErrorOmit[int]],
}
with warnings.catch_warnings(action="ignore"):  # both are deprecated, and still used
    from pydantic.color import Color
    from pydantic.types import PaymentCardNumber

    FITS |= {"Color": Color, "PaymentCardNumber": PaymentCardNumber}
if importlib.util.find_spec("email_validator"):
    FITS |= {"EmailStr": pydantic.EmailStr, "NameEmail": pydantic.NameEmail}

HAS_ONE_VALUE = {
    *("None", "empty tuple", "class", "infinite float", "Json of a model"),
    *("first datetime", "last datetime", "last date", "all of a Literal"),
}
DECODED = {
    *("Base64Str", "Base64Bytes", "Base64UrlStr", "Base64UrlBytes"),
    *("Json", "Json of a list", "Json of a model", "bound Json"),
    "class with a schema of its own",
}
"""Types whose value is not what they are made from, but decoded."""
ONE_PASS = {"Iterable"}
"""Types whose values are iterators, which equal nothing else."""
NOT_WRITTEN = {
    "class with a schema of its own",
    *("class", "Iterable", "Pattern of bytes", "dict of an Enum", "Enum member", "Color"),
    *("Json", "Json of a list", "Json of a model", "bound Json"),
    *("Secret", "Secret of a date", "SecretStr", "bound SecretStr"),
    *("SecretBytes", "bound SecretBytes"),
}
"""Types with a value that cannot be read back from JSON unchanged, so that the codec refuses it."""

TELLS_NOTHING: dict[str, Any] = {
    "Any": Any,
    "object": object,
    "ImportString": pydantic.ImportString,
    "FilePath": pydantic.FilePath,
    "DirectoryPath": pydantic.DirectoryPath,
    "never accepted": Annotated[int, AfterValidator(lambda _: even(1))],
    "list of Any": list[Any],
    "TypeVar": T,
    "model without its parameter": Box,
    "SocketPath": pydantic.SocketPath,
    "pattern with flags": Annotated[str, Field(pattern=r"^(?i)abc$")],
    "int between neighbours": Annotated[int, Field(gt=3, lt=4)],
    "Decimal between equals": Annotated[Decimal, Field(gt=1, lt=1)],
    "date between neighbours": pydantic.condate(gt=date(2024, 1, 1), lt=date(2024, 1, 2)),
    "time of another day": Annotated[time, Field(gt=time(9), lt=time(8))],
    "str of no length": Annotated[str, Field(min_length=3, max_length=2)],
    "date after the last": Annotated[date, Field(gt=date.max)],
    "float from NaN": Annotated[float, Field(ge=float("nan"))],
    "pattern that is longer": Annotated[str, Field(pattern="^a{5}$", max_length=3)],
    "set larger than its Literal": Annotated[set[Literal["a"]], Field(min_length=2)],
}
