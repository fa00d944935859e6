"""Debug mode, fuzz tests and live machines blame the guard or effect that breaks a rule."""

import gc
import os
import pathlib
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError
from statemachine import State

from relink.engine import Assign, Chart, Event, Facts, Snapshot, errors, ignored, stays
from relink.engine.fuzz import find_counterexample, machine_test, replay
from relink.engine.image import difference, image_of

from .door import DoorChart, DoorFacts, Pushed


class Poked(Event):
    items: list[int] = [1]


class Named(BaseModel, frozen=True):
    text: str = "a"


@dataclass(frozen=True)
class Place:
    x: int = 0


@dataclass(frozen=True)
class Crate:
    """Frozen, and the list in it is not."""

    held: list[int] = field(default_factory=lambda: [1])


class PokedFacts(Facts):
    count: int = Field(default=0, ge=0)
    label: str = ""
    items: list[int] = [1]
    by: dict[str, int] = {}
    named: Named = Named()
    place: Place = Place()
    crate: Crate = Crate()


NOTES: list[int] = []


def poked(guard: Callable[..., Any], effect: Callable[..., Any]) -> type[Chart]:
    """A chart that asks this guard, and runs this effect, on every event."""
    at, gone = State(initial=True), State(final=True)
    stays(at, event="poked", cond="guard", on="effect")
    at.to(gone, event="poked", unless="guard", on="effect")
    body = {
        "at": at,
        "gone": gone,
        "facts_type": PokedFacts,
        "alphabet": (Poked,),
        "decided": (ignored(gone, Poked, because="gone"),),
        "guard": guard,
        "effect": effect,
        "notes": NOTES,
    }
    return type(Chart)("Poke", (Chart,), body)


def yes(self, facts, trigger):
    return True


def nothing(self, facts, trigger):
    return None


def refused_everywhere(chart: type[Chart], error: type[Exception], *words: str) -> None:
    """Debug mode, the live machine and the fuzz test all raise it; the plain table does not."""
    for decide in (chart.table().checked.decide, lambda s, e: chart.live(s).send(e)):
        with pytest.raises(error) as caught:
            decide(Snapshot("at", PokedFacts()), Poked())
        for word in words:
            assert word in str(caught.value)
    found = find_counterexample(machine_test(chart), max_examples=20, max_events=3)
    assert found is not None
    assert error.__name__ in found.violated
    assert words[0] in found.violated


def by_list(self, facts, trigger):
    facts.items.append(2)


def by_dict(self, facts, trigger):
    facts.by["a"] = 1


def by_trigger(self, facts, trigger):
    trigger.items.clear()


def past_the_lock(self, facts, trigger):
    facts.__dict__["count"] = facts.count + 1


def past_the_list(self, facts, trigger):
    list.append(facts.items, 2)


def in_a_dataclass(self, facts, trigger):
    facts.crate.held.append(2)


def to_one_value(self, facts, trigger):
    facts.__dict__["count"] = 7


def by_field(self, facts, trigger):
    facts.count = 1


def by_model(self, facts, trigger):
    facts.named.text = "b"


def by_dataclass(self, facts, trigger):
    facts.place.x = 1


def by_fields_set(self, facts, trigger):
    trigger.model_fields_set.add(f"x{len(trigger.model_fields_set)}")


def by_constant(self, facts, trigger):
    self.notes.append(1)


@pytest.mark.parametrize(
    ("method", "place"),
    [
        (by_list, "changes what it gets"),
        (by_dict, "changes what it gets"),
        (by_trigger, "changes what it gets"),
        (past_the_lock, "changes facts.count"),
        (past_the_list, "changes facts.items"),
        (in_a_dataclass, "changes facts.crate.held"),
        (to_one_value, "changes facts.count"),
        (by_field, "changes what it gets: PokedFacts.count cannot be set"),
        (by_model, "changes what it gets: Named.text cannot be set, since the model is frozen"),
        (by_dataclass, "changes what it gets: cannot assign to field 'x'"),
        (by_fields_set, "changes trigger.model_fields_set"),
        (by_constant, "changes self['notes']"),
    ],
)
@pytest.mark.parametrize("role", ["guard", "effect"])
def test_a_change_in_place_is_blamed(method: Any, place: str, role: str):
    def guard(self, facts, trigger):
        return method(self, facts, trigger) is None

    chart = poked(guard, nothing) if role == "guard" else poked(yes, method)
    refused_everywhere(chart, errors.ImpureCallbackError, f"the {role} {role!r} {place}")


@pytest.mark.parametrize("role", ["guard", "effect"])
def test_a_model_that_a_callback_cannot_make_is_its_own_error(role: str):
    def makes(self, facts, trigger):
        return Named(text=[])

    chart = poked(makes, nothing) if role == "guard" else poked(yes, makes)
    with pytest.raises(ValidationError, match="1 validation error for Named\ntext"):
        chart.table().checked.decide(Snapshot("at", PokedFacts()), Poked())


def test_one_event_may_reach_machines_that_remember_different_things():
    table, event = poked(yes, nothing).table().checked, Poked()
    for count in (0, 1, 1, 0):
        before = Snapshot("at", PokedFacts(count=count, items=[count]))
        assert table.decide(before, event).facts == before.facts
    other = Poked(items=[2])
    assert table.decide(before, other).trigger is other


def test_a_recording_has_the_facts_as_they_were_before_a_callback_changed_them():
    test = machine_test(poked(yes, past_the_lock), facts=PokedFacts(count=3))
    found = find_counterexample(test, max_examples=20, max_events=3)
    assert found is not None
    assert found.recording is not None
    assert found.recording["start"]["facts"] == {"count": 3}
    assert replay(test, found.recording) == found


