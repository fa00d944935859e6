"""Fuzzing a service: what is delivered, compared and told, of a stream that is known.

A stream is a list of notes: an event with its plan, or None for all that is on the way. What
arrives, and what a test tells of it, is worked out here once more, from the documentation alone.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine import Address, Decision, Event, Snapshot
from relink.engine.fuzz import (
    STALE,
    Counterexample,
    Delivery,
    DeliveryFaults,
    MachineServiceTest,
    Plan,
    Said,
    SystemServiceTest,
    replay,
)

from ..profile import examples
from .lock import Dialed, Lock, LockFacts, Released
from .test_fuzz_service import LockService
from .test_fuzz_system import SHOP, Filled, Ordered, Shelf, ShelfFacts, Stocked, Taken

MANY = DeliveryFaults(duplicates=3, overtaken=5, stale=9, lost=9)
"""More than any stream has, so that each plan is kept."""

Note = tuple[Event, Plan] | None
PLANS = st.lists(st.integers(STALE, 3), max_size=3).map(tuple)
DIALED = st.sampled_from([7, 2, 9, 1]).map(lambda digit: Dialed(digit=digit))


def notes(sent: st.SearchStrategy[Event]) -> st.SearchStrategy[list[Note]]:
    return st.lists(st.tuples(sent, PLANS) | st.none(), max_size=8)


# ── what arrives, worked out ─────────────────────────────────────────────────


class Delivered(NamedTuple):
    """One copy that arrives, and how it is told."""

    number: int
    event: Event
    is_first: bool
    title: str
    left: int
    """How many others arrive with it, and after it."""


class Sent(NamedTuple):
    """What one note leads to."""

    waits: str | None
    """What is said of an event that does not arrive now."""
    arrivals: list[Delivered]


def worked_out(stream: list[Note]) -> Iterator[Sent]:
    sent: list[Event] = []
    on_the_way: list[tuple[float, int]] = []
    order: list[int] = []
    for note in stream:
        waits = None
        if note is None:
            due, on_the_way = sorted(on_the_way), []
        else:
            event, plan = note
            sent.append(event)
            now = len(sent)
            copies = [(now + delay if delay != STALE else math.inf, now) for delay in plan]
            every = [each for each in copies if each[0] == now] + on_the_way
            due = [each for each in every if each[0] == now]
            on_the_way = [each for each in on_the_way + copies if each[0] > now]
            if not plan:
                waits = f"evt_{now} is lost: {event!r}"
            elif 0 not in plan:
                waits = f"evt_{now} is on its way: {event!r}"
        arrivals = []
        for left, (_, number) in zip(reversed(range(len(due))), due, strict=True):
            is_first = number not in order
            newer = sorted({each for each in order if each > number})
            late = f" after {', '.join(f'evt_{each}' for each in newer)}" if newer else ""
            order.append(number)
            event = sent[number - 1]
            title = f"evt_{number}{'' if is_first else ' again'}{late}: {event!r}"
            arrivals.append(Delivered(number, event, is_first, title, left))
        yield Sent(waits, arrivals)


def written(stream: list[Note]) -> dict[str, Any]:
    """The recording: what was sent, and when something arrived because all of it did."""
    found: list[dict[str, Any]] = []
    for note, sent in zip(stream, worked_out(stream), strict=True):
        if note is not None:
            event, plan = note
            fields = event.model_dump(mode="json")
            found.append({"event": {"name": event.name, "fields": fields}, "plan": list(plan)})
        elif sent.arrivals:
            found.append({"everything_arrives": True})
    return {"notes": found}


class Chapter(NamedTuple):
    """What is said of one delivery; the first chapter is that before all of them."""

    title: str
    lines: list[str]


def told(chapters: list[Chapter]) -> list[str]:
    first, *others = chapters
    lines = [first.title, *first.lines] if first.title else first.lines
    for number, chapter in enumerate(others, start=1):
        lines += [f"{number}. {chapter.title}", *(f"   {line}" for line in chapter.lines)]
    return lines


# ── a service that listens, and may lie once ─────────────────────────────────


class Listening(MachineServiceTest):
    """Does what the chart says, and lies after one delivery if it is told to."""

    chart = Lock
    faults = MANY
    lie_after: ClassVar[int] = 0
    lies: ClassVar[Mapping[str, object]] = {}

    def start_service(self) -> None:
        self.service = LockService()
        self.heard: list[Delivery[Event]] = []
        self.left: list[int] = []

    def deliver(self, delivery: Delivery[Event]) -> None:
        self.heard.append(delivery)
        self.left.append(self.to_arrive)
        self.service.take(delivery.id, delivery.event)

    def observe(self) -> Said:
        said = {"state": self.service.state, "wrong": self.service.wrong}
        return {**said, **self.lies} if len(self.heard) == self.lie_after else said


def sent_to(test: Any, stream: list[Note]) -> None:
    test.start_service()
    for note in stream:
        if note is None:
            test.everything_arrives()
        else:
            test.send(*note)


def chapters_of_the_lock(
    stream: list[Note], until: float = math.inf
) -> tuple[list[Chapter], Decision]:
    """What is told until so many deliveries were made, and the last decision."""
    table = Lock.table()
    decision = table.start(LockFacts())
    chapters = [Chapter("start with LockFacts()", [f"   {decision}"])]
    for sent in worked_out(stream):
        if sent.waits:
            chapters[-1].lines.append(sent.waits)
        for arrival in sent.arrivals:
            if arrival.is_first:
                decision = table.decide(decision.snapshot, arrival.event)
            line = str(decision) if arrival.is_first else "it came before"
            chapters.append(Chapter(arrival.title, [line]))
            if len(chapters) > until:
                return chapters, decision
    return chapters, decision


def arrivals_of(stream: list[Note]) -> list[Delivered]:
    return [each for sent in worked_out(stream) for each in sent.arrivals]


LOCK_NOTES = notes(DIALED | st.just(Released()))


@settings(max_examples=examples(300))
@given(LOCK_NOTES)
def test_a_service_gets_what_arrives_and_the_history_tells_all_of_it(stream: list[Note]) -> None:
    test = Listening()
    assert (test.events, test.to_arrive) == ([], 0)
    sent_to(test, stream)
    assert test.to_arrive == 0
    arrivals = arrivals_of(stream)
    assert [f"{each}: {each.event!r}" for each in test.heard] == [each.title for each in arrivals]
    assert test.left == [each.left for each in arrivals]
    assert test.events == [each.event for each in arrivals]
    chapters, decision = chapters_of_the_lock(stream)
    assert test.history == told(chapters)
    assert test.snapshot == decision.snapshot
    assert test.violated is None


@settings(max_examples=examples(200))
@given(LOCK_NOTES)
def test_a_recording_says_what_was_sent_and_is_played_as_it_was(stream: list[Note]) -> None:
    test, again = Listening(), Listening()
    sent_to(test, stream)
    recording = json.loads(json.dumps(test.recording()))
    assert recording == written(stream)
    assert replay(Listening, recording) is None
    again.play(recording)
    assert (again.heard, again.left, again.history) == (test.heard, test.left, test.history)
    assert again.recording() == recording


LIES: list[dict[str, object]] = [
    {"state": "jammed"},
    {"wrong": -1},
    {"state": "jammed", "wrong": -1},
    {"wrong": -1, "opened": -1},
]


@settings(max_examples=examples(300))
@given(LOCK_NOTES.filter(arrivals_of), st.sampled_from(LIES), st.data())
def test_a_service_that_says_something_else_is_told_what_it_should_have_said(
    stream: list[Note], lie: dict[str, object], data: st.DataObject
) -> None:
    arrivals = arrivals_of(stream)
    at = data.draw(st.integers(1, len(arrivals)))
    chapters, decision = chapters_of_the_lock(stream, at)
    right = {"state": decision.state, **decision.facts.model_dump()}
    said = {"state": right["state"], "wrong": right["wrong"], **lie}
    chapters[-1].lines.extend(
        [
            f"expected: {', '.join(f'{name}={right[name]!r}' for name in said)}",
            f"observed: {', '.join(f'{name}={value!r}' for name, value in said.items())}",
        ]
    )
    wrong = "; ".join(f"{x} is {said[x]!r} instead of {right[x]!r}" for x in said if x in lie)
    rule = "an event that comes again changes nothing"
    if arrivals[at - 1].is_first:
        rule = f"{arrivals[at - 1].title.partition(':')[0]} is decided as {decision}"

    test = type("Lying", (Listening,), {"lie_after": at, "lies": lie})
    assert replay(test, written(stream)) == Counterexample(
        violated=f"{wrong}: {rule}",
        history=tuple(told(chapters)),
        events=tuple(each.event for each in arrivals[:at]),
        repeatable=True,
    )


# ── a system ─────────────────────────────────────────────────────────────────


class Swept(Event):
    """Concerns no machine."""


class ListeningShop(SystemServiceTest):
    """Does what the charts of the shelves say, and speaks of shelf ``b`` alone."""

    system = SHOP
    outside_events = (Ordered, Stocked, Swept)
    faults = MANY
    is_lying: ClassVar[bool] = False

    def start_service(self) -> None:
        self.state, self.left = "empty", 0

    def deliver(self, delivery: Delivery[Event]) -> None:
        if delivery.copy > 1:
            return
        match delivery.event:
            case Stocked(shelf="b", count=count):
                self.state, self.left = "full", self.left + count
            case Ordered(shelf="b", item=item) if self.state == "full":
                self.state = "empty" if self.left <= item else "full"
                self.left -= item

    def observe(self, address: Address) -> Said | None:
        if address.key != "b":
            return None
        return {"left": self.left + self.is_lying, "state": self.state}


SHELVES = st.sampled_from("ab")
SHOP_EVENT = (
    st.builds(Ordered, shelf=SHELVES, item=st.integers(0, 3))
    | st.builds(Stocked, shelf=SHELVES, count=st.integers(1, 3))
    | st.just(Swept())
)
SHOP_NOTES = notes(SHOP_EVENT)


def for_a_shelf(event: Event) -> tuple[str, Event] | None:
    """The key of the shelf that an event concerns, and what that is told."""
    match event:
        case Ordered(shelf=key, item=item):
            return key, Taken(item=item)
        case Stocked(shelf=key, count=count):
            return key, Filled(count=count)
    return None


def chapters_of_the_shop(
    stream: list[Note], until: str = ""
) -> tuple[list[Chapter], Snapshot[ShelfFacts] | None]:
    """What is told until the first delivery after which a shelf is known, and that shelf then."""
    shelves: dict[str, Snapshot[ShelfFacts]] = {}
    chapters = [Chapter("", [])]
    for sent in worked_out(stream):
        if sent.waits:
            chapters[-1].lines.append(sent.waits)
        for title, event, is_first in ((x.title, x.event, x.is_first) for x in sent.arrivals):
            line = "it changes nothing" if is_first else "it came before"
            if is_first and (told_to := for_a_shelf(event)):
                key, inner = told_to
                table = Shelf.table()
                before = shelves.get(key) or table.start(ShelfFacts(id=key)).snapshot
                decision = table.decide(before, inner)
                shelves[key] = decision.snapshot
                line = f"shelf {key}: {decision}"
            chapters.append(Chapter(title, [line]))
            if until in shelves:
                return chapters, shelves[until]
    return chapters, None


@settings(max_examples=examples(200))
@given(SHOP_NOTES)
def test_a_history_of_a_system_tells_what_each_machine_decides(stream: list[Note]) -> None:
    test = ListeningShop()
    sent_to(test, stream)
    assert test.history == told(chapters_of_the_shop(stream)[0])
    assert test.recording() == written(stream)
    assert replay(ListeningShop, json.loads(json.dumps(test.recording()))) is None


@settings(max_examples=examples(200))
@given(SHOP_NOTES)
def test_what_a_service_says_is_compared_for_the_machines_of_which_it_says_something(
    stream: list[Note],
) -> None:
    test = type("Lying", (ListeningShop,), {"is_lying": True})
    found = replay(test, written(stream))
    chapters, shelf = chapters_of_the_shop(stream, "b")
    if shelf is None:
        assert found is None
        return
    assert found is not None
    left, state = shelf.facts.left, shelf.state
    chapters[-1].lines.extend(
        [
            f"expected: left={left}, state={state!r}",
            f"observed: left={left + 1}, state={state!r}",
        ]
    )
    name, decided = chapters[-1].title.partition(":")[0], chapters[-1].lines[0]
    assert found.violated == (
        f"shelf b: left is {left + 1} instead of {left}: {name} is decided as {decided}"
    )
    assert found.history == tuple(told(chapters))
