"""Fuzzing: payloads keep to their fields, and planted faults are found and shrunk."""

import re
import subprocess
import sys
import unittest
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pytest
from hypothesis import Phase, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.stateful import invariant, rule
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator
from statemachine import State
from typing_extensions import TypeAliasType

from relink.engine import (
    Assign,
    Chart,
    Command,
    Decision,
    Event,
    Facts,
    Leaf,
    LiveMachine,
    LiveStep,
    Send,
    Step,
    System,
    Table,
    ignored,
    impossible,
    stays,
)
from relink.engine.fuzz import (
    Counterexample,
    LeafCoverage,
    MachineTest,
    NoPayloadError,
    Progress,
    PropertyViolatedError,
    SystemTest,
    World,
    events,
    find_counterexample,
    histories,
    instances,
    machine_test,
    payloads,
    system_test,
)

PAGE = Path(__file__).parents[2] / "docs" / "fuzzing.md"


# -- payloads -------------------------------------------------------------------------------------


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Window(BaseModel):
    """First and last, in order: a rule of its own, which fields alone don't tell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: int
    last: int

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError("first is after last")
        return self


class Node(BaseModel):
    """Contains itself."""

    value: int = 0
    below: "tuple[Node, ...]" = ()


Mode = Literal["fast", "slow"]
Seconds = TypeAliasType("Seconds", int)  # as the statement ``type Seconds = int`` makes it


class Everything(Event):
    """A field of each kind."""

    plain: int
    after: Seconds
    text: str
    share: float = Field(gt=0, lt=1)
    positive: int = Field(gt=0)
    negative: Annotated[int, Field(lt=-3)]
    within: Annotated[int | None, Field(ge=3, le=9)]
    fives: int = Field(multiple_of=5, ge=1, le=23)
    code: str = Field(pattern=r"^fca_[a-z]{2}$")
    short: tuple[Annotated[str, Field(min_length=2, max_length=3)], ...] = Field(max_length=2)
    pair: tuple[int, str]
    full: str = Field(max_length=0)
    narrow: float = Field(gt=0.2, lt=0.3)
    mode: Mode
    colour: Colour
    tags: frozenset[str]
    days: list[date] = Field(min_length=1)
    marks: set[int]
    notes: Mapping[str, int]
    ready: bool
    window: Window
    child: SerializeAsAny[Window]
    tree: Node
    at: float | None = None
    renamed: int = Field(default=0, alias="wasNamed")


@given(payloads(Everything))
def test_a_payload_keeps_to_its_fields(event: Everything) -> None:
    dumped = event.model_dump(by_alias=True, exclude_unset=True)
    assert Everything.model_validate(dumped) == event


class Report(Event):
    account: str
    second: int
    cause: str | None = None
    window: Window | None = None


@pytest.mark.parametrize(
    "wanted",
    [
        lambda event: "cause" not in event.model_fields_set,
        lambda event: "cause" in event.model_fields_set and event.cause is None,
        lambda event: len(event.account) > 1,
        lambda event: event.second < 0,
        lambda event: event.second > 10_000,
        lambda event: event.window and event.window.first == event.window.last,
    ],
    ids=["absent", "none", "odd", "negative", "large", "nested"],
)
def test_the_odd_payloads_are_among_them(wanted: Callable[[Report], bool]) -> None:
    find(payloads(Report), wanted, settings=settings(max_examples=2_000, database=None))


def test_ids_and_times_meet_often() -> None:
    met = Counter[str]()

    @seed(0)
    @settings(max_examples=300, database=None)
    @given(payloads(Report), payloads(Report))
    def draw(one: Report, other: Report) -> None:
        met["pairs"] += 1
        met["account"] += one.account == other.account
        met["second"] += one.second == other.second
        met["both"] += one.account == other.account and one.second == other.second

    draw()
    assert met["account"] > met["pairs"] / 5
    assert met["second"] > met["pairs"] / 10
    assert met["both"] > met["pairs"] / 50


def drawn(strategy: st.SearchStrategy[Any]) -> list[Any]:
    """Some of its values."""
    seen: list[Any] = []

    @seed(0)
    @settings(max_examples=50, database=None)
    @given(strategy)
    def draw(value: Any) -> None:
        seen.append(value)

    draw()
    return seen


def test_values_are_given_by_field_of_an_event_before_field_before_type() -> None:
    values = {
        int: st.just(7),
        "first": st.just(1),
        "Report.account": st.just("fca_1"),
        "account": st.just("fca_2"),
        "cause": st.nothing(),
    }
    for event in drawn(payloads(Report, values)):
        assert (event.account, event.second) == ("fca_1", 7)
        assert "cause" not in event.model_fields_set
        assert event.window in (None, Window(first=1, last=7))


def test_values_are_given_by_alias_and_by_model() -> None:
    class Ordered(Event):
        mode: Mode
        window: Window | None

    whole = Window(first=0, last=100)
    values = {Mode: st.just("slow"), Window: st.just(whole)}
    seen = drawn(payloads(Ordered, values))
    assert {event.mode for event in seen} == {"slow"}
    assert {event.window for event in seen} == {None, whole}


class Release(Event):
    """It can be called, to no effect."""

    def __call__(self) -> None: ...


RELEASE = Release()


class Wrapped(Event):
    event: SerializeAsAny[Event]


class Vague(Event):
    anything: Any


class Calling(Event):
    back: Callable[[], None]


class Capital(Event):
    letter: str = Field(pattern="^[A-Z]$", max_length=1)


@pytest.mark.parametrize(
    ("event", "named"),
    [
        (Wrapped, "Wrapped.event: any Event would do"),
        (Vague, "Vague.anything: any Any would do"),
        (Calling, "Calling.back: nothing is known of"),
    ],
)
def test_a_field_that_says_too_little_is_named(event: type[Event], named: str) -> None:
    with pytest.raises(NoPayloadError, match=rf"{named}.*values=\{{'{event.__name__}\."):
        payloads(event)
    (field,) = event.model_fields
    assert drawn(payloads(event, {field: st.just(RELEASE)}))


def test_a_value_that_its_field_refuses_is_named() -> None:
    refused = r"Dialed\.digit: 'five' was made up, and refused"
    digits = {"digit": st.just("five")}
    with pytest.raises(NoPayloadError, match=refused):
        drawn(payloads(Dialed, digits))
    with pytest.raises(NoPayloadError, match=refused):
        find_counterexample(machine_test(Lock, values=digits), max_examples=20)


# -- a chart: a lock that opens after the right digits -------------------------------------------


class Dialed(Event):
    digit: int = Field(ge=0, le=9)


class Released(Event):
    pass


class LockFacts(Facts):
    wrong: int = 0
    opened: int = 0


class Click(Command):
    wrong: int


class Lock(Chart):
    """7, 2, 9, and it opens; a wrong digit, and it begins anew."""

    facts_type = LockFacts
    alphabet = (Dialed, Released)

    none = State(initial=True)
    one = State()
    two = State()
    opened = State()

    none.to(one, event="dialed", cond="is_seven")
    one.to(two, event="dialed", cond="is_two")
    two.to(opened, event="dialed", cond="is_nine", on="click")
    stays(none, event="dialed", unless="is_seven", on="count")
    one.to(none, event="dialed", unless="is_two", on="count")
    two.to(none, event="dialed", unless="is_nine", on="count")
    opened.to(none, event="released", on="shut")

    decided = (
        ignored((none, one, two), Released, because="it is not open"),
        ignored(opened, Dialed, because="it is open"),
    )

    def is_seven(self, facts: LockFacts, trigger: Dialed) -> bool:
        return trigger.digit == 7

    def is_two(self, facts: LockFacts, trigger: Dialed) -> bool:
        return trigger.digit == 2

    def is_nine(self, facts: LockFacts, trigger: Dialed) -> bool:
        return trigger.digit == 9

    def count(self, facts: LockFacts, trigger: Dialed) -> Assign:
        return Assign(wrong=facts.wrong + 1)

    def click(self, facts: LockFacts, trigger: Dialed) -> list[Assign | Command]:
        return [Assign(opened=facts.opened + 1), Click(wrong=facts.wrong)]

    def shut(self, facts: LockFacts, trigger: Released) -> Assign:
        return Assign(wrong=0)


def run(test: type[MachineTest] | type[SystemTest], *, examples: int) -> unittest.TestResult:
    """Run it as unittest and pytest do, but for explanations, which take long."""
    phases = [phase for phase in Phase if phase is not Phase.explain]
    test.TestCase.settings = settings(
        max_examples=examples, phases=phases, deadline=None, database=None
    )
    result = unittest.TestResult()
    test.TestCase("runTest").run(result)
    return result


def search(test: type[MachineTest] | type[SystemTest], *, events: int = 12) -> Counterexample:
    """The counterexample that there has to be."""
    found = find_counterexample(test, max_examples=1_000, max_events=events)
    assert found is not None
    return found


def test_events_and_histories_are_of_the_alphabet() -> None:
    assert {type(event) for event in drawn(events(Lock))} == {Dialed, Released}
    assert {type(event) for event in drawn(events([Released]))} == {Released}
    lengths = {len(history) for history in drawn(histories(Lock, min_size=2, max_size=4))}
    assert lengths == {2, 3, 4}


def test_a_sound_chart_passes() -> None:
    result = run(machine_test(Lock), examples=20)
    assert result.testsRun == 1
    assert result.wasSuccessful(), result.failures + result.errors


def test_every_leaf_is_decided_deep_as_it_may_be() -> None:
    coverage = LeafCoverage(Lock.table())
    digits = {"digit": st.sampled_from([2, 7, 9])}
    test = machine_test(Lock, values=digits, against_live=False, coverage=coverage)
    assert find_counterexample(test, max_examples=60, max_events=30) is None
    assert coverage.report().percent == 100, coverage.report()


def test_coverage_names_what_was_missed_and_sets_the_impossible_apart() -> None:
    class Switch(Chart):
        facts_type = LockFacts
        alphabet = (Dialed,)
        off = State(initial=True)
        on = State()
        off.to(on, event="dialed", cond="is_low")
        off.to(on, event="dialed", cond="is_high")
        on.to(off, event="dialed")
        decided = (impossible(off, Dialed, when="not is_low and not is_high", because="sorted"),)

        def is_low(self, facts: LockFacts, trigger: Dialed) -> bool:
            return trigger.digit < 5

        def is_high(self, facts: LockFacts, trigger: Dialed) -> bool:
            return trigger.digit >= 5

    coverage = LeafCoverage(Switch.table())
    test = machine_test(Switch, values={"digit": st.just(0)}, coverage=coverage)
    assert find_counterexample(test, max_examples=20) is None
    (table,) = coverage.report().tables
    assert (table.decided, table.possible, len(table.impossible)) == (2, 3, 1)
    assert str(coverage.report()).splitlines() == [
        "switch: 2 of 3 leaves decided (66 %), 1 impossible",
        "  missed off --dialed[not is_low, is_high]--> on",
    ]
    (missed,) = table.missed
    assert coverage.count(Switch.table(), missed) == 0


def never_opens(decision: Decision) -> str | None:
    return "it opened" if decision.state == "opened" else None


def never_opening() -> type[MachineTest]:
    """Fails, and soon."""
    digits = {"digit": st.sampled_from([2, 7, 9])}
    return machine_test(Lock, invariants=[never_opens], values=digits, against_live=False)


def never_opens_twice(decision: Decision) -> str | None:
    return "it opened again" if decision.facts.opened == 2 else None


def test_what_takes_three_certain_events_is_found_and_is_shrunk_to_them() -> None:
    found = search(machine_test(Lock, invariants=[never_opens], against_live=False))
    assert found == Counterexample(
        violated="never_opens: it opened",
        history=(
            "start with LockFacts()",
            "   (start) --started--> none: no commands",
            "1. Dialed(digit=7)",
            "   none --dialed[is_seven]--> one: no commands",
            "2. Dialed(digit=2)",
            "   one --dialed[is_two]--> two: no commands",
            "3. Dialed(digit=9)",
            "   two --dialed[is_nine]--> opened: 1 command (click); sets opened",
        ),
        events=(Dialed(digit=7), Dialed(digit=2), Dialed(digit=9)),
        repeatable=True,
    )
    assert str(found).splitlines() == [found.violated, *found.history]


def test_what_takes_seven_certain_events_is_found_with_some_help() -> None:
    digits = {"digit": st.sampled_from([2, 7, 9])}
    found = search(
        machine_test(Lock, invariants=[never_opens_twice], values=digits, against_live=False),
        events=30,
    )
    code = (Dialed(digit=7), Dialed(digit=2), Dialed(digit=9))
    assert found.events == (*code, Released(), *code)


def test_the_same_seed_finds_the_same_in_the_same_way() -> None:
    def story(number: int) -> tuple[Counterexample | None, list[Progress]]:
        told: list[Progress] = []
        found = find_counterexample(
            never_opening(), max_examples=300, max_events=5, seed=number, on_progress=told.append
        )
        return found, told

    found, told = story(1)
    assert (found, told) == story(1)
    assert told != story(2)[1]
    assert [progress.runs for progress in told] == list(range(1, len(told) + 1))
    assert [progress.found for progress in told] == sorted(progress.found for progress in told)
    assert told[-1].found
    assert told[-1].events > len(told)


def test_a_search_leaves_the_test_as_it_is() -> None:
    test = never_opening()
    before = {name: id(value) for name, value in vars(test).items()}
    search(test)
    assert {name: id(value) for name, value in vars(test).items()} == before


def test_pytest_is_told_the_property_and_the_shrunk_history() -> None:
    ((_, told),) = run(never_opening(), examples=300).failures
    assert "PropertyViolatedError: never_opens: it opened" in told
    assert re.findall(r"^\d\. .*", told, re.M) == [
        "1. Dialed(digit=7)",
        "2. Dialed(digit=2)",
        "3. Dialed(digit=9)",
    ]


# -- planted faults -------------------------------------------------------------------------------


class WrongGuard(Lock):
    """``is_two`` lets more through than a two."""

    def is_two(self, facts: LockFacts, trigger: Dialed) -> bool:
        return trigger.digit <= 2


def only_the_code_moves_on(decision: Decision) -> str | None:
    trigger = decision.trigger
    moved_on = decision.outcome == "moved" and decision.state != "none"
    if moved_on and isinstance(trigger, Dialed) and trigger.digit not in (7, 2, 9):
        return f"{trigger.digit} moved it on"
    return None


def test_a_wrong_guard_is_found() -> None:
    found = search(
        machine_test(WrongGuard, invariants=[only_the_code_moves_on], against_live=False)
    )
    assert found.violated == "only_the_code_moves_on: 0 moved it on"
    assert found.events == (Dialed(digit=7), Dialed(digit=0))


class Raising(Lock):
    """A guard that fails at one digit."""

    def is_two(self, facts: LockFacts, trigger: Dialed) -> bool:
        return 10 / (trigger.digit - 5) < 0


def test_a_guard_that_raises_is_found_without_any_invariant() -> None:
    found = search(machine_test(Raising))
    assert found.violated == (
        "every event is decided without an error: ZeroDivisionError: division by zero"
    )
    assert found.events == (Dialed(digit=7), Dialed(digit=5))
    assert found.history[-2:] == ("2. Dialed(digit=5)", "   ZeroDivisionError")


class NotSoImpossible(Chart):
    facts_type = LockFacts
    alphabet = (Dialed,)
    low = State(initial=True)
    high = State()
    low.to(high, event="dialed", cond="is_high")
    high.to(low, event="dialed", unless="is_high")
    decided = (
        ignored(low, Dialed, because="it is low"),
        impossible(high, Dialed, when="is_high", because="said to come once"),
    )

    def is_high(self, facts: LockFacts, trigger: Dialed) -> bool:
        return trigger.digit > 6


def test_what_was_declared_impossible_is_reached() -> None:
    found = search(machine_test(NotSoImpossible))
    assert "ImpossibleReachedError" in found.violated
    assert found.events == (Dialed(digit=7), Dialed(digit=7))


CALLS = count()


class Impure(Lock):
    """An effect that never does the same."""

    def count(self, facts: LockFacts, trigger: Dialed) -> Assign:
        return Assign(wrong=next(CALLS))


def test_an_impure_effect_is_found() -> None:
    found = search(machine_test(Impure))
    assert found.violated.startswith("the same question has the same answer")
    assert found.events == (Dialed(digit=0),)


TURNS = count()


class Moody(Lock):
    """A guard that says no now and then, so that a history does not end alike when repeated."""

    def is_seven(self, facts: LockFacts, trigger: Dialed) -> bool:
        return next(TURNS) % 7 != 0


def test_what_does_not_repeat_is_told_as_such() -> None:
    assert not search(machine_test(Moody)).repeatable


class FailingStart(Lock):
    """An entry effect that fails."""

    def on_enter_none(self, facts: LockFacts, trigger: Event) -> Assign:
        raise RuntimeError("jammed")


def test_a_start_that_fails_is_found() -> None:
    found = search(machine_test(FailingStart))
    assert found.violated == "a machine starts without an error: RuntimeError: jammed"
    assert (found.events, found.history) == ((), ("start with LockFacts()",))


def tampered(table: Table) -> Table:
    """The table with one leaf that python-statemachine would not come to."""
    trees: dict[Any, Any] = dict(table.trees)
    leaf = trees["opened", "released"]
    assert isinstance(leaf, Leaf)
    trees["opened", "released"] = Leaf(leaf.index, leaf.source, leaf.event, (), "moved", "one")
    return Table(
        table.chart, states=table.states, final=table.final, entry=table.entry, trees=trees
    )


def test_a_table_that_differs_from_the_library_is_found() -> None:
    sound = machine_test(Lock, values={"digit": st.sampled_from([2, 7, 9])})
    wrong = type(sound)("Wrong", (sound,), {"table": tampered(Lock.table())})
    found = search(wrong)
    assert found.violated.startswith("python-statemachine agrees with the table: it comes to")
    assert found.events[-1] == Released()
    assert len(found.events) == 4
    unwatched = type(sound)("Unwatched", (wrong,), {"against_live": False})
    assert find_counterexample(unwatched, max_examples=10) is None


def test_an_invariant_that_says_neither_is_refused() -> None:
    def holds(decision: Decision) -> Any:
        return True

    found = search(machine_test(Lock, invariants=[holds]))
    assert found.violated == (
        "TypeError: holds returned True; an invariant returns what is wrong, as a string, or None"
    )


# -- users' own classes ---------------------------------------------------------------------------


class Counting(machine_test(Lock, values={"digit": st.just(7)})):  # type: ignore[misc]
    """A rule and an invariant more."""

    @rule()
    def code(self) -> None:
        for digit in (7, 2, 9):
            self.happen(Dialed(digit=digit))

    @invariant()
    def stays_shut(self) -> None:
        if self.decisions:
            assert self.snapshot.state != "opened", "by our own rule"


def test_a_subclass_adds_rules_and_invariants() -> None:
    found = search(Counting)
    assert found.violated.startswith("AssertionError: by our own rule")
    assert found.events[-3:] == (Dialed(digit=7), Dialed(digit=2), Dialed(digit=9))


def test_a_machine_begins_with_the_facts_that_are_given() -> None:
    def was_there(decision: Decision) -> str | None:
        return None if decision.facts.opened else "it never was open"

    begun = machine_test(Lock, invariants=[was_there], facts=LockFacts(opened=3))
    assert find_counterexample(begun, max_examples=20) is None
    either = machine_test(
        Lock, invariants=[was_there], facts=instances(LockFacts, {"opened": st.integers(0, 3)})
    )
    assert len(search(either).events) == 1


class Started(Event):
    pass


class Start(Event):
    pass


class Happen(Event):
    pass


class Begin(Event):
    pass


class Ill(Chart):
    """Its events are named like what the test itself has."""

    facts_type = LockFacts
    alphabet = (Start, Happen, Begin)
    well = State(initial=True)
    ill = State()
    well.to(ill, event="start")
    ill.to(well, event="happen")
    decided = (
        ignored(well, (Happen, Begin), because="it is well"),
        ignored(ill, (Start, Begin), because="it is ill"),
    )


def test_events_may_be_named_like_parts_of_the_test() -> None:
    coverage = LeafCoverage(Ill.table())
    assert find_counterexample(machine_test(Ill, coverage=coverage), max_examples=100) is None
    assert coverage.report().percent == 100


def test_a_rule_that_cannot_run_is_an_error_and_no_counterexample() -> None:
    class Broken(machine_test(Lock)):  # type: ignore[misc]
        @rule(value=st.integers().filter(lambda number: False))
        def never(self, value: int) -> None: ...

        @rule(value=st.sampled_from([]))
        def empty(self, value: int) -> None: ...

    with pytest.raises(HypothesisException):
        find_counterexample(Broken, max_examples=20)


def test_a_live_machine_that_fails_alone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: LiveMachine, trigger: Event) -> LiveStep:
        raise RuntimeError("the library gave up")

    monkeypatch.setattr(LiveMachine, "happen", fail)
    found = search(machine_test(Lock))
    assert found.violated == (
        "python-statemachine agrees with the table: it fails with RuntimeError: the library gave up"
    )


# -- systems --------------------------------------------------------------------------------------


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
    """It counts below zero: a guard is missing."""

    facts_type = ShelfFacts
    alphabet = (Taken, Filled)
    empty = State(initial=True)
    full = State()
    empty.to(full, event="filled", on="fill")
    stays(full, event="filled", on="fill")
    full.to(empty, event="taken", cond="is_last", on="take")
    stays(full, event="taken", unless="is_last", on="take")
    decided = (ignored(empty, Taken, because="it is empty"),)

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


def test_a_sound_system_passes() -> None:
    test = system_test(SHOP, [Ordered, Stocked], values={"item": st.just(0)})
    assert run(test, examples=20).wasSuccessful()


def test_an_event_that_a_system_cannot_route_is_found() -> None:
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


def test_a_user_plays_the_world_around_a_system() -> None:
    class WithSupplier(system_test(SHOP, [Ordered])):  # type: ignore[misc]
        """Stocks what was just asked for in vain."""

        @rule()
        def supply(self) -> None:
            for step in self.steps[-1:]:
                for delivery in step.deliveries:
                    if delivery.decision.reason == "it is empty":
                        self.happen(Stocked(shelf=delivery.address.key, count=3))

        @invariant()
        def nothing_is_sold(self) -> None:
            for snapshot in self.world.values():
                assert not snapshot.facts.sold, f"{snapshot.facts.sold} sold"

    found = search(WithSupplier)
    assert found.violated.startswith("AssertionError: 1 sold")
    assert [event.name for event in found.events] == ["ordered", "stocked", "ordered"]


def test_the_error_tells_the_history_and_is_an_assertion() -> None:
    test = machine_test(Lock, invariants=[never_opens])()
    test.start(LockFacts())
    test.happen(Dialed(digit=7))
    test.happen(Dialed(digit=2))
    with pytest.raises(AssertionError) as raised:
        test.happen(Dialed(digit=9))
    assert isinstance(raised.value, PropertyViolatedError)
    assert raised.value.violated == "never_opens: it opened"
    assert raised.value.history == tuple(test.history)
    assert len(test.history) == 2 + 3 * 2


def test_what_repr_hides_stays_hidden() -> None:
    class Named(Event):
        name_of_customer: str = Field(repr=False)
        account: str
        word: tuple[Window, ...]

    class Desk(Chart):
        facts_type = LockFacts
        alphabet = (Named,)
        calm = State(initial=True)
        busy = State()
        calm.to(busy, event="named")
        busy.to(calm, event="named")

    test = machine_test(Desk)()
    test.start(LockFacts())
    window = Window(first=1, last=2)
    test.happen(Named(name_of_customer="Ada", account="fca_1", word=(window,)))
    assert test.history[2] == "1. Named(account='fca_1', word=(Window(first=1, last=2),))"


# -- the page -------------------------------------------------------------------------------------


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def printed(source: str) -> str:
    command = [sys.executable, "-I", "-W", "error", "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr
    return done.stdout


def test_the_page_prints_what_it_says() -> None:
    assert printed("\n".join(blocks("python"))) == "".join(blocks("text"))


def test_the_page_mends_its_fault() -> None:
    (mended,) = re.findall(r"has to lock the arm: `(.*?)`", PAGE.read_text())
    source = "\n".join(blocks("python")).replace("max_examples=200", "max_examples=20")
    faulty = "stays(locked, unlocked, event="
    assert faulty in source
    source = source.replace(faulty, f"{mended}\n    stays(locked, event=")
    runs = "import sys, unittest; unittest.TextTestRunner(sys.stdout).run(TestTurnstile('runTest'))"
    told = printed(f"{source}\n{runs}")
    assert told.startswith("None\n")
    assert told.rstrip().endswith("OK")
