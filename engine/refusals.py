"""The static walk: what cannot be compiled soundly is refused here, naming construct and place.

A table stands for a chart only if the next state and the effects are a function
of the active leaf state, the facts and the event. Constructs that depend on
more (history, parallel regions, time, things that run), or that the library
executes by surprise, are not supported; each has an error of its own.
"""

from collections.abc import Iterator
from functools import cached_property

from statemachine import Event as LibraryEvent
from statemachine import State
from statemachine.graph import iterate_states
from statemachine.transition import Transition

from .callbacks import place, refuse_callbacks
from .chart import Chart, Ignored, Impossible
from .effect import Facts
from .errors import (
    AlphabetError,
    DeclarationError,
    DelayedEventError,
    DuplicateStateError,
    EventlessTransitionError,
    EventNamedLikeStateError,
    EventNeverDecidedError,
    EventNotInAlphabetError,
    FactsTypeError,
    FinalStateWithWayOutError,
    HistoryStateError,
    InternalEventError,
    InternalTransitionError,
    ListenerError,
    LostStateError,
    NestedFinalStateError,
    NoStatesError,
    ParallelStateError,
    PrepareEventError,
    ReservedEventError,
    ReservedNameError,
    WildcardEventError,
)
from .event import Event
from .inert import MACHINE_API, own_attributes

_SANCTIONED = {"facts_type", "alphabet", "decided"}
"""What a chart is meant to set of :class:`Chart`."""

_SET_BY_LIBRARY = {
    *("name", "id", "states", "states_map", "initial_state", "final_states", "prepare"),
    *("_abstract", "_events", "_events_to_update", "_protected_attrs", "_specs"),
    *("_class_listeners", "_table"),
}
"""What each chart class is given when it is made or compiled."""

_HOOKS = {
    *("__init__", "__new__", "__setattr__", "__getattr__", "__getattribute__", "__delattr__"),
    *("__getstate__", "__setstate__", "__init_subclass__", "__class_getitem__"),
}
"""Methods with which a chart would change how its machine works."""


def refuse_unsound(chart: type[Chart]) -> None:
    """Refuse what cannot be compiled soundly, as far as it shows without running anything.

    Raises:
        ChartError: the subclass says which rule is broken, the message where.
    """
    if not chart.states:
        raise NoStatesError(chart, "it has no states")
    for state in iterate_states(chart.states):
        _refuse_state(chart, state)
    _refuse_duplicates(chart)
    for state in iterate_states(chart.states):
        for transition in state.transitions:
            _refuse_transition(chart, state, transition)
    _refuse_hooks(chart)
    _refuse_events(chart)
    _refuse_alphabet(chart)
    _refuse_declarations(chart)
    _refuse_strays(chart)
    _refuse_facts_type(chart)
    refuse_callbacks(chart)


def _refuse_state(chart: type[Chart], state: State) -> None:
    name = repr(state.id)
    if state.parallel:
        raise ParallelStateError(chart, f"state {name} is parallel")
    if state.is_history:
        raise HistoryStateError(chart, f"state {name} is a history state")
    if state.final and state.parent is not None:
        raise NestedFinalStateError(
            chart, f"state {name} is final, inside the compound state {state.parent.id!r}"
        )
    if state.final and state.transitions:
        way = place(state.transitions[0])
        raise FinalStateWithWayOutError(chart, f"state {name} is final, and has {way}")
    if state.id in MACHINE_API:
        raise ReservedNameError(chart, f"state {name} is named like a part of the machine")


def _refuse_duplicates(chart: type[Chart]) -> None:
    seen: set[object] = set()
    for state in iterate_states(chart.states):
        if state.id in seen or not _has(chart, state):
            raise DuplicateStateError(
                chart, f"two states have the id or the value of {state.id!r} ({state.value!r})"
            )
        seen.add(state.id)


def _refuse_transition(chart: type[Chart], source: State, transition: Transition) -> None:
    where = place(transition)
    for target in transition.targets:
        if not _has(chart, target):
            raise LostStateError(
                chart,
                f"{where} leads to a state that the chart has not; its name was probably "
                f"overwritten, by the event {transition.event!r} for instance",
            )
    if transition.initial:
        return
    if len(transition.targets) > 1:
        raise ParallelStateError(chart, f"{where} leads to several states")
    if transition.is_eventless:
        raise EventlessTransitionError(chart, f"{where} has no event")
    if transition.internal and not (
        transition.is_self and source.is_atomic and source.parent is None
    ):
        raise InternalTransitionError(
            chart, f"{where} is internal, from or to a nested or compound state; use stays(...)"
        )


