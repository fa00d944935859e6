"""Fuzzing a service: what a chart decides is what the service has to say, whatever the order."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.adapters.fuzzing import RelinkTest
from relink.engine import Event
from relink.engine.errors import ArgumentError
from relink.engine.fuzz import (
    STALE,
    Counterexample,
    Delivery,
    DeliveryFaults,
    MachineServiceTest,
    Said,
    Stream,
    StreamTest,
    SystemServiceTest,
    find_counterexample,
    replay,
    streams,
)

from .lock import Dialed, Lock, LockFacts, Released
from .test_fuzz_system import SHOP, Ordered, Stocked


class LockService:
    """The lock by hand. It dials again what comes again, unless it keeps a ledger."""

    def __init__(self, has_ledger: bool = True) -> None:
        self.wrong, self.dialed, self.seen = 0, 0, set[str]()
        self.has_ledger = has_ledger

    @property
    def state(self) -> str:
        return ("none", "one", "two", "opened")[self.dialed]

    def take(self, id: str, event: Event) -> None:
        if self.has_ledger and id in self.seen:
            return
        self.seen.add(id)
        if isinstance(event, Released):
            if self.dialed == 3:
                self.dialed = self.wrong = 0
        elif isinstance(event, Dialed) and self.dialed < 3:
            is_right = event.digit == (7, 2, 9)[self.dialed]
            self.dialed = self.dialed + 1 if is_right else 0
            self.wrong += not is_right


class LockTest(MachineServiceTest):
    chart = Lock

    def start_service(self) -> None:
        self.service = LockService()

    def deliver(self, delivery: Delivery[Event]) -> None:
        self.service.take(delivery.id, delivery.event)

    def observe(self) -> Said:
        return {"state": self.service.state, "wrong": self.service.wrong}


class WithoutLedger(LockTest):
    def start_service(self) -> None:
        self.service = LockService(has_ledger=False)


def searched(test: type[StreamTest], examples: int = 60) -> Counterexample | None:
    return find_counterexample(test, max_examples=examples, max_events=12)


def found_in(test: type[StreamTest]) -> Counterexample:
    found = searched(test)
    assert found is not None
    return found


def test_a_service_that_does_what_the_chart_says_passes() -> None:
    assert searched(LockTest) is None


def test_a_service_without_a_ledger_is_found_and_shrunk() -> None:
    found = found_in(WithoutLedger)
    assert found.violated == "wrong is 2 instead of 1: an event that comes again changes nothing"
    assert found.history[2:] == (
        "1. evt_1: Dialed(digit=0)",
        "   none --dialed[not is_seven]--> none: no commands; sets wrong",
        "2. evt_1 again: Dialed(digit=0)",
        "   it came before",
        "   expected: state='none', wrong=1",
        "   observed: state='none', wrong=2",
    )
    assert replay(WithoutLedger, json.loads(json.dumps(found.recording))) == found
    assert found.recording is not None
    assert replay(LockTest, found.recording) is None


def test_few_histories_are_empty() -> None:
    """Hypothesis leaves rules out of a history; with few rules, that must not be what sends."""
    lengths: list[int] = []

    class Counting(RelinkTest):
        def teardown(self) -> None:
            super().teardown()
            lengths.append(len(self.events))

    assert searched(Counting, 40) is None
    assert sum(length > 2 for length in lengths) > 0.6 * len(lengths)


def test_without_duplicates_a_service_needs_no_ledger() -> None:
    class InOrder(WithoutLedger):
        faults = DeliveryFaults(duplicates=0)

    assert searched(InOrder) is None


def test_a_service_that_raises_is_a_finding() -> None:
    class Failing(LockTest):
        def deliver(self, delivery: Delivery[Event]) -> None:
            assert not isinstance(delivery.event, Released), "500"
            super().deliver(delivery)

    found = found_in(Failing)
    assert found.violated.startswith("the service takes every event: AssertionError: 500")
    assert [type(event) for event in found.events] == [Released]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"stat": "none"}, r"observe\(\) returned 'stat'.*did you mean 'state'\?"),
        ("none", r"observe\(\) returned 'none'; return what the service says by name"),
    ],
)
def test_what_cannot_be_compared_is_refused(said: Any, named: str) -> None:
    class Vague(LockTest):
        def observe(self) -> Said:
            return said  # type: ignore[no-any-return]

    with pytest.raises(ArgumentError, match=named):
        searched(Vague)


def test_a_method_that_is_missing_is_named() -> None:
    class Empty(MachineServiceTest):
        chart = Lock

    with pytest.raises(ArgumentError, match=r"Empty has no deliver; write deliver\(self, delivery"):
        replay(Empty, {"notes": [{"event": {"name": "released", "fields": {}}, "plan": [0]}]})


def test_what_a_service_says_has_to_be_written_too() -> None:
    class Deaf(MachineServiceTest):
        chart = Lock

        def deliver(self, delivery: Delivery[Event]) -> None:
            pass

    class DeafShop(SystemServiceTest):
        system = SHOP
        outside_events = (Ordered, Stocked)

        def deliver(self, delivery: Delivery[Event]) -> None:
            pass

    released = {"event": {"name": "released", "fields": {}}, "plan": [0]}
    stocked = {"event": {"name": "stocked", "fields": {"shelf": "a", "count": 1}}, "plan": [0]}
    for test, note, method in (
        (Deaf, released, r"Deaf has no observe; write observe\(self\)"),
        (DeafShop, stocked, r"DeafShop has no observe; write observe\(self, address\)"),
    ):
        with pytest.raises(ArgumentError, match=method):
            replay(test, {"notes": [note]})


def test_a_recording_with_late_events_is_played_as_it_was() -> None:
    arrived: list[str] = []

    class Listening(LockTest):
        def deliver(self, delivery: Delivery[Event]) -> None:
            arrived.append(str(delivery))

        def observe(self) -> Said:
            return {}

    seven = {"name": "dialed", "fields": {"digit": 7}}
    notes = [
        {"event": seven, "plan": [1, 0]},
        {"event": seven, "plan": [3]},
        {"event": seven, "plan": [-1]},
        {"everything_arrives": True},
    ]
    assert replay(Listening, {"notes": notes}) is None
    assert arrived == ["evt_1", "evt_1 again", "evt_2", "evt_3"]


def test_facts_without_defaults_have_to_be_given() -> None:
    class NumberedFacts(LockFacts):
        number: int

    class Numbered(Lock):
        facts_type = NumberedFacts

    class NumberedTest(LockTest):
        chart = Numbered

    with pytest.raises(ArgumentError, match=r"NumberedTest: NumberedFacts has fields without a"):
        NumberedTest()


def test_lists_and_tuples_are_the_same_in_what_a_service_says() -> None:
    class Nested(LockTest):
        def expect(self) -> Said:
            return {"held": {"digits": (1, (2,)), "by": {"a": (3,)}}}

        def observe(self) -> Said:
            return {"held": {"digits": [1, [2]], "by": {"a": self.said}}}

    for said, is_right in (([3], True), ([4], False)):
        Nested.said = said  # type: ignore[attr-defined]
        found = replay(Nested, {"notes": [{"event": RELEASED, "plan": [0]}]})
        assert (found is None) == is_right


RELEASED = {"name": "released", "fields": {}}


def test_a_recording_of_another_test_is_refused() -> None:
    with pytest.raises(ArgumentError, match="no recording of LockTest: notes is missing"):
        replay(LockTest, {"events": []})


@given(
    streams(
        Lock,
        faults=DeliveryFaults(duplicates=2, overtaken=2, stale=1, lost=1),
        max_size=8,
    )
)
def test_a_stream_stays_within_its_bounds(stream: Stream[Event]) -> None:
    arrived = [delivery.id for delivery in stream.deliveries]
    ids = [f"evt_{number + 1}" for number in range(len(stream.sent))]
    assert len(stream.lost) <= 1
    assert set(arrived) | set(stream.lost) == set(ids)
    late = 0
    for place, delivery in enumerate(stream.deliveries):
        number = ids.index(delivery.id)
        assert stream.sent[number] == delivery.event
        assert delivery.copy == arrived[: place + 1].count(delivery.id) <= 3
        assert list(delivery.after) == [
            each for each in ids[number + 1 :] if each in arrived[:place]
        ]
        late += delivery.copy == 1 and len(delivery.after) > 2
    assert late <= 1  # the stale one; all others are overtaken by two at most


def test_every_kind_of_delivery_occurs() -> None:
    faults = DeliveryFaults(lost=1)
    seen: set[str] = set()

    @settings(max_examples=300, database=None)
    @given(streams([Dialed], faults=faults, min_size=2, max_size=6))
    def draw(stream: Stream[Event]) -> None:
        order = [delivery.id for delivery in stream.deliveries]
        seen.update("again" for each in stream.deliveries if each.copy > 1)
        seen.update("overtaken" for each in stream.deliveries if each.after)
        seen.update("stale" for each in stream.deliveries[-1:] if len(each.after) > 3)
        seen.update("lost" for _ in stream.lost)
        if order == [f"evt_{number + 1}" for number in range(len(stream.sent))]:
            seen.add("as sent")

    draw()
    assert seen == {"again", "overtaken", "stale", "lost", "as sent"}


def test_a_stream_is_made_of_whatever_a_strategy_gives() -> None:
    @given(streams(st.sampled_from("ab"), faults=DeliveryFaults(), min_size=1))
    def draw(stream: Stream[str]) -> None:
        assert set(stream.sent) <= {"a", "b"}

    draw()


def test_a_negative_bound_is_refused() -> None:
    assert STALE < 0
    with pytest.raises(ArgumentError, match="overtaken is -1; give a whole number from 0"):
        DeliveryFaults(overtaken=-1)


def test_a_value_for_no_field_of_the_streams_events_is_refused() -> None:
    body = {"__module__": __name__, "values": {"digitt": st.just(1)}}
    with pytest.raises(ArgumentError, match=r"values has 'digitt'.*did you mean 'digit'\?"):
        type(LockTest)("Misspelled", (LockTest,), body)
