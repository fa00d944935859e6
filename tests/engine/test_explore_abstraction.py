"""Abstractions: which states count as one, and whether that is sound."""

import random
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import pytest
from statemachine import State

from relink.engine import Assign, Chart, Event, Facts, Snapshot, ignored, stays
from relink.engine.explore import (
    Abstraction,
    MachineModel,
    Model,
    ModelError,
    Move,
    Unordered,
    all_pairs,
    always,
    explore,
    sometimes,
    stray_move,
)


class Kept(NamedTuple):
    at: float
    until: float | None = None


def same(rules: Abstraction, one: object, other: object) -> bool:
    return rules.key(one) == rules.key(other)


def test_by_default_only_versions_do_not_count() -> None:
    class Some(Facts):
        at: int = 0

    rules = Abstraction()
    assert same(rules, Snapshot("on", Some(at=1), 3), Snapshot("on", Some(at=1), 9))
    assert not same(rules, Snapshot("on", Some(at=1), 3), Snapshot("on", Some(at=2), 3))
    assert not same(rules, Snapshot("on", Some(at=1), 3), Snapshot("off", Some(at=1), 3))


def test_times_count_by_their_order() -> None:
    rules = Abstraction(times={"at", "until"})
    assert same(rules, Kept(100, 200), Kept(7, 8))
    assert not same(rules, Kept(100, 200), Kept(200, 100))
    assert not same(rules, Kept(100, 200), Kept(100, 100))
    assert not same(rules, Kept(100, 200), Kept(100, None))
    assert same(rules, Kept(1), Kept(1.0))
    assert not same(Abstraction(times={"at"}), Kept(100, 200), Kept(7, 8)), "until is no time"


def test_times_keep_their_distances_as_far_as_rules_compare_them() -> None:
    rules = Abstraction(times={"at", "until"}, longest=10)
    assert same(rules, Kept(100, 107), Kept(200, 207))
    assert not same(rules, Kept(100, 107), Kept(200, 208))
    assert not same(rules, Kept(100, 110), Kept(200, 211))
    assert same(rules, Kept(100, 111), Kept(200, 999))


def test_a_time_shows_on_which_side_of_a_fixed_one_it_is() -> None:
    rules = Abstraction(times={"at"})
    assert same(rules, Kept(5), Kept(9))
    assert not same(rules, Kept(-1), Kept(9))
    assert not same(rules, Kept(0), Kept(9))
    monday = Abstraction(times={"at"}, fixed={1000})
    assert same(monday, Kept(-1), Kept(9))
    assert not same(monday, Kept(1001), Kept(9))
    assert not same(monday, Kept(1000), Kept(9))


def test_a_time_shortly_before_a_fixed_one_keeps_its_distance() -> None:
    rules = Abstraction(times={"at"}, longest=10, fixed={1000})
    assert not same(rules, Kept(990), Kept(991))
    assert same(rules, Kept(989), Kept(7))
    assert not same(rules, Kept(990), Kept(989))
    assert not same(rules, Kept(1001), Kept(1002))


def test_fresh_ids_count_by_where_else_they_are() -> None:
    rules = Abstraction(ids=r"evt_\d+")
    assert same(rules, ["evt_1", "evt_2", "evt_1"], ["evt_7", "evt_3", "evt_7"])
    assert not same(rules, ["evt_1", "evt_2", "evt_1"], ["evt_1", "evt_2", "evt_2"])
    assert same(rules, ["about evt_1!", {"evt_1": 1}], ["about evt_2!", {"evt_2": 1}])
    assert not same(rules, ["about evt_1!", {"evt_1": 1}], ["about evt_2!", {"evt_1": 1}])
    assert not same(rules, ["evt_1"], ["evt_"])


def test_interchangeable_parts_may_change_places() -> None:
    rules = Abstraction(interchangeable=("a_1", "a_2"))
    assert same(rules, {"a_1": "on", "a_2": "off"}, {"a_1": "off", "a_2": "on"})
    assert same(rules, [{"a_1": 1, "a_2": 2}, "pm_a_1"], [{"a_1": 2, "a_2": 1}, "pm_a_2"])
    assert not same(rules, [{"a_1": 1, "a_2": 2}, "pm_a_1"], [{"a_1": 1, "a_2": 2}, "pm_a_2"])
    assert not same(rules, "a_1", "a_12")


def test_what_rules_do_not_read_may_be_left_out() -> None:
    assert same(Abstraction(without={"until"}), Kept(1, 2), Kept(1, 3))


