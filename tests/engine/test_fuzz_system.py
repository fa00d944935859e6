"""Fuzzing several machines as one system."""

import json
from collections.abc import Iterable
from itertools import count

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from pydantic import Field
from statemachine import State

from relink.engine import (
    Assign,
    Chart,
    Event,
    Facts,
    Reason,
    Send,
    Step,
    System,
    ignored,
    stays,
)
from relink.engine.fuzz import (
    LeafCoverage,
    World,
    replay,
    system_test,
)

from .lock import run, search


class Ordered(Event):
    shelf: str = Field(pattern="^[ab]$")
    item: int = Field(ge=0, le=3)


class Stocked(Event):
    count: int = Field(ge=1, le=3)
    shelf: str = Field(pattern="^[ab]$")


class Taken(Event):
    item: int


class Filled(Event):
    count: int


class ShelfFacts(Facts):
    id: str
    left: int = 0
    sold: int = 0


class Shelf(Chart):
    """It counts below zero, since a guard is missing."""

    facts_type = ShelfFacts
    alphabet = (Taken, Filled)
    empty = State(initial=True)
    full = State()
    empty.to(full, event="filled", on="fill")
    stays(full, event="filled", on="fill")
    full.to(empty, event="taken", cond="is_last", on="take")
    stays(full, event="taken", unless="is_last", on="take")
    decided = (ignored(empty, Taken, because=Reason("empty", "the shelf is empty")),)

    def is_last(self, facts: ShelfFacts, trigger: Taken) -> bool:
        return facts.left <= trigger.item

    def fill(self, facts: ShelfFacts, trigger: Filled) -> Assign:
        return Assign(left=facts.left + trigger.count)

    def take(self, facts: ShelfFacts, trigger: Taken) -> Assign:
        return Assign(left=facts.left - trigger.item, sold=facts.sold + trigger.item)


def route(trigger: Event, load: object) -> Iterable[Send]:
    match trigger:
        case Ordered(shelf=shelf, item=item):
            yield Send(machine="shelf", key=shelf, event=Taken(item=item))
        case Stocked(shelf=shelf, count=number):
            yield Send(machine="shelf", key=shelf, event=Filled(count=number))


SHOP = System({"shelf": Shelf.table()}, route)


def nothing_is_sold_twice(before: World, step: Step, after: World) -> str | None:
    for address in step.snapshots:
        if (left := after[address].facts.left) < 0:  # type: ignore[attr-defined]
            known = "known" if address in before else "unknown"
            return f"{left} left on {known} {address.key}"
    return None


def test_a_recorded_fault_of_a_system_is_played_again() -> None:
    test = system_test(SHOP, [Ordered, Stocked], invariants=[nothing_is_sold_twice])
    played = test()
    played.send(Stocked(shelf="a", count=1))
    with pytest.raises(AssertionError):
        played.send(Ordered(shelf="a", item=2))
    recording = json.loads(json.dumps(played.recording()))
    found = replay(test, recording)
    assert found is not None
    assert found.events == (Stocked(shelf="a", count=1), Ordered(shelf="a", item=2))
    assert replay(system_test(SHOP, [Ordered, Stocked]), recording) is None


def test_a_fault_of_a_system_is_found_and_shrunk() -> None:
    coverage = LeafCoverage(Shelf.table())
    test = system_test(
        SHOP, [Ordered, Stocked], invariants=[nothing_is_sold_twice], coverage=coverage
    )
    found = search(test)
    assert found.violated == "nothing_is_sold_twice: -1 left on known a"
    assert found.history == (
        "1. Stocked(count=1, shelf='a')",
        "   shelf a: empty --filled--> full: no commands; sets left",
        "2. Ordered(shelf='a', item=2)",
        "   shelf a: full --taken[is_last]--> empty: no commands; sets left, sold",
    )
    assert coverage.report().percent == 100


def test_a_system_without_a_fault_passes() -> None:
    test = system_test(SHOP, [Ordered, Stocked], values={"item": st.just(0)})
    assert run(test, examples=20).wasSuccessful()


def test_a_route_to_an_unknown_machine_is_found() -> None:
    def broken(trigger: Event, load: object) -> Iterable[Send]:
        yield Send(machine="cellar", key="a", event=Taken(item=1))

    found = search(system_test(System({"shelf": Shelf.table()}, broken), [Ordered]))
    assert "UnknownMachineError" in found.violated
    assert found.events == (Ordered(shelf="a", item=0),)


def test_an_impure_route_is_found() -> None:
    calls = count()

    def fickle(trigger: Event, load: object) -> Iterable[Send]:
        yield Send(machine="shelf", key="a", event=Filled(count=next(calls)))

    found = search(system_test(System({"shelf": Shelf.table()}, fickle), [Stocked]))
    assert found.violated.startswith("the same question has the same answer")


def test_a_subclass_can_simulate_what_answers_the_system() -> None:
    class WithSupplier(system_test(SHOP, [Ordered])):  # type: ignore[misc]
        """Stocks a shelf that an order found empty."""

        @rule()
        def supply(self) -> None:
            for step in self.steps[-1:]:
                for delivery in step.deliveries:
                    reason = delivery.decision.reason
                    if reason is not None and reason.code == "empty":
                        self.send(Stocked(shelf=delivery.address.key, count=3))

        @invariant()
        def nothing_is_sold(self) -> None:
            for snapshot in self.world.values():
                assert not snapshot.facts.sold, f"{snapshot.facts.sold} sold"

    found = search(WithSupplier)
    assert found.violated.startswith("AssertionError: 1 sold")
    assert [event.name for event in found.events] == ["ordered", "stocked", "ordered"]
