"""Fuzzing, usual values: which values a type is mostly given, and how often.

The bugs of a state machine show when two things have the same id, the same second, the same
amount. So a field mostly gets one of a few values within its bounds, those nearest to zero, the
nearest the most often; and now and then it gets any other.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Annotated, Any
from uuid import UUID

import annotated_types as bounds
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.data import ConjectureData
from pydantic import UUID4, AwareDatetime, FutureDate, PastDate, create_model

from relink.engine import Event
from relink.engine.fuzz import payloads

DRAWS = 1_000


def shares(annotation: Any) -> dict[Any, float]:
    """The values of a type, and the part of all draws that each of them is."""
    sent: type[Event] = create_model("Sent", __base__=Event, field=(annotation, ...))
    strategy, found, chance = payloads(sent), Counter[Any](), Random(0)

    @settings(max_examples=1, database=None, deadline=None, phases=[Phase.generate])
    @given(st.none())
    def draw(_: None) -> None:
        # Each from new data: Hypothesis itself never tries the same choices twice.
        for _ in range(DRAWS):
            made: Any = ConjectureData(random=chance).draw(strategy)
            found[made.field] += 1

    draw()
    return {value: count / DRAWS for value, count in found.items()}


def number(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
NOON = datetime(2000, 1, 1, 12)

NEAREST: dict[str, tuple[Any, list[Any]]] = {
    "int": (int, number(0, 9)),
    "int from 5": (Annotated[int, bounds.Ge(5)], number(5, 14)),
    "int above 5": (Annotated[int, bounds.Gt(5)], number(6, 15)),
    "int from -5": (Annotated[int, bounds.Ge(-5)], number(0, 9)),
    "int up to -5": (Annotated[int, bounds.Le(-5)], [-n for n in number(5, 14)]),
    "int below -5": (Annotated[int, bounds.Lt(-5)], [-n for n in number(6, 15)]),
    "int in fives": (Annotated[int, bounds.MultipleOf(5)], [5 * n for n in number(0, 9)]),
    "int in fives from 6": (
        Annotated[int, bounds.MultipleOf(5), bounds.Ge(6)],
        [5 * n for n in number(2, 11)],
    ),
    "int of 22": (Annotated[int, bounds.Interval(ge=0, le=21)], number(0, 9)),
    "float": (float, number(0, 9)),
    "float from 1.5": (Annotated[float, bounds.Ge(1.5)], number(2, 11)),
    "float below -1": (Annotated[float, bounds.Lt(-1)], [-n for n in number(2, 11)]),
    "Decimal": (Decimal, number(0, 9)),
    "Decimal from 1.5": (Annotated[Decimal, bounds.Ge(Decimal("1.5"))], number(2, 11)),
    "timedelta": (timedelta, [n * SECOND for n in number(0, 9)]),
    "timedelta from an hour": (
        Annotated[timedelta, bounds.Ge(timedelta(hours=1))],
        [timedelta(hours=1) + n * SECOND for n in number(0, 9)],
    ),
    "datetime": (datetime, [datetime(2000, 1, 1) + n * SECOND for n in number(0, 9)]),
    "datetime after noon": (
        Annotated[datetime, bounds.Gt(NOON)],
        [NOON + timedelta(microseconds=1) + n * SECOND for n in number(0, 9)],
    ),
    "datetime of UTC": (
        Annotated[AwareDatetime, bounds.Ge(NOON.replace(tzinfo=UTC))],
        [NOON.replace(tzinfo=UTC) + n * SECOND for n in number(0, 9)],
    ),
    "date": (date, [date(2000, 1, 1) + n * DAY for n in number(0, 9)]),
    "date after a day": (
        Annotated[date, bounds.Gt(date(2031, 5, 3))],
        [date(2031, 5, 4) + n * DAY for n in number(0, 9)],
    ),
    "date in the past": (PastDate, [date(2000, 1, 1) + n * DAY for n in number(0, 9)]),
    "date in the future": (FutureDate, [date(2200, 1, 1) + n * DAY for n in number(0, 9)]),
    "UUID": (UUID, [UUID(int=n) for n in number(0, 9)]),
    "UUID4": (UUID4, [UUID(int=n | 4 << 76 | 2 << 62) for n in number(0, 9)]),
}
"""Ten values from the nearest on, which come with the same probability as part of the nearest two,
four or ten."""


@pytest.mark.parametrize("name", NEAREST)
def test_most_values_are_the_nearest_ones_and_a_few_are_any(name: str) -> None:
    annotation, nearest = NEAREST[name]
    found = shares(annotation)
    often = {value for value, share in found.items() if share > 0.013}
    if "Decimal" in name:  # of which any are mostly near too, with places
        often = {value for value in often if value == int(value)}
    assert often == set(nearest)
    for place, value in enumerate(nearest):
        low, high = ((0.22, 0.32), (0.08, 0.14), (0.015, 0.05))[(place > 1) + (place > 3)]
        assert low < found[value] < high, (place, value)
    odd = sum(share for value, share in found.items() if value not in often)
    assert 0.02 < odd < 0.1


LETTERS: dict[str, tuple[Any, list[Any]]] = {
    "str": (str, ["a", "b", "c"]),
    "str of 2": (Annotated[str, bounds.MinLen(2)], ["aa", "bb", "cc"]),
    "str of 1 at most": (Annotated[str, bounds.MaxLen(1)], ["a", "b", "c"]),
    "bytes": (bytes, [b"a", b"b", b"c"]),
    "bytes of 2": (Annotated[bytes, bounds.MinLen(2)], [b"aa", b"bb", b"cc"]),
}


@pytest.mark.parametrize("name", LETTERS)
def test_most_texts_are_one_of_three_and_a_few_are_any(name: str) -> None:
    annotation, usual = LETTERS[name]
    found = shares(annotation)
    for value in usual:
        assert 0.25 < found[value] < 0.4
    assert 0.02 < sum(share for value, share in found.items() if value not in usual) < 0.1


EVEN: dict[str, tuple[Any, list[Any]]] = {
    "int of 21": (Annotated[int, bounds.Interval(ge=0, le=20)], number(0, 20)),
    "int of 3": (Annotated[int, bounds.Interval(gt=-5, lt=-1)], number(-4, -2)),
    "int in fives to 23": (
        Annotated[int, bounds.MultipleOf(5), bounds.Interval(ge=1, le=23)],
        [5, 10, 15, 20],
    ),
}


@pytest.mark.parametrize("name", EVEN)
def test_where_few_values_are_possible_each_is_as_probable(name: str) -> None:
    annotation, every = EVEN[name]
    found = shares(annotation)
    assert set(found) == set(every)
    assert min(found.values()) > 0.5 / len(every)


@pytest.mark.parametrize(
    ("annotation", "first", "last"),
    [
        (Annotated[int, bounds.Interval(ge=0, le=9)], 0, 9),
        (Annotated[float, bounds.Interval(ge=0.25, le=0.75)], 0.25, 0.75),
        (Annotated[Decimal, bounds.Interval(ge=Decimal("0.2"), le=Decimal("0.4"))], "0.2", "0.4"),
    ],
)
def test_bounds_themselves_are_drawn(annotation: Any, first: Any, last: Any) -> None:
    found = {float(value) for value in shares(annotation)}
    assert {float(first), float(last)} <= found
    assert min(found) == float(first)
    assert max(found) == float(last)
