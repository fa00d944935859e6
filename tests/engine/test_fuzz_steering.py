"""Fuzzing, steering: payloads that reach rare leaves, and how often anything else is sent.

The payloads that are drawn here count on from zero. So each says how many were drawn before it, and
what a gate decides of each number is known.
"""

from collections import Counter
from itertools import count, product
from typing import Any, TypeVar

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.data import ConjectureData
from statemachine import State

from relink.engine import Chart, Event, Facts, ignored, stays
from relink.engine.fuzz.steering import perhaps, steered

D = TypeVar("D")


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


def every(strategy: st.SearchStrategy[D], *choices: int) -> Counter[D]:
    """What a strategy draws for each combination of so many values of its choices, in order."""
    found = Counter[D]()

    @settings(max_examples=1, database=None, deadline=None, phases=[Phase.generate])
    @given(st.none())
    def draw(_: None) -> None:
        for chosen in product(*map(range, choices)):
            found[ConjectureData.for_choices(chosen).draw(strategy)] += 1

    draw()
    return found


AIMS, LEAVES = 8, 3
"""As many values have the choices of what to aim at, and of which leaf of the gate."""


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"opens": 1, "locks": 2}, {(0, 1): 4, (1, 2): 4, (2, 3): 4}),
        ({"opens": 5, "locks": 3}, {(0, 1): 4, (3, 4): 4, (5, 6): 4}),
        # Where no payload reaches the leaf, the first is sent.
        ({}, {(0, 1): 4, (0, 7): 8}),
        ({"opens": 0, "locks": 6}, {(0, 1): 4, (1, 2): 4, (0, 7): 4}),
        # An error is a finding, whatever was tried for.
        ({"opens": 1, "jams": 2}, {(0, 1): 4, (1, 2): 4, (2, 3): 4}),
        ({"jams": 0}, {(0, 1): 12}),
    ],
)
def test_in_half_of_all_draws_each_leaf_is_aimed_at_as_often(
    facts: dict[str, int], expected: dict[Outcome, int]
) -> None:
    table = Gate.table()
    snapshot = table.start(GateFacts(**facts)).snapshot

    @st.composite
    def outcome(draw: st.DrawFn) -> Outcome:
        drawn = count()
        blind = st.builds(lambda: Tried(number=next(drawn)))
        sent: Any = draw(steered(table, st.just(snapshot), Tried, blind))
        assert sent is None or not sent.was_asked
        return (None if sent is None else sent.number), next(drawn)

    nothing, anything = {(None, 0): 1 * LEAVES}, {(0, 1): 3 * LEAVES}
    counts = every(outcome(), AIMS, LEAVES)
    assert counts == Counter(nothing) + Counter(anything) + Counter(expected)
    assert not snapshot.facts.was_asked


def test_the_simplest_choice_sends_nothing() -> None:
    sent = st.just(Tried(number=1))
    start = Gate.table().start(GateFacts()).snapshot
    for strategy in (perhaps(sent), steered(Gate.table(), st.just(start), Tried, sent)):
        assert every(strategy, 1, 1) == {None: 1}
    assert every(perhaps(sent), AIMS) == {None: 1, Tried(number=1): 7}
