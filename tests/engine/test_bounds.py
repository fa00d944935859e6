"""Bounds that are met exactly: as much as is allowed works, and one more is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statemachine import State

from relink.engine import (
    Address,
    Chart,
    Event,
    Facts,
    Send,
    Snapshot,
    System,
    compile,
    errors,
    ignored,
    stays,
)


class Asked(Event):
    bits: int = 0


class Again(Event):
    bits: int = 0


class Ended(Event):
    pass


class NoFacts(Facts):
    id: str = ""


def guard(number: int) -> Callable[..., bool]:
    def asks(self: object, facts: Facts, trigger: Asked | Again) -> bool:
        return bool(trigger.bits >> number & 1)

    return asks


def asking(guards: int) -> type[Chart]:
    """A chart of which two events ask so many guards, until one answers yes."""
    here, gone = State(initial=True), State(final=True)
    for event in ("asked", "again"):
        for number in range(guards):
            stays(here, event=event, cond=f"g{number}")
        stays(here, event=event)
    here.to(gone, event="ended")
    body: dict[str, Any] = {
        **{f"g{number}": guard(number) for number in range(guards)},
        "here": here,
        "gone": gone,
        "facts_type": NoFacts,
        "alphabet": (Asked, Again, Ended),
        "decided": (ignored(gone, (Asked, Again, Ended), because="gone"),),
    }
    return type(Chart)("Asking", (Chart,), body)


@pytest.mark.parametrize("allowed", [2, 3, 5])
def test_a_chart_may_have_as_many_leaves_as_are_allowed(
    monkeypatch: pytest.MonkeyPatch, allowed: int
):
    assert compile.MAX_LEAVES == 4096
    monkeypatch.setattr(compile, "MAX_LEAVES", allowed)
    # One leaf for each guard that may be the first to answer yes, and one where all say no.
    table = asking(allowed - 1).table()
    for event in ("asked", "again"):
        assert len(list(table.leaves(event=event, state="here"))) == allowed
    more = asking(allowed)
    with pytest.raises(errors.TooManyAnswersError, match=rf"asked in here .* than {allowed} comb"):
        more.table()


@pytest.mark.parametrize("bits", range(8))
def test_each_leaf_is_the_one_of_its_answers(bits: int):
    table = asking(3).table()
    decision = table.decide(Snapshot("here", NoFacts()), Asked(bits=bits))
    expected: list[tuple[str, bool]] = []
    for number in range(3):
        expected.append((f"g{number}", bool(bits >> number & 1)))
        if expected[-1][1]:
            break
    assert list(decision.guards) == expected
    assert [leaf.index for leaf in table.leaves()] == list(range(len(list(table.leaves()))))


# -- Systems --------------------------------------------------------------------------------------


class Passed(Event):
    """It is passed on as it says: each item is a phase, a number of rooms, and what follows."""

    label: str
    then: tuple[tuple[int, str], ...] = ()


class RoomChart(Chart):
    facts_type = NoFacts
    alphabet = (Passed, Ended)

    here = State(initial=True)
    gone = State(final=True)
    stays(here, event="passed", on="pass_on")
    here.to(gone, event="ended")
    decided = (ignored(gone, (Passed, Ended), because="gone"),)

    def pass_on(self, facts, trigger):
        return [sent(label, (), phase) for phase, label in trigger.then]


def sent(label: str, then: tuple[tuple[int, str], ...], phase: int) -> Send:
    return Send(machine="room", key="1", event=Passed(label=label, then=then), phase=phase)


def system_of(sends: list[Send], limit: int = 10_000) -> System:
    return System({"room": RoomChart}, lambda event, load: sends, limit)


phases = st.integers(0, 3)
thens = st.lists(st.tuples(phases, st.sampled_from("xyz")), max_size=3).map(tuple)
sends = st.lists(st.builds(sent, st.sampled_from("abc"), thens, phases), max_size=6)


@settings(deadline=None)
@given(sends)
def test_events_are_delivered_phase_by_phase_and_in_order_within_one(routed: list[Send]):
    waiting: list[tuple[int, str, tuple[tuple[int, str], ...]]] = []
    expected: list[str] = []

    def wait(phase: int, label: str, then: tuple[tuple[int, str], ...]) -> None:
        if phase == 0 or (phase, label, then) not in waiting:
            waiting.append((phase, label, then))

    for send in routed:
        event = send.event
        assert isinstance(event, Passed)
        wait(send.phase, event.label, event.then)
    while waiting:
        earliest = min(phase for phase, _, _ in waiting)
        first = next(item for item in waiting if item[0] == earliest)
        waiting.remove(first)
        expected.append(first[1])
        for phase, label in first[2]:
            wait(phase, label, ())
    step = system_of(routed).step(Ended(), {}.get)
    events = [delivery.decision.trigger for delivery in step.deliveries]
    assert [event.label for event in events if isinstance(event, Passed)] == expected
    address = Address("room", "1")
    assert {delivery.address for delivery in step.deliveries} <= {address}
    if expected:
        assert step.snapshots == {address: Snapshot("here", NoFacts(id="1"), len(expected))}
        # Each decision begins where the one before ended.
        for one, next_one in zip(step.deliveries, step.deliveries[1:], strict=False):
            assert next_one.decision.before == one.decision.snapshot
        assert system_of([]).replay(address, events) == step.snapshots[address]
        since = step.deliveries[0].decision.snapshot
        assert system_of([]).replay(address, events[1:], since) == step.snapshots[address]


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("is_checked", [False, True])
def test_a_step_may_have_as_many_deliveries_as_are_allowed(limit: int, is_checked: bool):
    for number in (limit, limit + 1):
        system = system_of([sent(str(n), (), 0) for n in range(number)], limit)
        system = system.checked if is_checked else system
        if number == limit:
            assert len(system.step(Ended(), {}.get).deliveries) == limit
        else:
            with pytest.raises(errors.EndlessSystemError, match=f"more than {limit} deliveries"):
                system.step(Ended(), {}.get)


def test_by_default_a_step_may_have_ten_thousand_deliveries():
    with pytest.raises(errors.EndlessSystemError, match="more than 10000 deliveries"):
        system_of([sent("a", (), 0)] * 10_001).step(Ended(), {}.get)
