"""Fuzzing, ends: which values a type is mostly given, how often, and the ends of all others.

The bugs of a state machine show when two things have the same id, the same second, the same amount.
So a field mostly gets one of a few values within its bounds, those nearest to zero, the nearest the
most often; and now and then it gets any other, up to its bounds.
"""

import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from uuid import UUID

import annotated_types as bounds
import pydantic
import pytest
from pydantic import (
    UUID4,
    AwareDatetime,
    ByteSize,
    Field,
    FutureDate,
    HttpUrl,
    PastDate,
    WebsocketUrl,
)

from relink.engine.fuzz import NoPayloadError

from .fuzz_ends import FAR, Ends, ends, evenly, mostly, number, once
from .test_fuzz_usual import shares, values

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
NOON = datetime(2000, 1, 1, 12)
FIRST, LAST = datetime.min + DAY, datetime.max - DAY
MOST = sys.float_info.max
AGES = timedelta(days=365_000)
HIGHEST = 1 << 128


def large(exponent: int) -> list[int]:
    return [10**exponent + n for n in range(10)]


NEAREST: dict[str, tuple[Any, list[Any], tuple[Any, Any]]] = {
    "int": (int, number(0, 9), (-FAR, FAR)),
    "int from 5": (Annotated[int, bounds.Ge(5)], number(5, 14), (5, FAR)),
    "int above 5": (Annotated[int, bounds.Gt(5)], number(6, 15), (6, FAR)),
    "int from -5": (Annotated[int, bounds.Ge(-5)], number(0, 9), (-5, FAR)),
    "int up to -5": (Annotated[int, bounds.Le(-5)], [-n for n in number(5, 14)], (-FAR, -5)),
    "int below -5": (Annotated[int, bounds.Lt(-5)], [-n for n in number(6, 15)], (-FAR, -6)),
    "int in fives": (
        Annotated[int, bounds.MultipleOf(5)],
        [5 * n for n in number(0, 9)],
        (-5 * FAR, 5 * FAR),
    ),
    "int in fives from 6": (
        Annotated[int, bounds.MultipleOf(5), bounds.Ge(6)],
        [5 * n for n in number(2, 11)],
        (10, 5 * FAR),
    ),
    "int of 64 bits": (
        Annotated[int, bounds.Interval(ge=-(1 << 63), lt=1 << 63)],
        number(0, 9),
        (-(1 << 63), (1 << 63) - 1),
    ),
    "int of 64 bits in threes": (
        Annotated[int, bounds.MultipleOf(3), bounds.Interval(gt=-(1 << 63), le=(1 << 63) - 1)],
        [3 * n for n in number(0, 9)],
        (-9223372036854775806, 9223372036854775806),
    ),
    "int from the 51st digit on": (Annotated[int, bounds.Ge(10**50)], large(50), (10**50, FAR)),
    "int beyond the largest float": (
        Annotated[int, bounds.Interval(ge=10**400, le=10**401)],
        large(400),
        (10**400, 10**401),
    ),
    "int of 100": (Annotated[int, bounds.Interval(ge=0, le=99)], number(0, 9), (0, 99)),
    "float": (float, number(0, 9), (-MOST, MOST)),
    "float from 1.5": (Annotated[float, bounds.Ge(1.5)], number(2, 11), (1.5, MOST)),
    "float above 1": (Annotated[float, bounds.Gt(1)], number(2, 11), (1 + 2**-52, MOST)),
    "float below -1": (
        Annotated[float, bounds.Lt(-1)],
        [-n for n in number(2, 11)],
        (-MOST, -1 - 2**-52),
    ),
    "float up to -1": (Annotated[float, bounds.Le(-1)], [-n for n in number(1, 10)], (-MOST, -1)),
    "float of large whole numbers": (
        Annotated[float, bounds.Ge(float(1 << 52))],
        [float((1 << 52) + n) for n in number(0, 9)],
        (float(1 << 52), MOST),
    ),
    "float of the last whole numbers": (
        Annotated[float, bounds.Le(float(100 - (1 << 53)))],
        [float(100 - (1 << 53) - n) for n in number(0, 9)],
        (-MOST, float(100 - (1 << 53))),
    ),
    "timedelta": (timedelta, [n * SECOND for n in number(0, 9)], (-AGES, AGES)),
    "timedelta from an hour": (
        Annotated[timedelta, bounds.Ge(HOUR)],
        [HOUR + n * SECOND for n in number(0, 9)],
        (HOUR, AGES),
    ),
    "timedelta from minus an hour": (
        Annotated[timedelta, bounds.Gt(-HOUR)],
        [n * SECOND for n in number(0, 9)],
        (timedelta(microseconds=1) - HOUR, AGES),
    ),
    "timedelta up to an hour": (
        Annotated[timedelta, bounds.Le(HOUR)],
        [n * SECOND for n in number(0, 9)],
        (-AGES, HOUR),
    ),
    "datetime": (
        datetime,
        [datetime(2000, 1, 1) + n * SECOND for n in number(0, 9)],
        (FIRST, LAST),
    ),
    "datetime after noon": (
        Annotated[datetime, bounds.Gt(NOON)],
        [NOON + timedelta(microseconds=1) + n * SECOND for n in number(0, 9)],
        (NOON + timedelta(microseconds=1), LAST),
    ),
    "datetime of UTC": (
        Annotated[AwareDatetime, bounds.Ge(NOON.replace(tzinfo=UTC))],
        [NOON.replace(tzinfo=UTC) + n * SECOND for n in number(0, 9)],
        (NOON.replace(tzinfo=UTC), LAST.replace(tzinfo=UTC)),
    ),
    "date": (date, [date(2000, 1, 1) + n * DAY for n in number(0, 9)], (date.min, date.max)),
    "date after a day": (
        Annotated[date, bounds.Gt(date(2031, 5, 3))],
        [date(2031, 5, 4) + n * DAY for n in number(0, 9)],
        (date(2031, 5, 4), date.max),
    ),
    "date in the past": (
        PastDate,
        [date(2000, 1, 1) + n * DAY for n in number(0, 9)],
        (date.min, date(2020, 1, 1)),
    ),
    "date in the past from": (
        Annotated[PastDate, bounds.Ge(date(1912, 1, 1))],
        [date(2000, 1, 1) + n * DAY for n in number(0, 9)],
        (date(1912, 1, 1), date(2020, 1, 1)),
    ),
    "date in the future": (
        FutureDate,
        [date(2200, 1, 1) + n * DAY for n in number(0, 9)],
        (date(2200, 1, 1), date.max),
    ),
    "date in the future until": (
        Annotated[FutureDate, bounds.Le(date(2300, 1, 1))],
        [date(2200, 1, 1) + n * DAY for n in number(0, 9)],
        (date(2200, 1, 1), date(2300, 1, 1)),
    ),
    "UUID": (UUID, [UUID(int=n) for n in number(0, 9)], (UUID(int=0), UUID(int=HIGHEST - 1))),
    "UUID4": (
        UUID4,
        [UUID(int=n | 4 << 76 | 2 << 62) for n in number(0, 9)],
        (UUID(int=4 << 76 | 2 << 62), UUID("ffffffff-ffff-4fff-bfff-ffffffffffff")),
    ),
    "ByteSize": (ByteSize, number(0, 9), (0, 1 << 20)),
    "ByteSize in any kibibytes": (
        Annotated[ByteSize, Field(multiple_of=1024)],
        [1024 * n for n in number(0, 9)],
        (0, 1 << 20),
    ),
    "ByteSize from a kibibyte": (
        Annotated[ByteSize, Field(ge=1024)],
        number(1024, 1033),
        (1024, FAR),
    ),
}
"""Ten values from the nearest on, and the first and the last of all values."""


