"""Fuzzing, streams: each delivery as a whole, and what a stream of events is made of."""

from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from relink.engine.fuzz import (
    AT_ONCE,
    STALE,
    Delivery,
    DeliveryFaults,
    Stream,
    Transit,
    histories,
    streams,
)

from ..profile import examples
from .lock import Dialed, Lock, Released
from .test_fuzz_usual import draws

NONE = DeliveryFaults(duplicates=0, overtaken=0, stale=0, lost=0)
MANY = DeliveryFaults(duplicates=3, overtaken=5, stale=9, lost=9)
LETTERS = st.sampled_from("abcdef")


def arrivals(plans: list[tuple[int, ...]], faults: DeliveryFaults = MANY) -> list[str]:
    """What arrives of events that are sent on these plans, in words."""
    transit = Transit[int](faults)
    arrived = [each for n, plan in enumerate(plans) for each in transit.send(n, plan)]
    return [str(each) for each in (*arrived, *transit.rest())]


@pytest.mark.parametrize(
    ("plans", "told"),
    [
        ([(0,), (0,)], ["evt_1", "evt_2"]),
        ([(0, 0)], ["evt_1", "evt_1 again"]),
        ([(1,), (0,)], ["evt_2", "evt_1 after evt_2"]),
        ([(1,), (1,), (0,)], ["evt_1", "evt_3", "evt_2 after evt_3"]),
        ([(0, 2), (0,), (0,)], ["evt_1", "evt_2", "evt_3", "evt_1 again after evt_2, evt_3"]),
        ([(0, 1), (0, 0)], ["evt_1", "evt_2", "evt_2 again", "evt_1 again after evt_2"]),
        ([(STALE,), (2,), (0,)], ["evt_3", "evt_2 after evt_3", "evt_1 after evt_2, evt_3"]),
        ([(STALE,), (STALE,), (5,)], ["evt_3", "evt_1 after evt_3", "evt_2 after evt_3"]),
        ([(), (0,), ()], ["evt_2"]),
        ([(1, 1), (0,)], ["evt_2", "evt_1 after evt_2", "evt_1 again after evt_2"]),
    ],
)
def test_a_known_stream_arrives_so(plans: list[tuple[int, ...]], told: list[str]) -> None:
    assert arrivals(plans) == told


@pytest.mark.parametrize(
    ("faults", "plans", "told"),
    [
        (NONE, [(), (3,), (STALE,), (0, 0)], ["evt_1", "evt_2", "evt_3", "evt_4"]),
        (DeliveryFaults(duplicates=0), [(0, 0)], ["evt_1"]),
        (DeliveryFaults(duplicates=1), [(0, 0, 0)], ["evt_1", "evt_1 again"]),
        (DeliveryFaults(overtaken=1), [(2,), (0,), (0,)], ["evt_2", "evt_1 after evt_2", "evt_3"]),
        (
            DeliveryFaults(stale=1),
            [(STALE,), (STALE,), (0,)],
            ["evt_2", "evt_3", "evt_1 after evt_2, evt_3"],
        ),
        (DeliveryFaults(lost=1), [(), (), (0,)], ["evt_2", "evt_3"]),
        (DeliveryFaults(), [(), (0,)], ["evt_1", "evt_2"]),
    ],
)
def test_a_plan_beyond_the_bounds_is_cut_to_them(
    faults: DeliveryFaults, plans: list[tuple[int, ...]], told: list[str]
) -> None:
    assert arrivals(plans, faults) == told


def test_events_are_known_by_the_ids_that_they_are_given() -> None:
    transit = Transit[str](MANY)
    assert transit.send("late", (1,), id="evt_late") == []
    assert not transit.is_empty
    assert transit.send("now", id="evt_now") == [
        Delivery("evt_now", "now"),
        Delivery("evt_late", "late", 1, ("evt_now",)),
    ]
    assert transit.send("gone", (), id="evt_gone") == []
    assert (transit.ids, transit.lost) == (["evt_late", "evt_now", "evt_gone"], ["evt_gone"])
    assert transit.sent == ["late", "now", "gone"]
    assert transit.is_empty
    assert transit.rest() == []


