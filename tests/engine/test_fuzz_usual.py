"""Fuzzing, usual values: which values a type is mostly given, and how often.

The bugs of a state machine show when two things have the same id, the same second, the same
amount. So a field mostly gets one of a few values within its bounds, those nearest to zero, the
nearest the most often; and now and then it gets any other.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from random import Random
from typing import Annotated, Any, Literal, NotRequired, TypeVar
from uuid import UUID

import annotated_types as bounds
import pydantic
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.data import ConjectureData
from pydantic import (
    UUID4,
    AwareDatetime,
    Field,
    FutureDate,
    HttpUrl,
    PastDate,
    WebsocketUrl,
    create_model,
)
from typing_extensions import TypedDict

from relink.engine import Event
from relink.engine.fuzz import STALE, DeliveryFaults, payloads
from relink.engine.fuzz.steering import perhaps
from relink.engine.fuzz.stream import Transit, plans

from ..profile import examples

D = TypeVar("D")

DRAWS = 1_000


def values(annotation: Any, count: int) -> list[Any]:
    """Values of a type, drawn independently of each other."""
    sent: type[Event] = create_model("Sent", __base__=Event, field=(annotation, ...))
    events: list[Any] = draws(payloads(sent), count)
    return [event.field for event in events]


def draws(strategy: st.SearchStrategy[D], count: int) -> list[D]:
    """What a strategy gives, drawn independently of each other."""
    chance, found = Random(0), list[D]()

    @settings(max_examples=1, database=None, deadline=None, phases=[Phase.generate])
    @given(st.none())
    def draw(_: None) -> None:
        # Each from new data: Hypothesis itself never tries the same choices twice.
        for _ in range(count):
            found.append(ConjectureData(random=chance).draw(strategy))

    draw()
    return found


def shares(annotation: Any, count: int = DRAWS) -> dict[Any, float]:
    """The values of a type, and the part of all draws that each of them is."""
    counts = Counter(values(annotation, count))
    return {value: number / count for value, number in counts.items()}


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


EXACTLY: dict[str, tuple[Any, set[Any]]] = {
    "HttpUrl": (
        HttpUrl,
        {HttpUrl(f"{kind}://example.com/{x}") for kind in ("http", "https") for x in "abc"},
    ),
    "WebsocketUrl": (
        WebsocketUrl,
        {WebsocketUrl(f"{kind}://example.com/{x}") for kind in ("ws", "wss") for x in "abc"},
    ),
    "Path": (PurePosixPath, {PurePosixPath(f"{x}.txt") for x in "abc"}),
    "a lower-case letter": (bounds.LowerCase[str], set("abc")),
    "a digit": (bounds.IsDigit[str], set("123")),
    "Literal": (Literal["fast", 3], {"fast", 3}),
}


@pytest.mark.parametrize("name", EXACTLY)
def test_types_of_few_values_are_given_each_of_them(name: str) -> None:
    annotation, every = EXACTLY[name]
    found = shares(annotation, 400)
    assert {value for value, share in found.items() if share > 0.02} == every


SIZES: dict[str, tuple[Any, list[int]]] = {
    "list": (list[int], [0, 1, 2, 3]),
    "list from 2": (Annotated[list[int], bounds.MinLen(2)], [2, 3, 4, 5]),
    "list to 1": (Annotated[list[int], bounds.MaxLen(1)], [0, 1]),
    "set": (set[int], [0, 1, 2, 3]),
    "frozenset from 1": (Annotated[frozenset[int], bounds.MinLen(1)], [1, 2, 3, 4]),
    "dict": (dict[int, int], [0, 1, 2, 3]),
    "tuple": (tuple[int, ...], [0, 1, 2, 3]),
    "a list of anything": (list, [0, 1, 2, 3]),
    "a list within": (Annotated[list[int], bounds.Len(1, 2)] | None, [1, 2]),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_container_holds_up_to_three_more_than_it_must(name: str) -> None:
    annotation, sizes = SIZES[name]
    drawn = values(annotation, 300)
    assert sorted({len(value) for value in drawn if value is not None}) == sizes


def test_what_may_be_anything_in_a_container_is_a_small_number_or_a_letter() -> None:
    held = {each for value in values(list, 400) for each in value}
    assert held == {*number(0, 9), "a", "b", "c"}
    table = values(dict, 400)
    assert {key for value in table for key in value} == {"a", "b", "c"}
    assert {each for value in table for each in value.values()} == held


def test_an_aware_moment_has_one_of_three_time_zones() -> None:
    zones = {value.utcoffset() for value in values(AwareDatetime, 200)}
    assert zones == {timedelta(0), timedelta(hours=2), timedelta(hours=-5)}
    assert {value.tzinfo for value in values(datetime, 200)} == {None}


def test_an_odd_text_has_up_to_eight_characters_more_than_it_must() -> None:
    assert max(len(value) for value in values(str, 2_000)) == 8
    assert max(len(value) for value in values(Annotated[str, bounds.MinLen(3)], 2_000)) == 11


@pytest.mark.skipif(
    pydantic.VERSION.startswith("2.11."), reason="pydantic 2.11 does not say what bounds fractions"
)
def test_fractions_are_small_where_bounds_leave_them_open() -> None:
    for annotation, low, high in (
        (Fraction, -9, 9),
        (Annotated[Fraction, bounds.Ge(20)], 20, 29),
        (Annotated[Fraction, bounds.Le(-20)], -29, -20),
        (Annotated[Fraction, bounds.Gt(3)], 3, 12),
        (Annotated[Fraction, bounds.Lt(3)], -9, 3),
    ):
        drawn = values(annotation, 150)
        assert low <= min(drawn) < low + 1
        assert high - 1 < max(drawn) <= high
        assert 10 < max(value.denominator for value in drawn) <= 20


@pytest.mark.parametrize(
    ("given", "least", "most", "places"),
    [
        ({"max_digits": 3}, "-9.99", "9.99", 2),
        ({"max_digits": 3, "decimal_places": 2}, "-9.99", "9.99", 2),
        ({"max_digits": 2, "decimal_places": 2}, "-0.99", "0.99", 2),
        ({"max_digits": 4, "ge": 100}, "100", "999.9", 1),
        ({"max_digits": 4, "le": -100}, "-999.9", "-100", 1),
        ({"max_digits": 3, "multiple_of": Decimal("0.25")}, "-9.75", "9.75", 2),
        ({"max_digits": 3, "multiple_of": 5}, "-995", "995", 0),
        ({"gt": 0, "lt": Decimal("0.0003")}, "0.0001", "0.0002", 4),
    ],
    ids=str,
)
def test_decimals_have_the_digits_that_fit(
    given: dict[str, Any], least: str, most: str, places: int
) -> None:
    drawn = values(Annotated[Decimal, Field(**given)], 1_200)
    low, high = Decimal(least), Decimal(most)
    assert low <= min(drawn) <= low + (high - low) / 4
    assert high - (high - low) / 4 <= max(drawn) <= high
    assert max(-int(value.as_tuple().exponent) for value in drawn) == places


@dataclass(frozen=True)
class Parcel:
    grams: int
    label: str = field(default="none", init=False)


class Sized(TypedDict):
    width: int
    height: NotRequired[int]


def test_a_field_that_nobody_gives_is_not_given() -> None:
    assert {parcel.label for parcel in values(Parcel, 20)} == {"none"}


def test_a_key_that_may_be_absent_sometimes_is() -> None:
    assert {tuple(sorted(size)) for size in values(Sized, 100)} == {("width",), ("height", "width")}


def test_a_duration_is_within_a_thousand_years() -> None:
    longest = timedelta(days=365_000)
    drawn = values(timedelta, 3_000)
    assert min(drawn) < -longest / 2 < longest / 2 < max(drawn)
    assert -longest <= min(drawn)
    assert max(drawn) <= longest


# ── streams ──────────────────────────────────────────────────────────────────


def test_most_events_arrive_at_once_and_each_fault_happens_to_some() -> None:
    faults = DeliveryFaults(duplicates=2, overtaken=3, stale=1, lost=1)
    drawn = draws(plans(faults), 2_000)
    kinds = Counter(kind_of(plan) for plan in drawn)
    expected = {"at once": 0.4, "again": 0.2, "late": 0.2, "stale": 0.1, "lost": 0.1}
    for kind, share in expected.items():
        assert kinds[kind] / len(drawn) == pytest.approx(share, abs=0.025), kind
    late = {plan[0] for plan in drawn if kind_of(plan) == "late"}
    again = [plan for plan in drawn if kind_of(plan) == "again"]
    assert late == {1, 2, 3}
    assert {len(plan) for plan in again} == {2, 3}
    assert {delay for plan in again for delay in plan} == {0, 1, 2, 3}
    assert {plan[0] for plan in again} == {0}


def kind_of(plan: tuple[int, ...]) -> str:
    if len(plan) > 1:
        return "again"
    return {(): "lost", (0,): "at once", (STALE,): "stale"}.get(plan, "late")


@pytest.mark.parametrize("missing", ["again", "late", "stale", "lost"])
def test_a_fault_that_is_not_wanted_does_not_happen(missing: str) -> None:
    names = {"again": "duplicates", "late": "overtaken", "stale": "stale", "lost": "lost"}
    faults = DeliveryFaults(**{name: int(kind != missing) for kind, name in names.items()})
    kinds = {kind_of(plan) for plan in draws(plans(faults), 200)}
    assert kinds == {"at once", *names} - {missing}


def test_a_step_of_a_history_is_sometimes_left_out() -> None:
    drawn = draws(perhaps(st.just("sent")), 1_000)
    assert drawn.count(None) / len(drawn) == pytest.approx(1 / 8, abs=0.03)


ANY_PLAN = st.lists(st.integers(STALE, 5), max_size=4).map(tuple)
ANY_FAULTS = st.builds(
    DeliveryFaults,
    **dict.fromkeys(("duplicates", "overtaken", "stale", "lost"), st.integers(0, 3)),
)


@settings(max_examples=examples(1_000))
@given(st.lists(ANY_PLAN, min_size=1, max_size=8), ANY_FAULTS)
def test_what_is_sent_arrives_when_its_plan_says_so_within_bounds(
    planned: list[tuple[int, ...]], faults: DeliveryFaults
) -> None:
    transit = Transit[str](faults)
    arrived = [each for n, plan in enumerate(planned) for each in transit.send(f"{n + 1}", plan)]
    assert transit.is_empty == (len(arrived) == len(due(planned, faults)))
    arrived += transit.rest()
    assert transit.is_empty
    assert [int(each.event) for each in arrived] == [number for *_, number in due(planned, faults)]
    assert transit.sent == [f"{n + 1}" for n in range(len(planned))]
    reached = {each.event for each in arrived}
    assert transit.lost == [f"evt_{each}" for each in transit.sent if each not in reached]


def due(planned: list[tuple[int, ...]], faults: DeliveryFaults) -> list[tuple[float, bool, int]]:
    """Each copy, in order: when it arrives, whether that is late, and its event."""
    found: list[tuple[float, bool, int]] = []
    lost = stale = 0
    for number, asked in enumerate(planned, 1):
        plan = asked[: 1 + faults.duplicates]
        if not plan and lost < faults.lost:
            lost += 1
            continue
        is_stale = STALE in plan
        stale += is_stale
        for delay in plan or (0,):
            if delay == STALE:
                when = math.inf if stale <= faults.stale else number
            else:
                when = number + min(delay, faults.overtaken)
            found.append((when, when > number, number))
    return sorted(found)