@pytest.mark.parametrize("name", NEAREST)
def test_most_values_are_the_nearest_ones_and_a_few_are_any(name: str) -> None:
    annotation, nearest, (first, last) = NEAREST[name]
    assert ends(annotation) == mostly(nearest, once(first, last))


EVEN: dict[str, tuple[Any, list[Any]]] = {
    "int of 21": (Annotated[int, bounds.Interval(ge=0, le=20)], number(0, 20)),
    "int of 3": (Annotated[int, bounds.Interval(gt=-5, lt=-1)], number(-4, -2)),
    "int in fives to 23": (
        Annotated[int, bounds.MultipleOf(5), bounds.Interval(ge=1, le=23)],
        [5, 10, 15, 20],
    ),
    "ByteSize in kibibytes": (
        Annotated[ByteSize, Field(multiple_of=1024, le=4096, ge=0)],
        [0, 1024, 2048, 3072, 4096],
    ),
    "ByteSize of 7": (Annotated[ByteSize, Field(ge=1024, le=1030)], number(1024, 1030)),
    "float in halves": (
        Annotated[float, bounds.MultipleOf(0.5), bounds.Interval(ge=-1, lt=1)],
        [-1.0, -0.5, 0.0, 0.5],
    ),
    "HttpUrl": (
        HttpUrl,
        [HttpUrl(f"{kind}://example.com/{x}") for kind in ("http", "https") for x in "abc"],
    ),
    "WebsocketUrl": (
        WebsocketUrl,
        [WebsocketUrl(f"{kind}://example.com/{x}") for kind in ("ws", "wss") for x in "abc"],
    ),
    "Path": (PurePosixPath, [PurePosixPath(f"{x}.txt") for x in "abc"]),
    "Literal": (Literal["fast", 3], ["fast", 3]),
}