def test_a_counterexample_is_found_without_a_recording_if_its_facts_cannot_be_written():
    unwritable = PokedFacts.model_construct(count="three")
    test = machine_test(poked(yes, past_the_list), facts=unwritable)
    found = find_counterexample(test, max_examples=20, max_events=3)
    assert found is not None
    assert found.recording is None
    with pytest.raises(errors.ArgumentError, match=r"it takes a recording, and got None; .* JSON"):
        replay(test, found.recording)  # type: ignore[arg-type]


def test_changes_cannot_be_fooled():
    def effect(self, facts, trigger):
        facts.items.append(2)
        return Assign(items=facts.items)

    facts = PokedFacts()
    with pytest.raises(errors.MutationError, match="a list in facts"):
        poked(yes, effect).table().decide(Snapshot("at", facts), Poked())
    assert facts.items == [1]


OUTSIDE: list[tuple[Callable[[], object], str]] = [
    (time.time, "reads the clock (time.time)"),
    (time.monotonic_ns, "reads the clock (time.monotonic_ns)"),
    (datetime.now, "reads the clock (datetime.now)"),
    (lambda: os.environ.get("HOME"), "reads the environment (os.environ)"),
    (lambda: os.getenv("HOME"), "reads the environment (os.environ)"),
    (random.random, "draws random numbers (random.random)"),
    (lambda: random.choice([1, 2]), "draws random numbers (random."),
    (uuid.uuid4, "draws random numbers (posix.urandom)"),
    (lambda: open(os.devnull).close(), "uses files"),
    (lambda: pathlib.Path("/").exists(), "uses files"),
    (os.getpid, "uses files or the operating system"),
    (lambda: socket.socket().close(), "uses the network"),
    (lambda: subprocess.run([sys.executable, "-c", ""], check=True), "starts processes"),
]


@pytest.mark.parametrize(("reach", "does"), OUTSIDE, ids=[does for _, does in OUTSIDE])
@pytest.mark.parametrize("role", ["guard", "effect"])
def test_reaching_outside_is_blamed(reach: Callable[[], object], does: str, role: str):
    def guard(self, facts, trigger):
        reach()
        return True

    def effect(self, facts, trigger):
        reach()

    chart = poked(guard, nothing) if role == "guard" else poked(yes, effect)
    with pytest.raises(errors.ImpureCallbackError) as caught:
        chart.table().checked.decide(Snapshot("at", PokedFacts()), Poked())
    assert f"poke: the {role} {role!r} {does}" in str(caught.value)
    assert sys.getprofile() is None


@pytest.mark.parametrize("collects", [True, False])
def test_a_profiler_and_the_collector_are_afterwards_as_they_were(collects: bool):
    def profiler(*_: object) -> None:
        pass

    checked = poked(yes, nothing).table().checked
    (gc.enable if collects else gc.disable)()
    sys.setprofile(profiler)
    try:
        checked.decide(Snapshot("at", PokedFacts()), Poked())
        after = sys.getprofile(), gc.isenabled()
    finally:
        sys.setprofile(None)
        gc.enable()
    assert after == (profiler, collects)


def test_reaching_outside_is_found_by_fuzz_and_live():
    def effect(self, facts, trigger):
        return Assign(label=str(time.time() < 0))

    refused_everywhere(poked(yes, effect), errors.ImpureCallbackError, "reads the clock")


def test_what_computes_is_not_blamed():
    def effect(self, facts, trigger):
        from decimal import Decimal

        at = datetime.fromtimestamp(0)
        dice = random.Random(3)
        return Assign(label=f"{os.path.join('a', 'b')} {Decimal(1)} {at.year} {dice.random()}")

    chart = poked(yes, effect)
    assert chart.table().checked.decide(Snapshot("at", PokedFacts()), Poked()).facts.label
    assert find_counterexample(machine_test(chart), max_examples=20) is None


@pytest.mark.parametrize("answer", [1, 0, None, "yes", [], Assign()])
def test_a_guard_that_answers_with_no_bool_is_blamed(answer: Any):
    def guard(self, facts, trigger):
        return answer

    refused_everywhere(
        poked(guard, nothing), errors.GuardAnswerError, "the guard 'guard' answers", "no bool"
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"count": "3"}, "count a value that PokedFacts.count does not allow: Input should be a"),
        ({"count": -1}, "count a value that PokedFacts.count does not allow: Input should be gr"),
        ({"label": None}, "label a value"),
        ({"items": (1,)}, "items a value"),
        ({"items": ["a"]}, "items a value"),
        ({"by": {1: 1}}, "by a value"),
    ],
)
def test_a_value_that_the_type_forbids_is_blamed(changes: dict[str, Any], fault: str):
    def effect(self, facts, trigger):
        return Assign(**changes)

    refused_everywhere(
        poked(yes, effect), errors.AssignedValueError, f"the effect 'effect' assigns {fault}"
    )


def test_debug_mode_decides_the_same():
    table = DoorChart.table()
    assert table.checked.checked is table.checked
    assert table.checked.digest == table.digest
    before = Snapshot("opened", DoorFacts())
    assert table.checked.decide(before, Pushed()) == table.decide(before, Pushed())


# -- Images ---------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.floats() | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text("ab", max_size=1), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(values, values)
def test_images_differ_exactly_where_values_do(one: Any, other: Any):
    assert difference(image_of(one), image_of(one), "x") is None
    found = difference(image_of(one), image_of(other), "x")
    # Their text also tells 1 from True and -0.0 from 0.0, which compare equal.
    if repr(one) == repr(other):
        assert found is None or "nan" in repr(one)
    elif one != other:
        assert found is not None
        assert found.startswith("x")


def test_the_image_of_what_contains_itself_ends():
    loop: list[Any] = []
    loop.append(loop)
    assert difference(image_of(loop), image_of(loop), "x") is None
