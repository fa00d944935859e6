"""Recordings: whatever is not in the form that a test writes is refused by its place."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator

from relink.engine.errors import ArgumentError
from relink.engine.fuzz import machine_test, replay, system_test
from relink.engine.fuzz.recording import Recorded, StreamRecording, check_recording

from .lock import Dialed, Lock, LockFacts
from .test_fuzz_delivered import Listening
from .test_fuzz_system import SHOP, Ordered, Stocked


def machine() -> tuple[Any, dict[str, Any]]:
    played = (test := machine_test(Lock))()
    played.start(LockFacts())
    played.send(Dialed(digit=7))
    return test, played.recording()


def system() -> tuple[Any, dict[str, Any]]:
    played = (test := system_test(SHOP, [Ordered, Stocked]))()
    played.send(Stocked(shelf="a", count=1))
    played.send(Ordered(shelf="a", item=1))
    return test, played.recording()


def service() -> tuple[Any, dict[str, Any]]:
    played = Listening()
    played.start_service()
    played.send(Dialed(digit=7), (2, 0, -1))
    played.everything_arrives()
    return Listening, played.recording()


RECORDED: dict[str, Callable[[], tuple[Any, dict[str, Any]]]] = {
    each.__name__: each for each in (machine, system, service)
}
"""A test of each kind, with a recording of it."""

GONE = object()

FAULTS: list[tuple[str, list[str | int], object, str]] = [
    ("machine", ["start"], GONE, "start is missing"),
    ("machine", ["start"], None, "start is not an object"),
    ("machine", ["start", "state"], "one", "start.state is not ''"),
    ("machine", ["start", "version"], 0, "start.version is not -1"),
    ("machine", ["start", "machine"], 5, "start.machine is not a text"),
    ("machine", ["start", "facts"], [], "start.facts is not an object"),
    ("machine", ["events"], GONE, "events is missing"),
    ("machine", ["events"], {}, "events is not a list"),
    ("machine", ["events", 0, "name"], None, "events[0].name is not a text"),
    ("machine", ["events", 0, "fields"], GONE, "events[0].fields is missing"),
    ("machine", ["events", 0, "at"], 1, "events[0].at is unknown"),
    ("machine", ["note"], "by hand", "note is unknown"),
    ("system", ["events"], GONE, "events is missing"),
    ("system", ["events", 1], "ordered", "events[1] is not an object"),
    ("system", ["events", 1, "name"], GONE, "events[1].name is missing"),
    ("system", ["start"], {}, "start is unknown"),
    ("service", ["notes"], GONE, "notes is missing"),
    ("service", ["notes"], "all", "notes is not a list"),
    ("service", ["notes", 0, "event"], GONE, "notes[0].event is missing"),
    ("service", ["notes", 0, "event", "fields"], 7, "notes[0].event.fields is not an object"),
    ("service", ["notes", 0, "plan"], GONE, "notes[0].plan is missing"),
    ("service", ["notes", 0, "plan"], 0, "notes[0].plan is not a list"),
    ("service", ["notes", 0, "plan", 1], "0", "notes[0].plan[1] is not a whole number"),
    ("service", ["notes", 0, "plan", 2], -2, "notes[0].plan[2] is below -1"),
    ("service", ["notes", 0, "lost"], True, "notes[0].lost is unknown"),
    ("service", ["notes", 1], {}, "notes[1].plan is missing"),
    ("service", ["notes", 1], 5, "notes[1] is not an object"),
    (
        "service",
        ["notes", 1, "everything_arrives"],
        False,
        "notes[1].everything_arrives is not true",
    ),
    ("service", ["notes", 1, "plan"], [], "notes[1].plan is unknown"),
]
"""A recording of which kind is changed, in which place, to what, and what is said of it."""


def changed(written: Any, place: list[str | int], value: object) -> Any:
    """A copy with another value at a place."""
    if not place:
        return value
    copy = dict(written) if isinstance(written, Mapping) else list(written)
    at, *inner = place
    if value is GONE and not inner:
        del copy[at]  # type: ignore[arg-type]
    else:
        held = copy[at] if inner else None  # type: ignore[index]
        copy[at] = changed(held, inner, value)  # type: ignore[index]
    return copy


@pytest.mark.parametrize(("kind", "place", "value", "says"), FAULTS)
def test_each_fault_of_a_recording_is_named_with_its_place(
    kind: str, place: list[str | int], value: object, says: str
) -> None:
    test, recording = RECORDED[kind]()
    with pytest.raises(ArgumentError) as refused:
        replay(test, changed(recording, place, value))
    assert str(refused.value) == (
        f"replay(): this is no recording of {test.__name__}: {says}; give the recording of a "
        "counterexample of the same test, as it was written"
    )


@pytest.mark.parametrize("kind", RECORDED)
@pytest.mark.parametrize("other", RECORDED)
def test_a_recording_is_played_by_tests_of_its_kind_alone(kind: str, other: str) -> None:
    (test, _), (_, recording) = RECORDED[kind](), RECORDED[other]()
    if kind == other:
        assert replay(test, recording) is None
    else:
        with pytest.raises(ArgumentError, match=f"no recording of {test.__name__}: "):
            replay(test, recording)


@pytest.mark.parametrize("given", [None, [], "{}", 5])
def test_what_is_no_object_is_no_recording(given: Any) -> None:
    with pytest.raises(ArgumentError, match=r"replay\(\): it takes a recording, and got "):
        replay(Lock, given)


def even(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number


class Pair(Recorded):
    shoes: Annotated[int, AfterValidator(even)]
    price: float = 0.0


@pytest.mark.parametrize(
    ("note", "says"),
    [
        ({"shoes": 3}, "notes[0].shoes: 3 is odd"),
        ({"shoes": 2, "price": "much"}, "notes[0].price is not as it was written"),
        ({"shoes": 2, "price": 1.5}, None),
    ],
)
def test_a_form_of_ones_own_may_say_more_of_what_it_takes(
    note: dict[str, Any], says: str | None
) -> None:
    recording = {"notes": [note]}
    if says is None:
        check_recording("ShoeTest", StreamRecording[Pair], recording)
        return
    with pytest.raises(ArgumentError) as refused:
        check_recording("ShoeTest", StreamRecording[Pair], recording)
    assert str(refused.value).startswith(f"replay(): this is no recording of ShoeTest: {says}; ")