def test_values_of_every_kind_are_told_apart() -> None:
    @dataclass(frozen=True)
    class Pair:
        left: object
        right: object

    values: list[object] = [
        *(None, True, 1, 1.5, "1", "", b"1", Decimal(1), (), (1,), ((1,),), {1: 2}, {2: 1}),
        *({1}, {1, 2}, Pair(1, 2), Pair(2, 1), Pair((1,), 2), Kept(1, 2), Pair("1,2", "")),
        *(("a", "b"), ("a,b",), ("a'", "b"), {"a": "b"}, (("a",), "b"), ("a", ("b",))),
    ]
    rules = Abstraction()
    assert len({rules.key(value) for value in values}) == len(values)
    assert same(rules, {"a": 1, "b": 2}, {"b": 2, "a": 1}), "equal dicts"
    assert same(rules, Unordered("ab"), Unordered("ba"))
    assert not same(rules, Unordered("aab"), Unordered("abb"))
    with pytest.raises(TypeError, match="object shows nothing"):
        rules.key(object())


# ── soundness ────────────────────────────────────────────────────────────────


class Ticked(Event):
    at: int


class Begun(Event):
    at: int


class AlarmFacts(Facts):
    begun_at: int = -1


class Alarm(Chart):
    """Rings three seconds after it was begun, and not before."""

    facts_type = AlarmFacts
    alphabet = (Begun, Ticked)

    idle = State(initial=True)
    waiting = State()
    ringing = State()

    idle.to(waiting, event="begun", on="note")
    stays(waiting, event="begun", on="note")
    waiting.to(ringing, event="ticked", cond="is_due")
    ringing.to(idle, event="begun", on="note")
    decided = (
        ignored((idle, ringing), Ticked, because="nothing is to come"),
        ignored(waiting, Ticked, because="it is too early"),
    )

    def is_due(self, facts: AlarmFacts, trigger: Ticked) -> bool:
        return trigger.at - facts.begun_at >= 3

    def note(self, facts: AlarmFacts, trigger: Begun) -> Assign:
        return Assign(begun_at=trigger.at)


class Now(NamedTuple):
    """An alarm, and what time it is: the time is in no fact."""

    alarm: Snapshot[AlarmFacts]
    now: int


def clock(longest: float) -> "AlarmClock":
    return AlarmClock(Abstraction(times={"begun_at", "now"}, longest=longest))


class AlarmClock(Model[Now]):
    """Time passes second by second, and somebody may press the button in each."""

    def __init__(self, abstraction: Abstraction) -> None:
        self.abstraction = abstraction
        self.table = Alarm.table()

    def starts(self) -> Iterable[Now]:
        return (Now(self.table.start().snapshot, 1_000),)

    def moves(self, state: Now) -> Iterator[Move[Now]]:
        for event in (Ticked(at=state.now + 1), Begun(at=state.now)):
            decision = self.table.decide(state.alarm, event)
            now = state.now + 1 if isinstance(event, Ticked) else state.now
            yield Move(event.name, Now(decision.snapshot, now), event, outcome=decision)

    def key(self, state: Now) -> Hashable:
        return self.abstraction.key(state)


RINGS = sometimes(lambda state: state.alarm.state == "ringing", name="rings")


def rings_in_time(state: Now) -> str | None:
    if state.alarm.state == "ringing" and state.now - state.alarm.facts.begun_at < 3:
        return "it rings too early"
    return None


def test_with_the_longest_distance_that_rules_compare_the_graph_has_every_step_of_real_runs() -> (
    None
):
    found = explore(clock(3), [RINGS, always(rings_in_time)])
    assert found.is_complete
    assert not found.violations
    rings = found.verdict("rings").way
    assert rings is not None
    assert [move.label for move in rings.moves] == ["begun", "ticked", "ticked", "ticked"]
    choose = random.Random(0).randrange
    assert stray_move(found, choose, runs=50, length=40) is None


def test_with_a_shorter_one_a_step_is_missing_and_the_test_finds_it() -> None:
    found = explore(clock(0), RINGS)
    assert found.is_complete
    assert found.verdict("rings").outcome == "violated", "the search misses it"
    stray = stray_move(found, random.Random(0).randrange, runs=50, length=40)
    assert stray is not None
    assert stray.end.alarm.state == "ringing"


def test_a_path_over_states_that_are_not_alike_is_refused() -> None:
    def events(snapshot: Snapshot[Facts]) -> list[Event]:
        return [Begun(at=1)] if snapshot.state == "idle" else [Begun(at=9), Ticked(at=4)]

    all_pairs(explore(MachineModel(Alarm, events)))
    careless = Abstraction(without={"begun_at"})
    with pytest.raises(ModelError, match="alarm: ticked is decided in two ways"):
        all_pairs(explore(MachineModel(Alarm, events, abstraction=careless)))
