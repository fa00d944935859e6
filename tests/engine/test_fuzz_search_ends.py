"""Fuzzing, searches: how a search ends, whatever the test does and whatever the profile says.

Each test has one fault that a few short histories meet.
"""

import time
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.errors import Flaky
from hypothesis.reporting import with_reporter
from hypothesis.stateful import invariant

from relink.engine import Decision, Event
from relink.engine.errors import ArgumentError
from relink.engine.fuzz import (
    Counterexample,
    Delivery,
    NoPayloadError,
    Progress,
    find_counterexample,
    machine_test,
    replay,
)

from .lock import Dialed, Lock, LockFacts, Released
from .test_fuzz_delivered import ListeningShop
from .test_fuzz_service import LockTest
from .test_fuzz_system import Ordered


def searched(test: Any, seed: int = 0) -> tuple[Counterexample | None, list[Progress]]:
    told: list[Progress] = []
    found = find_counterexample(
        test, max_examples=21, max_events=3, seed=seed, on_progress=told.append
    )
    return found, told


class Slow(LockTest):
    def deliver(self, delivery: Delivery[Event]) -> None:
        time.sleep(0.002)  # longer than the deadline below
        super().deliver(delivery)


class Jammed(LockTest):
    """A service that fails when it is released."""

    def deliver(self, delivery: Delivery[Event]) -> None:
        if isinstance(delivery.event, Released):
            raise RuntimeError("500")
        super().deliver(delivery)


FOUND = Counterexample(
    violated="the service takes every event: RuntimeError: 500",
    history=(
        "start with LockFacts()",
        "   (start) --started--> none: no commands",
        "1. evt_1: Released()",
        "   none --released--> ignored: it is not open",
    ),
    events=(Released(),),
    repeatable=True,
)


# ── the profile of whoever calls ─────────────────────────────────────────────

KEPT = InMemoryExampleDatabase()
PROFILES: dict[str, dict[str, Any]] = {
    "tells and keeps everything": {"verbosity": Verbosity.debug, "database": KEPT},
    "shrinks nothing": {"phases": [Phase.generate], "derandomize": True, "database": None},
    "is in a hurry": {"deadline": 1, "suppress_health_check": (), "max_examples": 1},
}


@pytest.fixture
def profile(request: pytest.FixtureRequest) -> Iterator[None]:
    """Makes Hypothesis use a profile for the time of a test."""
    before = settings.get_current_profile_name()
    settings.register_profile("of a test", **{"deadline": None, **PROFILES[request.param]})
    settings.load_profile("of a test")
    yield
    settings.load_profile(before)


@pytest.mark.parametrize("profile", PROFILES, indirect=True)
def test_the_profile_changes_nothing_of_a_search(profile: None) -> None:
    reported: list[object] = []
    with with_reporter(reported.append):
        found, told = searched(Jammed)
    assert found == FOUND
    assert told[-1].found
    assert len(told) > 5
    assert not reported
    assert not KEPT.data


@pytest.mark.parametrize("profile", ["is in a hurry"], indirect=True)
def test_a_search_goes_on_where_a_service_is_slow(profile: None) -> None:
    assert searched(Slow)[0] is None


@pytest.mark.parametrize("profile", ["is in a hurry"], indirect=True)
def test_a_search_goes_on_where_most_of_what_is_drawn_is_no_use(profile: None) -> None:
    rare = st.integers(0, 10**9).filter(lambda number: number % 997 == 0)
    facts = st.builds(LockFacts, wrong=rare)
    test = machine_test(Lock, facts=facts, against_live=False)
    assert find_counterexample(test, max_examples=6, max_events=1) is None


def test_a_finding_about_a_system_is_shrunk() -> None:
    class Lying(ListeningShop):
        is_lying = True

    found, _ = searched(Lying)
    assert found is not None
    assert found.violated.startswith("shelf b: left is 1 instead of 0: evt_1 is decided as ")
    assert found.events == (Ordered(shelf="b", item=0),)


# ── how often, and in which order ────────────────────────────────────────────


