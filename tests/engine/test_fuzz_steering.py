"""Fuzzing, steering: payloads that reach rare leaves, and how often anything else is sent.

The payloads that are drawn here count on from zero. So each says how many were drawn before it, and
what a gate decides of each number is known.
"""

from collections import Counter
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st
from statemachine import State

from relink.engine import Chart, Event, Facts, ignored, stays
from relink.engine.fuzz.steering import perhaps, steered

from .test_fuzz_usual import draws


class Tried(Event):
    number: int
    was_asked: bool = False


class GateFacts(Facts):
    opens: int = 99
    """The number at which the gate opens."""
    locks: int = 99
    jams: int = 99
    """The number at which its guard raises."""
    was_asked: bool = False


class Gate(Chart):
    """Its guards also change what they get, which they must not."""

    facts_type = GateFacts
    alphabet = (Tried,)
    shut = State(initial=True)
    gone = State(final=True)
    locked = State(final=True)
    shut.to(gone, event="tried", cond="is_right")
    shut.to(locked, event="tried", cond="is_last", unless="is_right")
    stays(shut, event="tried", unless=["is_right", "is_last"])
    decided = (ignored((gone, locked), Tried, because="it was tried"),)

    def is_right(self, facts: GateFacts, trigger: Tried) -> bool:
        vars(facts).update(was_asked=True)
        vars(trigger).update(was_asked=True)
        if trigger.number == facts.jams:
            raise RuntimeError("it jams")
        return trigger.number == facts.opens

    def is_last(self, facts: GateFacts, trigger: Tried) -> bool:
        return trigger.number == facts.locks


Outcome = tuple[int | None, int]
"""The number that is sent, None for nothing; and how many were drawn."""


def outcomes(number: int, **facts: int) -> dict[Outcome, float]:
    """What is sent to a gate with these facts, and which part of so many draws each is."""
    table = Gate.table()
    snapshot = table.start(GateFacts(**facts)).snapshot

    @st.composite
    def outcome(draw: st.DrawFn) -> Outcome:
        drawn = count()
        blind = st.builds(lambda: Tried(number=next(drawn)))
        sent: Any = draw(steered(table, st.just(snapshot), Tried, blind))
        assert sent is None or not sent.was_asked
        return (None if sent is None else sent.number), next(drawn)

    counts = Counter(draws(outcome(), number))
    assert not snapshot.facts.was_asked
    return {each: times / number for each, times in counts.items()}


@pytest.mark.parametrize(
    ("facts", "others"),
    [
        # A leaf that is not reached was tried for, and the first payload is sent.
        ({}, {(0, 7)}),
        ({"opens": 0, "locks": 6}, {(1, 2), (0, 7)}),
        # An error is a finding, whatever was tried for.
        ({"opens": 1, "jams": 2}, {(1, 2), (2, 3)}),
        ({"jams": 0}, set()),
    ],
)
def test_payloads_are_drawn_until_one_reaches_the_leaf(
    facts: dict[str, int], others: set[Outcome]
) -> None:
    found = outcomes(150, **facts)
    assert set(found) == {(None, 0), (0, 1), *others}
    assert found[None, 0] < 0.25


def test_each_leaf_is_aimed_at_as_often() -> None:
    nothing, anything, leaf = 1 / 8, 3 / 8, 1 / 6
    expected = {(None, 0): nothing, (0, 1): anything + leaf, (1, 2): leaf, (2, 3): leaf}
    assert outcomes(700, opens=1, locks=2) == pytest.approx(expected, abs=0.05)


def test_without_a_leaf_to_aim_at_nothing_is_sent_as_often() -> None:
    counts = Counter(draws(perhaps(st.just(Tried(number=1))), 1_200))
    assert counts == pytest.approx({None: 150, Tried(number=1): 1_050}, abs=40)
