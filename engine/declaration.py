"""Declarations: how a chart decides events without ``State.to``.

``stays`` declares a transition that keeps the state. ``ignored`` and ``impossible`` go into
``decided``, and cover what no transition is taken for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from statemachine import State

from .arguments import explained, several, wrong_argument
from .errors import ArgumentError
from .event import Event
from .library.body import StateArgument, event_name
from .place import chart_in_progress
from .reason import Reason


class _NoFunction:
    """What ``ignored(...) (...)`` would call, when a comma is missing between two declarations."""

    __slots__ = ()

    def __call__(self, *_: object, **__: object) -> NoReturn:
        """Refuse the call.

        Raises:
            ArgumentError: always.
        """
        name = f"{type(self).__name__.lower()}(...)"
        place = chart_in_progress()
        raise ArgumentError(f"{place}{name} is called; a comma is missing after {name}")


@dataclass(frozen=True, slots=True)
class Ignored(_NoFunction):
    """Events that states ignore, and why."""

    states: tuple[State, ...]
    events: tuple[type[Event], ...]
    reason: Reason
    when: str | None = None
    anomaly: bool = False


@dataclass(frozen=True, slots=True)
class Impossible(_NoFunction):
    """Guard answers that exclude each other, and why."""

    states: tuple[State, ...]
    events: tuple[type[Event], ...]
    reason: Reason
    when: str


Declaration = Ignored | Impossible

EventArgument = type[Event] | str
"""An event's class, or its name."""


@explained
def ignored(
    states: StateArgument | Sequence[StateArgument],
    events: EventArgument | Sequence[EventArgument],
    *,
    because: str | Reason,
    when: str | None = None,
    anomaly: bool = False,
) -> Ignored:
    """Declare that states ignore events wherever no transition is taken.

    Args:
        states: A state or several; a compound state stands for all leaf states in it.
        events: An event's class or name, or several.
        because: The decision's reason: a sentence, or a :class:`Reason` with a code.
        when: A guard expression. The declaration holds only where the guards' answers make it
            true. Of several declarations that hold, the first counts.
        anomaly: Whether such an event is worth reporting.
    """
    if not isinstance(anomaly, bool):
        raise wrong_argument("ignored", "a bool as anomaly=", anomaly, "give anomaly=True or False")
    return Ignored(
        several(states),
        several(events),
        _reason("ignored", because),
        _when("ignored", when),
        anomaly,
    )


@explained
def impossible(
    states: StateArgument | Sequence[StateArgument],
    events: EventArgument | Sequence[EventArgument],
    *,
    when: str,
    because: str | Reason,
) -> Impossible:
    """Declare that in these states, for these events, the guards never answer like this.

    It takes precedence over transitions and over :func:`ignored`. A decision that reaches it
    raises :class:`~relink.engine.errors.ImpossibleReachedError`.

    Args:
        states: A state or several; a compound state stands for all leaf states in it.
        events: An event's class or name, or several.
        when: A guard expression that is true for the answers in question.
        because: Why they never come up: a sentence, or a :class:`Reason` with a code.
    """
    reason = _reason("impossible", because)
    return Impossible(several(states), several(events), reason, _when("impossible", when) or "")


@explained
def stays(
    *states: StateArgument | Sequence[StateArgument],
    event: EventArgument | Sequence[EventArgument],
    cond: str | Sequence[str] | None = None,
    unless: str | Sequence[str] | None = None,
    on: str | Sequence[str] | None = None,
) -> None:
    """Declare a transition that keeps the state: nothing is exited, nothing entered.

    Args:
        states: States, compound ones included.
        event: The event's class or name, or several; names may stand in one text, with spaces.
        cond: Guards that all have to answer yes.
        unless: Guards that all have to answer no.
        on: Its effects.

    Raises:
        ArgumentError: something else than a state or an event is given.
    """
    listed = [state for given in states for state in several(given)]
    if not listed:
        raise wrong_argument("stays", "states", None, "name a state: stays(opened, event=...)")
    names = [_name(each) for each in several(event)]
    for state in listed:
        if not isinstance(state, State):
            cure = f"name the state without quotes: {state}" if isinstance(state, str) else ""
            raise wrong_argument("stays", "states", state, cure or "name the state itself")
        # Without a target instead of `internal` to itself, which enters the parents of a nested
        # state again and loses a compound state (python-statemachine 3.2).
        state.to(None, event=names, cond=cond, unless=unless, on=on)


def _name(event: object) -> str:
    name = event_name(event)
    if name is None:
        meant = event_name(type(event)) and f"give the class {type(event).__name__}, not an event"
        cure = meant or "give the class of an event, or its name"
        raise wrong_argument("stays", "an event's class or name as event=", event, cure)
    return name


def _reason(function: str, because: object) -> Reason:
    if isinstance(because, Reason) or (isinstance(because, str) and because.strip()):
        return Reason.of(because)
    cure = "say in a sentence why: because='The door is locked.'"
    raise wrong_argument(function, "a sentence as because=", because, cure)


def _when(function: str, when: object) -> str | None:
    if when is None or isinstance(when, str):
        return when
    raise wrong_argument(function, "a guard expression as when=", when, "give the names of guards")
