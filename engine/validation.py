"""Validation: what cannot be compiled soundly is rejected, with chart, place, rule and cure.

A table stands for a chart only if the next state and the effects are a function of the active
leaf state, the facts and the event. Constructs that depend on more (history, parallel regions,
time, running activities), or that the library executes in a surprising way, are not supported.
Each has an error of its own.
"""

from .callbacks import validate_callbacks
from .chart_base import ChartBase
from .declaration import Ignored, Impossible
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
    FormerStateError,
    HistoryStateError,
    InternalEventError,
    InternalTransitionError,
    ListenerError,
    LostStateError,
    MutableFieldError,
    NestedFinalStateError,
    NoStatesError,
    ParallelStateError,
    PrepareEventError,
    ReservedEventError,
    ReservedNameError,
    WildcardEventError,
)
from .event import Event
from .frozen import mutable_part
from .library import (
    SET_BY_METACLASS,
    DeclaredState,
    DeclaredTransition,
    Structure,
)
from .record import Record, cached_properties
from .sealed import RESERVED_NAMES, own_attributes
from .tombstone import RemovedEvent

_MEANT_TO_BE_SET = {"facts_type", "alphabet", "decided", "absorbing", "former_states"}
"""What a chart is meant to set of :class:`Chart`."""

_SET_ON_EACH_CHART = SET_BY_METACLASS | {"_table"}
"""What each chart class gets when it is made or compiled."""

_HOOKS = {
    *("__init__", "__new__", "__setattr__", "__getattr__", "__getattribute__", "__delattr__"),
    *("__getstate__", "__setstate__", "__init_subclass__", "__class_getitem__"),
}
"""Methods with which a chart would change how its machine works."""


def validate(chart: type[ChartBase], structure: Structure) -> None:
    """Reject what cannot be compiled soundly, as far as it shows without running anything.

    Args:
        chart: The chart class.
        structure: What it declares.

    Raises:
        ChartError: the subclass says which rule is broken; the message says where, and what
            to do instead.
    """
    if not structure.states:
        raise NoStatesError(chart, "it has no states; declare at least an initial one")
    for state in structure.states:
        _validate_state(chart, state)
    _validate_unique(chart, structure)
    for state in structure.states:
        for transition in state.transitions:
            _validate_transition(chart, structure, state, transition)
    _validate_attributes(chart, structure)
    _validate_events(chart, structure)
    _validate_alphabet(chart)
    _validate_declarations(chart, structure)
    _validate_former_states(chart, structure)
    _validate_event_use(chart, structure)
    _validate_facts_type(chart)
    for model in (chart.facts_type, *chart.alphabet):
        _validate_immutable(chart, model)
    validate_callbacks(chart, structure)


def _validate_state(chart: type[ChartBase], state: DeclaredState) -> None:
    if state.is_parallel:
        raise ParallelStateError(
            chart, f"{state} is parallel; one leaf state must be active, so use several charts"
        )
    if state.is_history:
        raise HistoryStateError(
            chart, f"{state} is a history state; remember where to return to in the facts"
        )
    if state.is_final and state.parent is not None:
        raise NestedFinalStateError(
            chart,
            f"{state} is final, inside the compound state {state.parent!r}, and would raise "
            "done.state events; move it to the top, or drop final=True",
        )
    if state.is_final and state.transitions:
        raise FinalStateWithWayOutError(
            chart, f"{state} is final, and has {state.transitions[0]}; drop one of the two"
        )
    if state.id in RESERVED_NAMES:
        raise ReservedNameError(
            chart, f"{state} has the name of a part of the machine; rename the state"
        )


def _validate_unique(chart: type[ChartBase], structure: Structure) -> None:
    seen: set[str] = set()
    for state in structure.states:
        if state.id in seen or not structure.has(state.state):
            raise DuplicateStateError(
                chart,
                f"two states share the id or value of {state.id!r} ({state.value!r}); "
                "ids and values must differ, in compound states too",
            )
        seen.add(state.id)


def _validate_transition(
    chart: type[ChartBase],
    structure: Structure,
    source: DeclaredState,
    transition: DeclaredTransition,
) -> None:
    for target in transition.targets:
        if not structure.has(target):
            raise LostStateError(
                chart,
                f"{transition} leads to a state that the chart does not have; something else in "
                f"the class body overwrote its name, perhaps the event {transition.event!r}; "
                "rename one of them",
            )
    if transition.is_initial:
        return
    if len(transition.targets) > 1:
        raise ParallelStateError(
            chart, f"{transition} leads to several states; one leaf state must be active"
        )
    if transition.is_eventless:
        raise EventlessTransitionError(
            chart, f"{transition} has no event; every transition needs event=..."
        )
    at_top = source.is_leaf and source.parent is None
    if transition.is_internal and not (transition.is_to_itself and at_top):
        raise InternalTransitionError(
            chart,
            f"{transition} is internal, from or to a nested or compound state, which "
            "python-statemachine executes wrongly; use stays(...)",
        )