def _refuse_hooks(chart: type[Chart]) -> None:
    if chart._class_listeners:
        raise ListenerError(chart, f"it has the class listener {chart._class_listeners[0]!r}")
    own = own_attributes(chart)
    if "prepare_event" in own:
        raise PrepareEventError(chart, "it defines prepare_event")
    for name in own:
        reserved = name in MACHINE_API - _SANCTIONED - _SET_BY_LIBRARY
        if reserved or name in _HOOKS:
            raise ReservedNameError(chart, f"it defines {name!r}, a part of the machine")


def _refuse_events(chart: type[Chart]) -> None:
    states = {state.id for state in chart.states_map.values()}
    for event, where in _events(chart):
        name = str(event)
        if "*" in name or "." in name:
            raise WildcardEventError(chart, f"{where}: the event {name!r} matches others' names")
        if name.startswith(("error_", "done_")):
            raise ReservedEventError(chart, f"{where}: the event {name!r} is one of the library's")
        if event.delay:
            raise DelayedEventError(chart, f"{where}: the event {name!r} has a delay")
        if event.internal:
            raise InternalEventError(chart, f"{where}: the event {name!r} is internal")
        if name in MACHINE_API:
            raise ReservedNameError(
                chart, f"{where}: the event {name!r} is named like a part of the machine"
            )
        if name in states:
            raise EventNamedLikeStateError(
                chart, f"{where}: the event {name!r} is named like a state"
            )


def _refuse_alphabet(chart: type[Chart]) -> None:
    known: set[str] = set()
    for event in chart.alphabet:
        if not (isinstance(event, type) and issubclass(event, Event)):
            raise AlphabetError(chart, f"its alphabet holds {event!r}, which is no Event class")
        if event.name in known:
            raise AlphabetError(chart, f"its alphabet has two events {event.name!r}")
        known.add(event.name)


def _refuse_declarations(chart: type[Chart]) -> None:
    for said in chart.decided:
        if not isinstance(said, (Ignored, Impossible)):
            raise DeclarationError(chart, f"decided holds {said!r}")
        for state in said.states:
            if not _has(chart, state):
                raise LostStateError(
                    chart,
                    f"{said.reason.sentence!r} is said of a state that the chart has not; "
                    "its name was probably overwritten",
                )
        for event in said.events:
            if event not in chart.alphabet:
                raise EventNotInAlphabetError(
                    chart,
                    f"{said.reason.sentence!r} is said of {event.name!r}, not in the alphabet",
                )


def _refuse_strays(chart: type[Chart]) -> None:
    known = {event.name for event in chart.alphabet}
    for used, where in _events(chart):
        if str(used) not in known:
            raise EventNotInAlphabetError(
                chart, f"{where}: the event {str(used)!r} is not in the alphabet"
            )
    spoken_of = {str(used) for used, _ in _events(chart)}
    spoken_of.update(event.name for said in chart.decided for event in said.events)
    for name in sorted(known):
        if name not in spoken_of:
            raise EventNeverDecidedError(chart, f"no state says anything about the event {name!r}")


def _refuse_facts_type(chart: type[Chart]) -> None:
    """Facts are copied field by field, past pydantic; that must be all there is to them."""
    model = getattr(chart, "facts_type", None)
    if not (isinstance(model, type) and issubclass(model, Facts)):
        raise FactsTypeError(chart, f"facts_type is {model!r}, not a model of Facts")
    config = model.model_config
    cached = [
        name
        for base in model.__mro__
        for name, value in vars(base).items()
        if isinstance(value, cached_property)
    ]
    if not config.get("frozen"):
        raise FactsTypeError(chart, f"{model.__name__} is not frozen")
    if config.get("extra") == "allow":
        raise FactsTypeError(chart, f"{model.__name__} allows extra fields")
    if model.__private_attributes__:
        name = next(iter(model.__private_attributes__))
        raise FactsTypeError(chart, f"{model.__name__}.{name} is a private attribute")
    if cached:
        raise FactsTypeError(chart, f"{model.__name__}.{cached[0]} is a cached property")


def _has(chart: type[Chart], state: State) -> bool:
    return chart.states_map.get(state.value) is state


def _events(chart: type[Chart]) -> Iterator[tuple[LibraryEvent, str]]:
    """Every event that is declared or used, and where."""
    for state in iterate_states(chart.states):
        for transition in state.transitions:
            for event in transition.events:
                yield event, place(transition)
    for name in chart._events:
        event = getattr(chart, name, None)
        yield (event if isinstance(event, LibraryEvent) else LibraryEvent(name)), "the class body"
