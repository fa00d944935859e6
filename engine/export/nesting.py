"""Nesting: the states of a chart as a tree, in document order, each with where it begins."""

from collections.abc import Sequence
from dataclasses import dataclass

from statemachine import State

from ..table import Table


@dataclass(frozen=True, slots=True)
class Nested:
    """A state, and the states in it."""

    id: str
    path: tuple[str, ...]
    """The ids from the outermost state to this one."""
    children: tuple["Nested", ...]
    initial: str
    """The id of the child that it begins in; empty for a leaf state."""


def nested(table: Table) -> tuple[Nested, ...]:
    """The outermost states."""
    return _nested(tuple(table.chart.states), ())


def initial_path(table: Table) -> tuple[str, ...]:
    """The ids from the outermost state to the one that a new machine is in."""
    return paths(nested(table))[table.initial]


def paths(states: Sequence[Nested]) -> dict[str, tuple[str, ...]]:
    """The paths of these states and of all in them, by id."""
    found = {state.id: state.path for state in states}
    for state in states:
        found |= paths(state.children)
    return found


def _nested(states: Sequence[State], above: tuple[str, ...]) -> tuple[Nested, ...]:
    return tuple(
        Nested(
            state.id,
            (*above, state.id),
            _nested(state.states, (*above, state.id)),
            _initial(state),
        )
        for state in states
    )


def _initial(state: State) -> str:
    """As in python-statemachine: the child that is declared so, or the first one."""
    declared = [child.id for child in state.states if child.initial]
    return (declared or [child.id for child in state.states] or [""])[0]
