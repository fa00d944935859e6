"""Names of python-statemachine's own, which a chart must not use for anything else."""

from typing import TypeGuard

from statemachine import Event, State, StateChart
from statemachine.transition_list import TransitionList

SET_BY_METACLASS = frozenset(
    {
        *("name", "id", "states", "states_map", "initial_state", "final_states", "prepare"),
        *("_abstract", "_events", "_events_to_update", "_protected_attrs", "_specs"),
        "_class_listeners",
    }
)
"""What the library itself sets on each chart class."""

_SET_BY_INIT = ("model", "history_values", "state_field", "_callbacks", "_config", "_engine")

MACHINE_NAMES = frozenset(
    {
        *(name for name in dir(StateChart) if not name.startswith("__")),
        *StateChart.__annotations__,
        *SET_BY_METACLASS,
        *_SET_BY_INIT,
        "_listeners",
    }
)
"""Attributes of a machine and of its class, private ones included."""


def is_state(value: object) -> TypeGuard[State]:
    """Whether something is a state of a class body."""
    return isinstance(value, State)


def is_declaration(value: object) -> bool:
    """Whether an attribute of a class body declares a state, an event or transitions."""
    return isinstance(value, (State, Event, TransitionList))
