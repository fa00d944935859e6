"""What a chart declares: its states, transitions, events and callbacks, as they were written.

Plain data, so that validation and compiler need to know nothing of python-statemachine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from statemachine import Event, State, StateChart
from statemachine.callbacks import CallbackGroup, CallbackSpec, SpecReference
from statemachine.graph import iterate_states
from statemachine.spec_parser import replace_operators
from statemachine.transition import Transition

CLASS_BODY = "the class body"
"""Where events are declared that belong to no transition."""

Role = Literal["guard", "effect", "validator", "invoke"]

_ROLES: dict[CallbackGroup, Role] = {
    CallbackGroup.COND: "guard",
    CallbackGroup.VALIDATOR: "validator",
    CallbackGroup.INVOKE: "invoke",
}


@dataclass(frozen=True, slots=True)
class DeclaredCallback:
    """A guard or effect, or something else that the library would call."""

    role: Role
    name: str
    """The method's name; of a guard the whole expression."""
    declared: Any
    """As written: a name, a guard expression, or an object given instead of a name."""
    is_named: bool
    """Whether ``declared`` is a string."""
    is_convention: bool
    """Whether the library looks for it by naming convention, such as ``on_enter_open``."""
    is_negated: bool = False
    """Whether it is a guard declared with ``unless``."""


@dataclass(frozen=True, slots=True)
class DeclaredEvent:
    """An event as a transition or the class body declares it."""

    name: str
    has_delay: bool
    is_internal: bool


@dataclass(frozen=True, slots=True)
class DeclaredTransition:
    """One transition."""

    source: State
    targets: tuple[State, ...]
    """Empty when the state is kept."""
    event: str
    """The names of its events, with spaces between them."""
    events: tuple[DeclaredEvent, ...]
    callbacks: tuple[DeclaredCallback, ...]
    is_initial: bool
    """Whether it is the way into a compound state, which the library adds."""
    is_internal: bool
    is_to_itself: bool
    is_eventless: bool
    identity: int
    """Tells it apart from another one that is declared alike."""

    @property
    def target(self) -> State:
        """The first state it leads to; its source when it keeps the state."""
        return self.targets[0] if self.targets else self.source

    @property
    def guards(self) -> tuple[DeclaredCallback, ...]:
        """Its guards, in the order in which they are asked."""
        return tuple(callback for callback in self.callbacks if callback.role == "guard")

    def __str__(self) -> str:
        # A state whose name was overwritten in the class body has no id.
        arrow = f"--{self.event}-->" if self.event else "→"
        return f"transition {self.source.id} {arrow} {self.target.id or '?'}"


@dataclass(frozen=True, slots=True)
class DeclaredState:
    """One state, at any depth."""

    state: State
    """The object in the class body."""
    id: str
    value: Any
    parent: str | None
    """Id of the compound state around it."""
    is_leaf: bool
    is_final: bool
    is_parallel: bool
    is_history: bool
    callbacks: tuple[DeclaredCallback, ...]
    transitions: tuple[DeclaredTransition, ...]

    def __str__(self) -> str:
        return f"state {self.id!r}"


@dataclass(frozen=True, slots=True)
class Structure:
    """Everything that a chart declares by means of python-statemachine."""

    states: tuple[DeclaredState, ...]
    """All states, compound and history ones included, in document order."""
    leaves: tuple[DeclaredState, ...]
    """The states without states in them."""
    body_events: tuple[DeclaredEvent, ...]
    """The events of the class, also those that no transition uses."""
    listeners: tuple[object, ...]
    by_value: dict[Any, State]
    """The states that a machine can be in, by their values."""

    def has(self, state: State) -> bool:
        """Whether a machine can be in this very state."""
        return self.by_value.get(state.value) is state

    def events(self) -> Iterator[tuple[DeclaredEvent, str]]:
        """Every event, with the place that declares it."""
        for state in self.states:
            for transition in state.transitions:
                for event in transition.events:
                    yield event, str(transition)
        for event in self.body_events:
            yield event, CLASS_BODY


def structure_of(chart: type[StateChart[Any]]) -> Structure:
    """Read what a chart class declares."""
    states = {id(state): _state(state) for state in iterate_states(chart.states)}
    leaves = (state for state in chart.states_map.values() if state.is_atomic)
    body = (getattr(chart, name, name) for name in chart._events)
    return Structure(
        states=tuple(states.values()),
        leaves=tuple(states[id(state)] for state in leaves),
        body_events=tuple(map(_event, body)),
        listeners=tuple(chart._class_listeners),
        by_value=dict(chart.states_map),
    )


def leaf_ids(state: State) -> tuple[str, ...]:
    """Ids of the leaf states inside a state, in order; its own when it is one."""
    if not state.states:
        return (state.id,)
    return tuple(leaf for child in state.states for leaf in leaf_ids(child))


def python_operators(guards: str) -> str:
    """A guard expression with ``and``, ``or``, ``not`` for the library's ``^``, ``v``, ``!``."""
    return replace_operators(guards).strip()


def read_transition(transition: Transition) -> DeclaredTransition:
    """A transition of the library as plain data."""
    return DeclaredTransition(
        source=transition.source,
        targets=tuple(transition.targets),
        event=str(transition.event),
        events=tuple(map(_event, transition.events)),
        callbacks=tuple(map(_callback, transition._specs)),
        is_initial=transition.initial,
        is_internal=transition.internal,
        is_to_itself=transition.is_self,
        is_eventless=transition.is_eventless,
        identity=id(transition),
    )


def _state(state: State) -> DeclaredState:
    return DeclaredState(
        state=state,
        id=state.id,
        value=state.value,
        parent=None if state.parent is None else state.parent.id,
        is_leaf=state.is_atomic,
        is_final=state.final,
        is_parallel=state.parallel,
        is_history=state.is_history,
        callbacks=tuple(map(_callback, state._specs)),
        transitions=tuple(map(read_transition, state.transitions)),
    )


def _event(event: Event) -> DeclaredEvent:
    return DeclaredEvent(str(event), bool(event.delay), event.internal)


def _callback(spec: CallbackSpec) -> DeclaredCallback:
    return DeclaredCallback(
        role=_ROLES.get(spec.group, "effect"),
        name=spec.attr_name,
        declared=spec.func,
        is_named=spec.reference is SpecReference.NAME,
        is_convention=spec.is_convention,
        is_negated=spec.expected_value is False,
    )
