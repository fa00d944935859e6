"""Steering: payloads that reach rare leaves too, and steps that shrink well.

Where an event has three outcomes in a state, random payloads lead to one of them most of the
time. So the strategy draws a leaf first, all with the same probability, and then up to a few
payloads until one leads there. It keeps nothing between draws: the same choices of Hypothesis
make the same payload, and shrink as usual.

Hypothesis simplifies choices one by one, and rarely drops a whole step of a state machine. So
the simplest choice is to send nothing, and a step without influence shrinks to that.
"""

from copy import deepcopy
from typing import Any, TypeVar

from hypothesis import strategies as st

from ..decision import Snapshot
from ..event import Event
from ..table import Table

E = TypeVar("E", bound=Event)

_TRIES = 6
_NOTHING, _ANYTHING, _A_LEAF = range(3)
_AIMS = st.sampled_from([_NOTHING, *[_ANYTHING] * 3, *[_A_LEAF] * 4])


@st.composite
def steered(
    draw: st.DrawFn,
    table: Table,
    snapshot: st.SearchStrategy[Snapshot[Any]],
    event: type[E],
    blind: st.SearchStrategy[E],
) -> E | None:
    """Payloads of an event that aim at each leaf with the same probability; sometimes None.

    Args:
        draw: Given by Hypothesis.
        table: The table that decides the event.
        snapshot: The machine's snapshot.
        event: The event's class.
        blind: Payloads drawn without a goal.
    """
    aim = draw(_AIMS)
    if aim == _NOTHING:
        return None
    if aim == _ANYTHING:
        return draw(blind)
    # A faulty guard or effect may change what it gets. Steering must not hide that from the step.
    where = deepcopy(draw(snapshot))
    goal = draw(st.sampled_from(list(table.leaves(where.state, event.name))))
    first = trigger = draw(blind)
    for _ in range(_TRIES):
        try:
            leaf = table.decide(where, deepcopy(trigger)).leaf
        except Exception:
            return trigger  # an error is a finding
        if leaf is goal:
            return trigger
        trigger = draw(blind)
    return first


@st.composite
def perhaps(draw: st.DrawFn, blind: st.SearchStrategy[E]) -> E | None:
    """Payloads; sometimes None."""
    return None if draw(_AIMS) == _NOTHING else draw(blind)