def test_faults_are_given_by_name() -> None:
    with pytest.raises(TypeError):
        DeliveryFaults(1)  # type: ignore[misc]
    assert DeliveryFaults() == DeliveryFaults(duplicates=1, overtaken=3, stale=1, lost=0)


PLAN = st.lists(st.integers(STALE, 5), max_size=4).map(tuple)


@settings(max_examples=examples(600))
@given(st.lists(PLAN, max_size=7))
def test_each_delivery_says_which_copy_it_is_and_what_came_before(
    planned: list[tuple[int, ...]],
) -> None:
    transit = Transit[str](MANY)
    arrived = [each for n, plan in enumerate(planned) for each in transit.send(f"e{n + 1}", plan)]
    arrived += transit.rest()
    numbers = [int(each.event[1:]) for each in arrived]
    assert arrived == [
        Delivery(
            id=f"evt_{number}",
            event=f"e{number}",
            copy=numbers[: at + 1].count(number),
            after=tuple(f"evt_{n}" for n in sorted({n for n in numbers[:at] if n > number})),
        )
        for at, number in enumerate(numbers)
    ]


# ── strategies ───────────────────────────────────────────────────────────────


def check(stream: Stream[Any], faults: DeliveryFaults) -> None:
    ids = [f"evt_{n}" for n in range(1, len(stream.sent) + 1)]
    arrived = {each.id for each in stream.deliveries}
    assert stream.lost == tuple(each for each in ids if each not in arrived)
    assert len(stream.lost) <= faults.lost
    for each in stream.deliveries:
        assert each.event == stream.sent[ids.index(each.id)]
        assert each.copy <= 1 + faults.duplicates
    first = [each for each in stream.deliveries if each.copy == 1]
    assert sorted(each.id for each in first) == sorted(arrived)
    late = [each for each in first if len({*each.after}) > faults.overtaken]
    assert len(late) <= faults.stale


@pytest.mark.parametrize(
    "faults", [None, NONE, DeliveryFaults(duplicates=2, overtaken=1, stale=2, lost=2)]
)
def test_a_stream_has_the_faults_that_it_may_have(faults: DeliveryFaults | None) -> None:
    bounds = DeliveryFaults() if faults is None else faults
    drawn = draws(streams(LETTERS, faults=faults, min_size=2, max_size=8), 250)
    for stream in drawn:
        check(stream, bounds)
    assert {len(stream.sent) for stream in drawn} == set(range(2, 9))
    assert {len(stream.lost) for stream in drawn} == set(range(bounds.lost + 1))
    copies = {each.copy for stream in drawn for each in stream.deliveries}
    assert copies == set(range(1, bounds.duplicates + 2))
    if bounds == NONE:
        assert all(not each.after for stream in drawn for each in stream.deliveries)
        assert all([each.event for each in s.deliveries] == [*s.sent] for s in drawn)
    else:
        assert max(len(d.after) for s in drawn for d in s.deliveries) > bounds.overtaken


def test_a_stream_is_of_the_events_of_a_chart_or_of_the_classes_given() -> None:
    sent = {type(event) for stream in draws(streams(Lock), 60) for event in stream.sent}
    assert sent == {Dialed, Released}
    digits = draws(streams([Dialed], {"digit": st.just(4)}), 60)
    assert {event for stream in digits for event in stream.sent} == {Dialed(digit=4)}
    assert {len(stream.sent) for stream in draws(streams(LETTERS), 200)} >= {0, 1, 2, 3}
    assert max(len(stream.sent) for stream in draws(streams(LETTERS, min_size=20), 20)) == 20


def test_the_simplest_stream_that_arrives_is_one_event_at_once() -> None:
    simplest = find(streams(LETTERS, faults=MANY), lambda stream: bool(stream.deliveries))
    assert simplest == Stream(("a",), (Delivery("evt_1", "a"),), ())
    assert find(streams(LETTERS), lambda stream: True) == Stream((), (), ())
    assert Transit[str](MANY).send("a") == Transit[str](MANY).send("a", AT_ONCE)


def test_a_history_has_up_to_twenty_events_if_nobody_says_otherwise() -> None:
    assert {len(history) for history in draws(histories(Lock, min_size=20), 20)} == {20}
    lengths = {len(history) for history in draws(histories([Released]), 100)}
    assert min(lengths) == 0
    assert 4 < max(lengths) <= 20
