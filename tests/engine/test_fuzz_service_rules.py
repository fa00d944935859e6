"""Fuzzing a service: what a subclass sets, alone or above another, is what is sent."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule
from statemachine import State

from relink.engine import Chart, Event
from relink.engine.errors import ArgumentError
from relink.engine.fuzz import (
    Delivery,
    DeliveryFaults,
    MachineServiceTest,
    SystemServiceTest,
    find_counterexample,
)
from relink.engine.fuzz.service import now_and_then

from .lock import Dialed, Lock, LockFacts, Released
from .test_fuzz_delivered import Listening, ListeningShop, Swept
from .test_fuzz_service import LockTest
from .test_fuzz_steering import every
from .test_fuzz_system import SHOP, Ordered, Stocked

IN_ORDER = DeliveryFaults(duplicates=0, overtaken=0, stale=0)


def arrived(test: type[Any], *, examples: int = 20, length: int = 8) -> list[list[Delivery[Event]]]:
    """What arrives in a few histories of a test that finds nothing."""
    histories: list[list[Delivery[Event]]] = []

    class Listener(test):  # type: ignore[misc]
        def start_service(self) -> None:
            super().start_service()
            histories.append([])

        def deliver(self, delivery: Delivery[Event]) -> None:
            super().deliver(delivery)
            histories[-1].append(delivery)

    assert find_counterexample(Listener, max_examples=examples, max_events=length) is None
    return histories


def events(histories: Iterable[list[Delivery[Event]]]) -> set[Event]:
    return {each.event for history in histories for each in history}


def arrive_once_and_in_order(histories: list[list[Delivery[Event]]]) -> bool:
    return all(each.copy == 1 and not each.after for history in histories for each in history)


def test_every_event_is_sent_with_every_fault_that_is_set() -> None:
    histories = arrived(Listening)
    assert {type(each) for each in events(histories)} == {Dialed, Released}
    everything = [each for history in histories for each in history]
    assert {each.copy > 1 for each in everything} == {True, False}
    assert {bool(each.after) for each in everything} == {True, False}
    assert {type(each) for each in events(arrived(ListeningShop))} == {Ordered, Stocked, Swept}


def test_a_class_above_may_set_something_before_it_is_known_what_is_sent() -> None:
    class Careful(MachineServiceTest):
        faults = IN_ORDER
        values = {"digit": st.just(7)}

    class CarefulOfSystems(SystemServiceTest):
        faults = IN_ORDER
        values = {"shelf": st.just("b")}

    class CarefulLock(Careful):
        chart = Lock
        start_service = LockTest.start_service
        deliver = LockTest.deliver
        observe = LockTest.observe

    class CarefulShop(CarefulOfSystems):
        system = SHOP
        outside_events = (Ordered, Stocked)
        is_lying = False
        start_service = ListeningShop.start_service
        deliver = ListeningShop.deliver
        observe = ListeningShop.observe

    assert arrive_once_and_in_order(dials := arrived(CarefulLock))
    assert events(dials) == {Dialed(digit=7), Released()}
    assert arrive_once_and_in_order(orders := arrived(CarefulShop))
    assert {(type(each), each.shelf) for each in events(orders)} == {(Ordered, "b"), (Stocked, "b")}


def test_a_subclass_may_set_something_else() -> None:
    class Seven(Listening):
        values = {"digit": st.just(7)}

    class InOrder(Seven):
        faults = IN_ORDER

    class InOrderAgain(InOrder):
        pass

    class OfOneShelf(ListeningShop):
        values = {"shelf": st.just("b")}

    class InOrderOfOneShelf(OfOneShelf):
        faults = IN_ORDER

    assert events(arrived(Seven)) == {Dialed(digit=7), Released()}
    for test in (InOrder, InOrderAgain):
        assert events(histories := arrived(test)) == {Dialed(digit=7), Released()}
        assert arrive_once_and_in_order(histories)
    assert not arrive_once_and_in_order(arrived(OfOneShelf))
    assert arrive_once_and_in_order(orders := arrived(InOrderOfOneShelf))
    assert {each.shelf for each in events(orders) if hasattr(each, "shelf")} == {"b"}


def test_a_mixin_may_set_something_too() -> None:
    class Sevens:
        values = {"digit": st.just(7)}
        faults = IN_ORDER

    class OfOneShelf:
        values = {"shelf": st.just("b")}
        faults = DeliveryFaults(duplicates=0, overtaken=0, stale=0, lost=99)

    class SevensTest(Sevens, Listening):
        pass

    class ShelfTest(OfOneShelf, ListeningShop):
        pass

    assert events(arrived(SevensTest)) == {Dialed(digit=7), Released()}
    histories = arrived(ShelfTest)
    assert {each.shelf for each in events(histories) if hasattr(each, "shelf")} == {"b"}
    ids = [{int(each.id[len("evt_") :]) for each in history} for history in histories]
    assert any(len(each) < max(each) for each in ids if each), "nothing is lost"


class Bolt(Chart):
    """Knows one of the events of the lock."""

    facts_type = LockFacts
    alphabet = (Released,)
    none = State(initial=True)
    shot = State()
    none.to(shot, event="released")
    shot.to(none, event="released")


def test_a_subclass_with_other_events_sends_these_alone() -> None:
    class Sweeping(ListeningShop):
        outside_events = (Swept,)

    class BoltTest(Listening):
        chart = Bolt

        def observe(self) -> dict[str, object]:
            return {}

    assert events(arrived(Sweeping)) == {Swept()}
    assert events(arrived(BoltTest)) == {Released()}


def test_a_service_starts_with_the_facts_that_are_set() -> None:
    class Used(Listening):
        facts = LockFacts(opened=3)

        def observe(self) -> dict[str, object]:
            return {**super().observe(), "opened": self.snapshot.facts.opened}

    test = Used()
    assert test.history[0] == "start with LockFacts(opened=3)"
    assert test.snapshot.facts == LockFacts(opened=3)
    assert test.expect() == {"state": "none", "wrong": 0, "opened": 3}
    assert Listening().expect() == {"state": "none", "wrong": 0, "opened": 0}


@pytest.mark.parametrize("base", [Listening, ListeningShop])
def test_values_for_no_field_are_refused(base: type[Any]) -> None:
    with pytest.raises(ArgumentError, match=r"^Vague\(\): values has 'colour'"):
        type("Vague", (base,), {"values": {"colour": st.just(1)}})


def test_a_rule_of_ones_own_stays_in_a_class_below() -> None:
    class NothingOrdered(ListeningShop):
        @rule()
        def send_ordered(self) -> None:
            """Takes the place of the rule that orders."""

    class NothingDialed(Listening):
        @rule()
        def send_dialed(self) -> None:
            """Takes the place of the rule that dials."""

    class NothingOrderedToo(NothingOrdered):
        pass

    class NothingDialedToo(NothingDialed):
        pass

    for shop in (NothingOrdered, NothingOrderedToo):
        assert {type(each) for each in events(arrived(shop))} == {Stocked, Swept}
    for lock in (NothingDialed, NothingDialedToo):
        assert events(arrived(lock)) == {Released()}


@pytest.mark.parametrize("base", [Listening, ListeningShop])
def test_what_is_on_the_way_arrives_now_and_then(base: type[Any]) -> None:
    """What is stale arrives in no other way."""
    stale = type("Stale", (base,), {"faults": replace(IN_ORDER, stale=1)})
    histories = arrived(stale, examples=40, length=12)
    assert any(each.after for history in histories for each in history)
    assert any(not history[-1].after for history in histories if history)
    assert every(now_and_then, 8) == {False: 7, True: 1}
