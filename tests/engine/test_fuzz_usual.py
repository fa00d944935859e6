"""Fuzzing, usual values: which values a type is mostly given, and how often.

The bugs of a state machine show when two things have the same id, the same second, the same
amount. So a field mostly gets one of a few values within its bounds, those nearest to zero, the
nearest the most often; and now and then it gets any other.
"""

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Annotated, Any, NotRequired, TypeVar

import annotated_types as bounds
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.data import ConjectureData
from pydantic import (
    AwareDatetime,
    JsonValue,
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


EXACTLY: dict[str, tuple[Any, set[Any]]] = {
    "a lower-case letter": (bounds.LowerCase[str], set("abc")),
    "a digit": (bounds.IsDigit[str], set("123")),
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
    "a deque of anything": (deque, [0, 1, 2, 3]),
    "a Counter": (Counter[str], [0, 1, 2, 3]),
    "a list within": (Annotated[list[int], bounds.Len(1, 2)] | None, [1, 2]),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_container_holds_up_to_three_more_than_it_must(name: str) -> None:
    annotation, sizes = SIZES[name]
    drawn = values(annotation, 300)
    assert sorted({len(value) for value in drawn if value is not None}) == sizes


def test_what_may_be_anything_in_a_container_is_a_small_number_or_a_letter() -> None:
    held = {each for value in values(list, 400) for each in value}
    assert held == {*range(10), "a", "b", "c"}
    table = values(dict, 400)
    assert {key for value in table for key in value} == {"a", "b", "c"}
    assert {each for value in table for each in value.values()} == held


def test_a_counter_has_counts_from_one_to_nine() -> None:
    counted = values(Counter[str], 100)
    assert {count for counts in counted for count in counts.values()} == set(range(1, 10))


def test_a_value_of_json_is_small_and_of_any_kind() -> None:
    found = values(JsonValue, 150)
    holders = [value for value in found if isinstance(value, list | dict)]
    others = {type(value) for value in found} - {type(value) for value in holders}
    assert others == {type(None), bool, int, str}
    assert {isinstance(value, list) for value in holders} == {True, False}
    assert max(map(len, holders)) == 3
    assert max(map(leaves, found)) == 5


def leaves(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return sum(map(leaves, value)) if isinstance(value, list) else 1


def test_an_aware_moment_has_one_of_three_time_zones() -> None:
    zones = {value.utcoffset() for value in values(AwareDatetime, 200)}
    assert zones == {timedelta(0), timedelta(hours=2), timedelta(hours=-5)}
    assert {value.tzinfo for value in values(datetime, 200)} == {None}


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