@pytest.mark.parametrize("name", EVEN)
def test_where_few_values_are_possible_each_is_as_probable(name: str) -> None:
    annotation, every = EVEN[name]
    assert ends(annotation) == evenly(every)


def test_whole_numbers_within_twenty_one_values_are_the_last_to_come_evenly() -> None:
    assert ends(Annotated[int, Field(ge=0, le=20)]) == evenly(number(0, 20))
    assert ends(Annotated[int, Field(ge=0, le=21)]) == mostly(number(0, 9), evenly(number(0, 21)))


def test_a_value_or_none_is_as_often_none() -> None:
    found = ends(Literal[1, 2, 3] | None)
    assert found == {(None, None): Fraction(1, 2)} | {(n, n): Fraction(1, 6) for n in (1, 2, 3)}


TEXTS: dict[str, tuple[Any, list[Any], int]] = {
    "str": (str, ["a", "b", "c"], 8),
    "str of 2": (Annotated[str, bounds.MinLen(2)], ["aa", "bb", "cc"], 10),
    "str of 1 at most": (Annotated[str, bounds.MaxLen(1)], ["a", "b", "c"], 1),
    "bytes": (bytes, [b"a", b"b", b"c"], 3),
    "bytes of 2": (Annotated[bytes, bounds.MinLen(2)], [b"aa", b"bb", b"cc"], 5),
    "bytes of 1 at most": (Annotated[bytes, bounds.MaxLen(1)], [b"a", b"b", b"c"], 1),
}
"""The usual texts, and how long any is."""


@pytest.mark.parametrize("name", TEXTS)
def test_most_texts_are_one_of_three_and_a_few_are_any(name: str) -> None:
    annotation, usual, most = TEXTS[name]
    found = ends(annotation)
    for value in usual:
        assert found.pop((value, value)) == Fraction(5, 16)
    ((shortest, longest),) = found
    assert len(shortest) == (len(usual[0]) if "of 2" in name else 0)
    assert len(longest) == most


def test_a_text_that_has_to_be_empty_is() -> None:
    assert ends(Annotated[str, Field(max_length=0)]) == once("", "")
    assert ends(Annotated[bytes, Field(max_length=0)]) == once(b"", b"")


def test_hypothesis_draws_each_range_as_often_as_its_choices_say() -> None:
    expected, found = ends(int), shares(int)
    for (first, last), share in expected.items():
        drawn = sum(share for value, share in found.items() if first <= value <= last)
        if first == last:
            assert drawn == pytest.approx(float(share), abs=0.03)
    assert sum(share for value, share in found.items() if value not in range(10)) < 0.1


# ── numbers between bounds ───────────────────────────────────────────────────


def test_floats_too_large_to_be_whole_are_any_within_the_bounds() -> None:
    for bound in (float(1 << 53), float(1 << 60), 1e308):
        assert ends(Annotated[float, Field(ge=bound)]) == once(bound, MOST)
        assert ends(Annotated[float, Field(le=-bound)]) == once(-MOST, -bound)


