"""Outlines: all that the library knows of a chart, as text to be compared.

Two charts with one outline put the same questions to the compiler and get the same answers, so a
stored table is used only for the outline that it was compiled from. It is made at each start, and
so leaves out what follows from the rest: the callbacks that the library looks for by convention,
which are nine of ten.
"""

from collections.abc import Iterator
from typing import Any

from statemachine import State, StateChart, __version__
from statemachine.graph import iterate_states
from statemachine.transition import Transition

TESTED = ("3.2.1", "3.2.2")
"""The releases of python-statemachine from which CI has compiled the same tables."""


def is_tested() -> bool:
    """Whether the installed python-statemachine is one of them."""
    return __version__ in TESTED


def outline_of(chart: type[StateChart[Any]]) -> Iterator[str]:
    """What a chart class declares by means of python-statemachine, in order."""
    yield f"{chart.initial_state} {len(chart._class_listeners)} {[*map(_event, _body(chart))]}"
    for state in iterate_states(chart.states):
        yield _state(state)
        for transition in state.transitions:
            yield _transition(transition)


def _body(chart: type[StateChart[Any]]) -> Iterator[Any]:
    return (getattr(chart, name, name) for name in chart._events)


def _state(state: State) -> str:
    parent = state.parent and state.parent.id
    kind = (state.initial, state.final, state.parallel, state.is_history, state.is_atomic)
    return f"{state.id} {state.value!r} {parent} {kind} {_callbacks(state)}"


def _transition(transition: Transition) -> str:
    targets = [state.id for state in transition.targets]
    kind = (transition.initial, transition.internal, transition.is_eventless)
    events = [*map(_event, transition.events)]
    return f"{targets} {events} {kind} {_callbacks(transition)}"


def _event(event: Any) -> str:
    return f"{event} {getattr(event, 'delay', 0)} {getattr(event, 'internal', False)}"


def _callbacks(owner: State | Transition) -> list[tuple[object, ...]]:
    return [
        (spec.group, spec.func, spec.priority, spec.expected_value)
        for spec in owner._specs
        if not spec.is_convention
    ]
