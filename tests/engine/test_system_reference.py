"""A step beside a plain one that shares nothing with it: machines that do what an event says.

The plain step keeps all that waits in one list, and looks through it for what comes next.
"""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statemachine import State

from relink.engine import (
    Address,
    Assign,
    Chart,
    Command,
    Delivery,
    Event,
    Facts,
    Load,
    Send,
    Snapshot,
    Step,
    System,
    stays,
)
from relink.engine.errors import EndlessSystemError

from ..profile import examples


class Marked(Command):
    """What a machine asks for; two of one number are one."""

    number: int


class Part(Event):
    """What a machine is to do: note numbers, and send further parts, each at a phase."""

    notes: tuple[int, ...] = ()
    sends: tuple[tuple[str, int, "Part"], ...] = ()


class Begun(Event):
    """From outside."""

    sends: tuple[tuple[str, int, Part], ...] = ()


class PlayerFacts(Facts):
    id: str
    count: int = 0


class Player(Chart):
    """Does what it is told, and notes when it begins."""

    facts_type = PlayerFacts
    alphabet = (Part,)
    playing = State(initial=True, enter="begin")
    absorbing = (playing,)
    stays(playing, event="part", on="play")

    def begin(self, facts: PlayerFacts, trigger: Event) -> Marked:
        return Marked(number=-1)

    def play(self, facts: PlayerFacts, trigger: Part) -> list[Any]:
        noted = [Marked(number=number) for number in trigger.notes]
        return [Assign(count=facts.count + 1), *sent(trigger.sends), *noted]


def sent(parts: Iterable[tuple[str, int, Part]]) -> list[Send]:
    return [Send(machine="player", key=key, event=part, phase=at) for key, at, part in parts]


def route(trigger: Event, load: Load) -> list[Send]:
    assert isinstance(trigger, Begun)
    return sent(trigger.sends)


BAND = System({"player": Player}, route)
KEYS = ("a", "b", "c")


def told(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[tuple[str, int, Part]]:
    return st.tuples(st.sampled_from(KEYS), st.sampled_from([0, 0, 1, 1, 2]), inner)


def parts(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    notes = st.lists(st.integers(0, 2), max_size=2).map(tuple)
    return st.builds(Part, notes=notes, sends=st.lists(told(inner), max_size=3).map(tuple))


PARTS = parts(parts(st.builds(Part, notes=st.lists(st.integers(0, 1), max_size=1).map(tuple))))
BEGUN = st.builds(Begun, sends=st.lists(told(PARTS), max_size=3).map(tuple))


class Plain:
    """What follows from an event, as lists."""

    def __init__(self, begun: Begun, known: dict[str, int]) -> None:
        self.deliveries: list[tuple[str, Part]] = []
        self.counts: dict[str, int] = {}
        self.notes: list[int] = []
        waiting: list[tuple[int, str, Part]] = []

        def send(sends: Iterable[tuple[str, int, Part]]) -> None:
            for key, at, part in sends:
                if at == 0 or (at, key, part) not in waiting:
                    waiting.append((at, key, part))

        send(begun.sends)
        while waiting:
            first = min(at for at, _, _ in waiting)
            each = next(each for each in waiting if each[0] == first)
            waiting.remove(each)
            _, key, part = each
            if key not in self.counts and key not in known:
                self.notes.append(-1)
            self.counts[key] = self.counts.get(key, known.get(key, 0)) + 1
            self.deliveries.append((key, part))
            self.notes += part.notes
            send(part.sends)


def stored(known: dict[str, int]) -> dict[Address, Snapshot[Facts]]:
    return {
        Address("player", key): Snapshot("playing", PlayerFacts(id=key, count=count), count)
        for key, count in known.items()
    }


@settings(max_examples=examples(200))
@given(BEGUN, st.dictionaries(st.sampled_from(KEYS), st.integers(1, 3)))
def test_a_step_delivers_what_the_plain_one_does(begun: Begun, known: dict[str, int]) -> None:
    loaded: list[Address] = []
    machines = stored(known)

    def load(address: Address) -> Snapshot[Facts] | None:
        loaded.append(address)
        return machines.get(address)

    step = BAND.step(begun, load)
    expected = Plain(begun, known)
    assert step.trigger is begun
    delivered = [(each.address.key, each.decision.trigger) for each in step.deliveries]
    assert delivered == expected.deliveries
    assert {
        address.key: (snapshot.facts.count, snapshot.version)  # type: ignore[attr-defined]
        for address, snapshot in step.snapshots.items()
    } == {key: (count, count) for key, count in expected.counts.items()}
    assert list(step.commands) == [Marked(number=n) for n in dict.fromkeys(expected.notes)]
    assert [address.key for address in loaded] == list(expected.counts), "each is loaded once"
    check_chain(step, machines)


def check_chain(step: Step, machines: dict[Address, Snapshot[Facts]]) -> None:
    """Each decision begins where the one before of the machine ended, in the order of addresses."""
    last: dict[Address, Snapshot[Facts]] = {}
    for address, decision in map(as_pair, step.deliveries):
        before = last.get(address) or machines.get(address) or BAND.begin(address).snapshot
        assert decision.before == before
        last[address] = decision.snapshot
    assert list(step.snapshots.items()) == list(last.items())


def as_pair(delivery: Delivery) -> tuple[Address, Any]:
    return delivery.address, delivery.decision


@settings(max_examples=examples(60))
@given(BEGUN, st.integers(0, 12))
def test_a_step_may_have_as_many_deliveries_as_its_limit(begun: Begun, limit: int) -> None:
    system = System({"player": Player}, route, limit)
    expected = Plain(begun, {}).deliveries
    if len(expected) <= limit:
        assert system.step(begun, {}.get) == BAND.step(begun, {}.get)
        return
    with pytest.raises(EndlessSystemError) as caught:
        system.step(begun, {}.get)
    assert caught.value.limit == limit
    key, part = expected[limit]
    assert caught.value.trail[-1] == f"player:{key} ← {part.name}"


@settings(max_examples=examples(60))
@given(BEGUN)
def test_a_machine_is_rebuilt_from_the_events_of_its_journal(begun: Begun) -> None:
    step = BAND.step(begun, {}.get)
    for address, snapshot in step.snapshots.items():
        events = [each.decision.trigger for each in step.deliveries if each.address == address]
        assert BAND.replay(address, events) == snapshot
        for count in range(len(events)):
            between = BAND.replay(address, events[:count])
            assert BAND.replay(address, events[count:], between) == snapshot


def test_the_same_step_is_taken_in_debug_mode() -> None:
    part = Part(notes=(1,), sends=(("b", 1, Part()), ("c", 0, Part(notes=(1, 2)))))
    begun = Begun(sends=(("a", 0, part),))
    checked = BAND.checked
    assert checked is not BAND
    assert checked is BAND.checked
    assert checked.step(begun, {}.get) == BAND.step(begun, {}.get)
    with pytest.raises(EndlessSystemError, match="more than 2 deliveries"):
        System({"player": Player}, route, 2).checked.step(begun, {}.get)