def test_floats_between_whole_numbers_are_any_within_the_bounds() -> None:
    assert ends(Annotated[float, Field(ge=0.25, le=0.75)]) == once(0.25, 0.75)
    assert ends(Annotated[float, Field(gt=0, lt=1)]) == once(5e-324, 1 - 2**-53)


def test_complex_numbers_are_finite() -> None:
    assert ends(complex) == once(complex(-MOST, -MOST), complex(MOST, MOST))


def units(first: int, last: int, unit: str = "1") -> list[Decimal]:
    return [n * Decimal(unit) for n in number(first, last)]


def between(first: str, last: str) -> Ends:
    return once(Decimal(first), Decimal(last))


MOST_18 = "9" * 18 + ".99"
DECIMALS: list[tuple[dict[str, Any], Ends]] = [
    # Mostly whole. Otherwise they have as many places as the digits allow, and again are mostly
    # the nearest ones.
    (
        {"max_digits": 3},
        mostly(units(0, 9), mostly(units(0, 9, "0.01"), between("-9.99", "9.99"))),
    ),
    ({"max_digits": 1}, mostly(units(0, 9), evenly(units(-9, 9, "0.1")))),
    (
        {"max_digits": 3, "decimal_places": 1},
        mostly(units(0, 9), mostly(units(0, 9, "0.1"), between("-99.9", "99.9"))),
    ),
    (
        {"max_digits": 3, "ge": 0},
        mostly(units(0, 9), mostly(units(0, 9, "0.01"), between("0", "9.99"))),
    ),
    (
        {"max_digits": 4, "ge": 100},
        mostly(units(100, 109), mostly(units(1000, 1009, "0.1"), between("100", "999.9"))),
    ),
    (
        {"max_digits": 4, "le": -100},
        mostly(units(100, 109, "-1"), mostly(units(1000, 1009, "-0.1"), between("-999.9", "-100"))),
    ),
    (
        {"max_digits": 4, "gt": 98},
        mostly(units(99, 108), mostly(units(9801, 9810, "0.01"), between("98.01", "99.99"))),
    ),
    (
        {"max_digits": 3, "lt": -9},
        mostly(units(10, 19, "-1"), mostly(units(901, 910, "-0.01"), between("-9.99", "-9.01"))),
    ),
    (
        {"ge": -50, "le": 50, "decimal_places": 1},
        mostly(units(0, 9), mostly(units(0, 9, "0.1"), between("-50", "50"))),
    ),
    # Twenty digits before the point and behind it, or twenty more than the bounds have.
    ({}, mostly(units(0, 9), mostly(units(0, 9, "0.01"), between("-" + MOST_18, MOST_18)))),
    (
        {"le": Decimal("9" * 250)},
        mostly(
            units(0, 9),
            mostly(units(0, 9, "0.01"), between("-" + "9" * 268 + ".99", "9" * 250)),
        ),
    ),
    # No places, or no whole number within the bounds.
    ({"max_digits": 3, "decimal_places": 0}, mostly(units(0, 9), between("-999", "999"))),
    ({"max_digits": 2, "decimal_places": 2}, mostly(units(0, 9, "0.01"), between("-0.99", "0.99"))),
    (
        {"max_digits": 2, "decimal_places": 2, "ge": 0},
        mostly(units(0, 9, "0.01"), between("0", "0.99")),
    ),
    (
        {"max_digits": 2, "decimal_places": 2, "le": 0},
        mostly(units(0, 9, "-0.01"), between("-0.99", "0"), room=0),
    ),
    (
        {"max_digits": 2, "decimal_places": 4},
        mostly(units(0, 9, "0.01"), between("-0.99", "0.99")),
    ),
    ({"gt": 0, "lt": 1}, mostly(units(1, 10, "0.01"), between("0.01", "0.99"))),
    (
        {"gt": 0, "lt": 2, "decimal_places": 2},
        mostly(units(1, 1), mostly(units(1, 10, "0.01"), between("0.01", "1.99"))),
    ),
    ({"gt": 0, "lt": Decimal("0.0003")}, evenly(units(1, 2, "0.0001"))),
    ({"gt": 0, "lt": Decimal("0.0002")}, evenly(units(1, 1, "0.0001"))),
    ({"ge": Decimal("0.2"), "le": Decimal("0.4")}, evenly(units(20, 40, "0.01"))),
    ({"gt": 0, "lt": Decimal("1e-19")}, evenly(units(1, 9, "1e-20"))),
    # In steps.
    (
        {"max_digits": 3, "multiple_of": Decimal("0.25")},
        mostly(units(0, 9, "0.25"), between("-9.75", "9.75")),
    ),
    (
        {"max_digits": 2, "multiple_of": Decimal("0.3")},
        mostly(units(0, 9, "0.3"), between("-9.9", "9.9")),
    ),
    (
        {"max_digits": 3, "multiple_of": Decimal("1.5")},
        mostly(units(0, 9, "1.5"), between("-99", "99")),
    ),
    ({"max_digits": 3, "multiple_of": 1}, mostly(units(0, 9), between("-999", "999"))),
    ({"max_digits": 3, "multiple_of": 5}, mostly(units(0, 9, "5"), between("-995", "995"))),
    ({"multiple_of": Decimal("0.25"), "ge": 0, "lt": 1}, evenly(units(0, 3, "0.25"))),
]


