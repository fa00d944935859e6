"""The class of chart classes: what python-statemachine would refuse, said in the chart's terms.

The library checks a chart when its class is made, and stops at the first fault. What the states of
the body noted (:mod:`.body`), and what the library would refuse, is found before it looks.
"""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from statemachine import State
from statemachine.exceptions import InvalidDefinition
from statemachine.factory import StateMachineMetaclass
from statemachine.states import States

from ..errors import (
    FinalStateWithWayOutError,
    InitialStateError,
    LibraryRefusedError,
    ListenerError,
    ReservedNameError,
    StateArgumentError,
)
from ..faults import Faults
from . import body

_BROKEN = ("parent", "states")
"""Names of states on which the library fails; the compiler refuses the other reserved ones."""


class ChartMeta(StateMachineMetaclass):
    """Makes chart classes."""

    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], /, **_: Any) -> dict[str, Any]:
        """The names that the body of a chart begins with."""
        return body.prepared(inspect.currentframe())

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        """Make the class."""
        body.finish(attrs)
        return super().__new__(mcs, name, bases, attrs)

    def __init__(self, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        """Read what the body declares.

        Raises:
            ChartError: an argument of a state or transition is wrong, or python-statemachine would
                refuse the chart.
        """
        faults = Faults(self)
        states = dict(_states_of(attrs))
        for name in states:
            if name in _BROKEN:
                rule = "it has the name of a part of the machine"
                faults.add(ReservedNameError, f"state {name!r}", rule, "rename the state")
        for name, value in attrs.items():
            if isinstance(value, type) and any(isinstance(x, State) for x in vars(value).values()):
                rule = "it is a class with states, and no compound state"
                cure = f"derive it from State.Compound: class {name}(State.Compound)"
                faults.add(StateArgumentError, f"state {name!r}", rule, cure)
        faults.check()
        for name, state in states.items():
            _name(state, name)
            for fault in body.noted(state):
                faults.take(fault)
        faults.check()
        inherited = [state for base in bases for state in getattr(base, "states", ())]
        _check_initial(faults, {state.id: state for state in [*inherited, *states.values()]})
        for state in states.values():
            _check_initial_within(faults, state)
        _check_final(faults, states)
        _check_listeners(faults, attrs)
        faults.check()
        try:
            super().__init__(name, bases, attrs)  # type: ignore[arg-type]
        except InvalidDefinition as error:
            raise LibraryRefusedError(self, f"python-statemachine refuses it: {error}") from error


def _states_of(attrs: Mapping[str, Any]) -> Iterator[tuple[str, State]]:
    """The states of a body by name, those of a collection among them."""
    for name, value in attrs.items():
        if isinstance(value, State):
            yield name, value
        elif isinstance(value, States):
            collection: Any = value  # its methods are not annotated
            yield from collection.items()


def _name(state: State, name: str) -> None:
    """Name a state, as the library does later."""
    if not state.id:
        state._set_id(name)


def _check_initial(faults: Faults, states: Mapping[str, State]) -> None:
    initial = [f"state {name!r}" for name, state in states.items() if state.initial]
    if len(initial) > 1:
        faults.add(
            InitialStateError,
            ", ".join(initial),
            f"{len(initial)} states are initial, and a machine starts in one",
            "drop initial=True from the others",
        )


def _check_initial_within(faults: Faults, compound: State) -> None:
    if not compound.parallel:
        _check_initial(faults, {state.id: state for state in compound.states})
    for state in compound.states:
        _check_initial_within(faults, state)


def _check_final(faults: Faults, states: Mapping[str, State]) -> None:
    for name, state in states.items():
        if state.final and state.transitions:
            faults.add(
                FinalStateWithWayOutError,
                f"state {name!r}",
                f"it is final, and has {', '.join(_shown(state))}",
                "drop final=True, or the transitions",
            )


def _shown(state: State) -> Iterator[str]:
    for transition in state.transitions:
        target = transition.target.id if transition.target else state.id
        yield f"transition {state.id} --{transition.event}--> {target or '?'}"


def _check_listeners(faults: Faults, attrs: Mapping[str, Any]) -> None:
    for listener in attrs.get("listeners", ()):
        if listener is not None and not isinstance(listener, (str, int, float)):
            continue  # which the library takes, and the compiler refuses
        faults.add(
            ListenerError,
            "listeners",
            f"{listener!r} would add callbacks that the chart does not show",
            "make them effects",
        )
