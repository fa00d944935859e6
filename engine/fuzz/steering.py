"""Steering: payloads that reach the rare leaves too, and steps that can shrink away.

Where an event can go three ways in a state, payloads drawn blindly go one of them
most of the time. So a leaf is drawn first, each as likely as the next, and then
payloads until one leads there, a few at most. Nothing is remembered between draws:
the same choices of Hypothesis make the same payload, and shrink as usual.

Hypothesis makes choices simpler one by one, and seldom drops a whole step of a
state machine, unless the step is made of very few. So the simplest choice of all is
that nothing happens, and a step that plays no part shrinks to that first.
"""

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
    """Payloads of an event, each leaf that it can reach equally wanted; now and then nothing.

    Args:
        draw: Given by Hypothesis.
        table: What decides the event.
        snapshot: Where the machine is.
        event: The event's class.
        blind: Its payloads, as they are drawn without a goal.
    """
    aim = draw(_AIMS)
    if aim == _NOTHING:
        return None
    if aim == _ANYTHING:
        return draw(blind)
    where = draw(snapshot)
    goal = draw(st.sampled_from(list(table.leaves(where.state, event.name))))
    first = trigger = draw(blind)
    for _ in range(_TRIES):
        try:
            leaf = table.decide(where, trigger).leaf
        except Exception:
            return trigger  # it fails: just what we are looking for
        if leaf is goal:
            return trigger
        trigger = draw(blind)
    return first


@st.composite
def perhaps(draw: st.DrawFn, blind: st.SearchStrategy[E]) -> E | None:
    """A payload, or now and then nothing."""
    return None if draw(_AIMS) == _NOTHING else draw(blind)