@pytest.mark.parametrize("count", [1, 2])
def test_a_search_tries_no_more_histories_than_it_is_to(count: int) -> None:
    told: list[Progress] = []
    find_counterexample(LockTest, max_examples=count, on_progress=told.append)
    assert [each.runs for each in told] == list(range(1, count + 1))


def test_the_same_seed_tries_the_same_histories_in_the_same_order() -> None:
    tried: list[list[Event]] = []

    class Watched(LockTest):
        def teardown(self) -> None:
            super().teardown()
            tried.append(self.events)

    def histories(seed: int) -> list[list[Event]]:
        tried.clear()
        assert searched(Watched, seed)[0] is None
        return list(tried)

    first = histories(3)
    assert first == histories(3)
    assert first != histories(4)
    half = len(first) // 2
    assert first[:half] != first[half:]


def test_each_history_has_a_service_of_its_own() -> None:
    calls: list[str] = []

    class Kept(LockTest):
        def start_service(self) -> None:
            super().start_service()
            calls.append("start")

        def stop_service(self) -> None:
            calls.append("stop")

    _, told = searched(Kept)
    assert calls == ["start", "stop"] * len(told)
    recording = {"notes": [{"event": {"name": "released", "fields": {}}, "plan": [0]}]}
    assert replay(Kept, recording) is None
    assert calls[2 * len(told) :] == ["start", "stop"]


# ── what fails is not a property ─────────────────────────────────────────────


def test_an_error_of_the_tests_own_is_found_as_it_is_and_repeats() -> None:
    class Opened(machine_test(Lock, values={"digit": st.just(7)}, against_live=False)):  # type: ignore[misc]
        @invariant()
        def stays_shut(self) -> None:
            assert len(self.events) < 2, "twice"

    found, _ = searched(Opened)
    assert found is not None
    assert (found.repeatable, len(found.events)) == (True, 2)
    assert found.violated.startswith("AssertionError: twice")
    assert found.history[2].startswith("1. ")


def truth(decision: Decision) -> Any:
    return "wrong" if decision.state == "none" else True


def test_an_error_of_the_tests_own_is_played_again() -> None:
    test = machine_test(Lock, invariants=[truth])
    played = test()
    played.start(LockFacts())
    with pytest.raises(TypeError):
        played.send(Dialed(digit=7))
    assert replay(test, played.recording()) == Counterexample(
        violated="TypeError: the invariant truth returned True; "
        "return None, or a string that says what is wrong",
        history=tuple(played.history),
        events=(Dialed(digit=7),),
        repeatable=True,
    )


def test_a_finding_that_does_not_repeat_is_told_as_it_was() -> None:
    class Once(LockTest):
        failed: ClassVar[bool] = False

        def deliver(self, delivery: Delivery[Event]) -> None:
            if isinstance(delivery.event, Released) and not Once.failed:
                Once.failed = True
                raise RuntimeError("a moment")
            super().deliver(delivery)

    found, _ = searched(Once)
    assert found is not None
    assert found.violated == "the service takes every event: RuntimeError: a moment"
    assert not found.repeatable
    assert found.events[-1] == Released()
    assert found.recording is not None
    assert replay(Once, found.recording) is None


def test_an_error_that_does_not_repeat_and_is_no_finding_is_that_of_hypothesis() -> None:
    class Once(LockTest):
        failed: ClassVar[bool] = False

        @invariant()
        def holds(self) -> None:
            before, Once.failed = Once.failed, True
            assert before, "a moment"

    with pytest.raises(Flaky):
        searched(Once)


def test_an_error_before_any_history_is_that_of_the_test() -> None:
    class Broken(LockTest):
        def __init__(self) -> None:
            raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        searched(Broken)


@pytest.mark.parametrize("error", [ArgumentError("no"), NoPayloadError("no")])
def test_a_mistake_in_the_test_is_no_finding(error: Exception) -> None:
    class Mistaken(LockTest):
        def observe(self) -> dict[str, object]:
            raise error

    with pytest.raises(type(error), match="no"):
        find_counterexample(Mistaken, max_examples=20, max_events=2)
    recording = {"notes": [{"event": {"name": "released", "fields": {}}, "plan": [0]}]}
    with pytest.raises(type(error), match="no"):
        replay(Mistaken, recording)
