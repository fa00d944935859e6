"""Declarations: how a chart decides events without ``State.to``.

``stays`` declares a transition that keeps the state. ``ignored`` and ``impossible`` go into
``decided``, and cover what no transition is taken for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from statemachine import State

from .event import Event
from .library import StateArgument
from .reason import Reason


@dataclass(frozen=True, slots=True)
class Ignored:
    """Events that states ignore, and why."""

    states: tuple[State, ...]
    events: tuple[type[Event], ...]
    reason: Reason
    when: str | None = None
    anomaly: bool = False


@dataclass(frozen=True, slots=True)
class Impossible:
    """Guard answers that exclude each other, and why."""

    states: tuple[State, ...]
    events: tuple[type[Event], ...]
    reason: Reason
    when: str


Declaration = Ignored | Impossible


def ignored(
    states: StateArgument | Sequence[StateArgument],
    events: type[Event] | Sequence[type[Event]],
    *,
    because: str | Reason,
    when: str | None = None,
    anomaly: bool = False,
) -> Ignored:
    """Declare that states ignore events wherever no transition is taken.

    Args:
        states: A state or several; a compound state stands for all leaf states in it.
        events: An event class or several.
        because: The decision's reason: a sentence, or a :class:`Reason` with a code.
        when: A guard expression. The declaration holds only where the guards' answers make it
            true. Of several declarations that hold, the first counts.
        anomaly: Whether such an event is worth reporting.
    """
    return Ignored(_states(states), _events(events), Reason.of(because), when, anomaly)


def impossible(
    states: StateArgument | Sequence[StateArgument],
    events: type[Event] | Sequence[type[Event]],
    *,
    when: str,
    because: str | Reason,
) -> Impossible:
    """Declare that in these states, for these events, the guards never answer like this.

    It takes precedence over transitions and over :func:`ignored`. A decision that reaches it
    raises :class:`~relink.engine.errors.ImpossibleReachedError`.

    Args:
        states: A state or several; a compound state stands for all leaf states in it.
        events: An event class or several.
        when: A guard expression that is true for the answers in question.
        because: Why they never come up: a sentence, or a :class:`Reason` with a code.
    """
    return Impossible(_states(states), _events(events), Reason.of(because), when)


def stays(
    *states: StateArgument,
    event: str,
    cond: str | Sequence[str] | None = None,
    unless: str | Sequence[str] | None = None,
    on: str | Sequence[str] | None = None,
) -> None:
    """Declare a transition that keeps the state: nothing is exited, nothing entered.

    Args:
        states: States, compound ones included.
        event: The event's name, or several names with spaces between them.
        cond: Guards that all have to answer yes.
        unless: Guards that all have to answer no.
        on: Its effects.
    """
    for state in states:
        # Without a target instead of `internal` to itself, which enters the parents of a nested
        # state again and loses a compound state (python-statemachine 3.2).
        cast(State, state).to(None, event=event, cond=cond, unless=unless, on=on)


def _states(states: StateArgument | Sequence[StateArgument]) -> tuple[State, ...]:
    listed = states if isinstance(states, Sequence) else (states,)
    return cast(tuple[State, ...], tuple(listed))


def _events(events: type[Event] | Sequence[type[Event]]) -> tuple[type[Event], ...]:
    return tuple(events) if isinstance(events, Sequence) else (events,)