def _validate_attributes(chart: type[ChartBase], structure: Structure) -> None:
    if structure.listeners:
        raise ListenerError(
            chart,
            f"it has the class listener {structure.listeners[0]!r}, whose callbacks the chart "
            "does not show; make them effects",
        )
    own = own_attributes(chart)
    if "prepare_event" in own:
        raise PrepareEventError(
            chart, "it defines prepare_event, which changes what guards and effects get; remove it"
        )
    for name in own:
        reserved = name in RESERVED_NAMES - _MEANT_TO_BE_SET - _SET_ON_EACH_CHART
        if reserved or name in _HOOKS:
            raise ReservedNameError(
                chart, f"it defines {name!r}, which is a part of the machine; rename or remove it"
            )


def _validate_events(chart: type[ChartBase], structure: Structure) -> None:
    states = {state.id for state in structure.by_value.values()}
    for event, where in structure.events():
        name = event.name
        if "*" in name or "." in name:
            raise WildcardEventError(
                chart, f"{where}: the event {name!r} matches other events; name each event"
            )
        if name.startswith(("error_", "done_")):
            raise ReservedEventError(
                chart,
                f"{where}: the event {name!r} has a prefix of python-statemachine's own events "
                "(error_, done_); rename it",
            )
        if event.has_delay:
            raise DelayedEventError(
                chart, f"{where}: the event {name!r} has a delay; let a timer send the event"
            )
        if event.is_internal:
            raise InternalEventError(
                chart, f"{where}: the event {name!r} is internal; return a Send from an effect"
            )
        if name in RESERVED_NAMES:
            raise ReservedNameError(
                chart,
                f"{where}: the event {name!r} has the name of a part of the machine; "
                "rename its class",
            )
        if name in states:
            raise EventNamedLikeStateError(
                chart, f"{where}: the event {name!r} has the name of a state; rename one of them"
            )


def _validate_alphabet(chart: type[ChartBase]) -> None:
    known: set[str] = set()
    for event in chart.alphabet:
        if not (isinstance(event, type) and issubclass(event, Event)):
            raise AlphabetError(
                chart, f"alphabet contains {event!r}; it takes classes derived from Event"
            )
        if issubclass(event, RemovedEvent):
            raise AlphabetError(
                chart,
                f"alphabet contains {event.name!r}, a RemovedEvent, which every machine ignores; "
                "remove it from the alphabet, or derive it from Event",
            )
        if event.name in known:
            raise AlphabetError(
                chart, f"alphabet contains two events named {event.name!r}; rename one class"
            )
        known.add(event.name)


def _validate_declarations(chart: type[ChartBase], structure: Structure) -> None:
    for declaration in chart.decided:
        if not isinstance(declaration, (Ignored, Impossible)):
            raise DeclarationError(
                chart, f"decided contains {declaration!r}; it takes ignored(...), impossible(...)"
            )
        what = f"the declaration {declaration.reason.sentence!r}"
        for state in declaration.states:
            if not structure.has(state):
                raise LostStateError(
                    chart,
                    f"{what} names a state that the chart does not have; something else in the "
                    "class body probably overwrote its name",
                )
        for event in declaration.events:
            if event not in chart.alphabet:
                raise EventNotInAlphabetError(
                    chart,
                    f"{what} names the event {event.name!r}, which is not in the alphabet; add it",
                )


def _validate_former_states(chart: type[ChartBase], structure: Structure) -> None:
    leaves = {state.id for state in structure.leaves}
    for former, now in chart.former_states.items():
        if former in leaves:
            raise FormerStateError(
                chart,
                f"former_states has {former!r}, which is a state today, so what an earlier release "
                "stored as such cannot be told apart; give today's state another name",
            )
        if callable(now):
            continue
        state = now if isinstance(now, str) else now.id
        if state not in leaves:
            raise FormerStateError(
                chart,
                f"former_states: {former!r} leads to {state!r}, which is no leaf state; "
                f"it takes {', '.join(sorted(leaves))}, or a function that gives one",
            )


def _validate_event_use(chart: type[ChartBase], structure: Structure) -> None:
    known = {event.name for event in chart.alphabet}
    decided = {event.name for declaration in chart.decided for event in declaration.events}
    for event, where in structure.events():
        if event.name not in known:
            raise EventNotInAlphabetError(
                chart, f"{where}: the event {event.name!r} is not in the alphabet; add its class"
            )
        decided.add(event.name)
    for name in sorted(known - decided):
        raise EventNeverDecidedError(
            chart,
            f"no state decides the event {name!r} of the alphabet; add a transition or "
            "ignored(...), or remove the event",
        )


def _validate_facts_type(chart: type[ChartBase]) -> None:
    """Facts are copied field by field, past pydantic; nothing else may be in them."""
    model = getattr(chart, "facts_type", None)
    if not (isinstance(model, type) and issubclass(model, Facts)):
        raise FactsTypeError(chart, f"facts_type is {model!r}; it takes a class derived from Facts")
    problem = None
    if model.model_config.get("extra") == "allow":
        problem = f"{model.__name__} allows extra fields"
    elif cached := cached_properties(model):
        problem = f"{model.__name__}.{cached[0]} is a cached property"
    if problem:
        raise FactsTypeError(
            chart, f"{problem}; facts are copied field by field, so they may have fields only"
        )


def _validate_immutable(chart: type[ChartBase], model: type[Record]) -> None:
    """Lists, dicts and sets are frozen in each record; what else could change is refused."""
    for name, info in model.model_fields.items():
        if (what := mutable_part(info.annotation)) is not None:
            raise MutableFieldError(
                chart, f"{model.__name__}.{name} holds {what}, or a guard could change it"
            )