@pytest.mark.parametrize(
    ("given", "expected"), DECIMALS, ids=[str(row[0])[:60] for row in DECIMALS]
)
def test_decimals_have_the_places_and_digits_that_fit(
    given: dict[str, Any], expected: Ends
) -> None:
    assert ends(Annotated[Decimal, Field(**given)], choices=3) == expected


def test_no_decimal_has_more_than_twenty_places_by_itself() -> None:
    with pytest.raises(NoPayloadError, match="no Decimal lies within its bounds"):
        ends(Annotated[Decimal, Field(gt=0, lt=Decimal("1e-20"))])


@pytest.mark.skipif(
    pydantic.VERSION.startswith("2.11."), reason="pydantic 2.11 does not say what bounds fractions"
)
def test_fractions_are_small_where_bounds_leave_them_open() -> None:
    for annotation, first, last in (
        (Fraction, -9, 9),
        (Annotated[Fraction, bounds.Ge(20)], 20, 29),
        (Annotated[Fraction, bounds.Le(-20)], -29, -20),
        (Annotated[Fraction, bounds.Ge(3)], 3, 12),
        (Annotated[Fraction, bounds.Ge(-20)], -20, 9),
        (Annotated[Fraction, bounds.Le(3)], -9, 3),
        (Annotated[Fraction, bounds.Le(20)], -9, 20),
        (Annotated[Fraction, bounds.Interval(ge=-2, le=3)], -2, 3),
    ):
        assert ends(annotation, choices=0) == once(first, last)
    for low in (0, Fraction(1, 3)):
        above = values(Annotated[Fraction, bounds.Gt(low)], 100)
        assert low < min(above) < 1
        below = values(Annotated[Fraction, bounds.Lt(low)], 100)
        assert low - 1 < max(below) < low


@pytest.mark.skipif(
    pydantic.VERSION.startswith("2.11."), reason="pydantic 2.11 does not say what bounds fractions"
)
def test_fractions_have_denominators_up_to_twenty_unless_their_bounds_are_close() -> None:
    for annotation in (Fraction, Annotated[Fraction, bounds.Interval(ge=0, le=1)]):
        denominators = {value.denominator for value in values(annotation, 150)}
        assert 15 < max(denominators) <= 20
        assert len(denominators) > 15
    close = Annotated[Fraction, bounds.Interval(ge=Fraction(1, 3), lt=1)]
    assert max(value.denominator for value in values(close, 50)) > 1_000


def test_a_time_is_any_of_the_day() -> None:
    assert ends(time, choices=0) == once(time.min, time.max)
    late = Annotated[time, Field(gt=time(9, tzinfo=UTC), lt=time(17, tzinfo=UTC))]
    assert ends(late, choices=0) == once(
        time(9, 0, 0, 1, tzinfo=UTC), time(16, 59, 59, 999_999, tzinfo=UTC)
    )
