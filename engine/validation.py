"""Validation: what cannot be compiled soundly is rejected, with chart, place, rule and cure.

A table stands for a chart only if the next state and the effects are a function of the active
leaf state, the facts and the event. Constructs that depend on more (history, parallel regions,
time, running activities), or that the library executes in a surprising way, are not supported.
Each has an error of its own.
"""

from collections.abc import Mapping

from .absent import misspelled
from .alphabet import validate_alphabet
from .arguments import shown
from .callbacks import validate_callbacks
from .chart_base import ChartBase
from .effect import Facts
from .errors import (
    DeclarationError,
    DuplicateStateError,
    EventlessTransitionError,
    FactsTypeError,
    FinalStateWithWayOutError,
    FormerStateError,
    HistoryStateError,
    InternalTransitionError,
    ListenerError,
    LostStateError,
    MisspelledAttributeError,
    MutableFieldError,
    NestedFinalStateError,
    NoStatesError,
    ParallelStateError,
    PrepareEventError,
    ReservedNameError,
    StoryError,
)
from .faults import Faults
from .frozen import mutable_part
from .library.names import SET_BY_METACLASS, is_declaration, is_state
from .library.structure import DeclaredState, DeclaredTransition, Structure
from .record import cached_properties, check_types
from .sealed import DECLARING_NAMES, RESERVED_NAMES, own_attributes
from .sends import check_form as check_sent_form
from .story import faults_of
from .suggest import did_you_mean

_SET_ON_EACH_CHART = SET_BY_METACLASS | {"_table", "table_text"}
"""What each chart class gets when it is made or compiled, or from its stored table."""

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
            to do instead, for all faults of that kind.
        RecordError: the type of a field is not defined.
    """
    faults = Faults(chart)
    if not structure.states:
        cure = "declare at least an initial one: opened = State(initial=True)"
        faults.add(NoStatesError, "", "it has no states", cure)
    faults.check()
    for state in structure.states:
        _check_state(faults, state)
    _check_unique(faults, structure)
    faults.check()
    for state in structure.states:
        for transition in state.transitions:
            _check_transition(faults, structure, state, transition)
    faults.check()
    _check_attributes(faults, chart, structure)
    faults.check()
    validate_alphabet(chart, structure)
    _check_absorbing(faults, chart, structure)
    faults.check()
    _check_former_states(faults, chart, structure)
    faults.check()
    _check_facts_type(faults, chart)
    faults.check()
    check_sent_form(chart)
    for fault in faults_of(chart.story):
        raise StoryError(chart, fault)
    for model in (chart.facts_type, *chart.alphabet):
        check_types(model)
        for name, info in model.model_fields.items():
            # Lists, dicts and sets are frozen in each record; what else could change is refused.
            if (what := mutable_part(info.annotation)) is not None:
                what, _, cure = what.partition("; ")
                rule = f"it holds {what}, so that a guard could change it"
                cure = cure or "use a type that cannot be changed in place"
                faults.add(MutableFieldError, f"{model.__name__}.{name}", rule, cure)
    faults.check()
    validate_callbacks(chart, structure)


def _check_state(faults: Faults, state: DeclaredState) -> None:
    place = str(state)
    if state.is_parallel:
        rule = "it is parallel, and one leaf state must be active"
        faults.add(ParallelStateError, place, rule, "use several charts")
    if state.is_history:
        rule = "it is a history state"
        faults.add(HistoryStateError, place, rule, "remember in the facts where to return to")
    if state.is_final and state.parent is not None:
        faults.add(
            NestedFinalStateError,
            place,
            f"it is final, inside the compound state {state.parent!r}, and would raise "
            "done.state events",
            "move it to the top, or drop final=True",
        )
    if state.is_final and state.transitions:
        rule = f"it is final, and has {state.transitions[0]}"
        faults.add(FinalStateWithWayOutError, place, rule, "drop one of the two")
    if state.id in RESERVED_NAMES:
        rule = "it has the name of a part of the machine"
        faults.add(ReservedNameError, place, rule, "rename the state")


def _check_unique(faults: Faults, structure: Structure) -> None:
    seen: set[str] = set()
    for state in structure.states:
        if state.id in seen or not structure.has(state.state):
            rule = f"another state has its id or its value {state.value!r}"
            cure = "ids and values must differ, in compound states too"
            faults.add(DuplicateStateError, str(state), rule, cure)
        seen.add(state.id)


def _check_transition(
    faults: Faults, structure: Structure, source: DeclaredState, transition: DeclaredTransition
) -> None:
    place = str(transition)
    if any(not structure.has(target) for target in transition.targets):
        faults.add(
            LostStateError,
            place,
            "it leads to a state that the chart does not have; something else in the class body "
            f"overwrote its name, perhaps the event {transition.event!r}",
            "rename one of them",
        )
    if transition.is_initial:
        return
    if len(transition.targets) > 1:
        rule = "it leads to several states, and one leaf state must be active"
        faults.add(ParallelStateError, place, rule, "declare one target")
    if transition.is_eventless:
        faults.add(EventlessTransitionError, place, "it has no event", "add event=...")
    at_top = source.is_leaf and source.parent is None
    if transition.is_internal and not (transition.is_to_itself and at_top):
        rule = (
            "it is internal, from or to a nested or compound state, which python-statemachine "
            "executes wrongly"
        )
        faults.add(InternalTransitionError, place, rule, "use stays(...)")


def _check_attributes(faults: Faults, chart: type[ChartBase], structure: Structure) -> None:
    if structure.listeners:
        faults.add(
            ListenerError,
            "listeners",
            f"{structure.listeners[0]!r} would add callbacks that the chart does not show",
            "make them effects",
        )
    own = own_attributes(chart)
    if "prepare_event" in own:
        rule = "it would change what guards and effects get"
        faults.add(PrepareEventError, "prepare_event", rule, "remove it")
    for name, value in own.items():
        if is_declaration(value):
            continue  # a state or an event, which has an error of its own
        if name in RESERVED_NAMES - DECLARING_NAMES - _SET_ON_EACH_CHART or name in _HOOKS:
            rule = f"it defines {name!r}, which is a part of the machine"
            faults.add(ReservedNameError, "", rule, "rename or remove it")
    for name, cure in misspelled(own, DECLARING_NAMES):
        faults.add(MisspelledAttributeError, "", f"nothing reads its attribute {name!r}", cure)


def _check_absorbing(faults: Faults, chart: type[ChartBase], structure: Structure) -> None:
    known = [state.state for state in structure.states]
    for given in chart.absorbing:
        if any(given is state for state in known):
            continue
        if isinstance(given, str):
            rule, cure = f"{given!r} is a text", f"name the state without quotes: {given}"
            faults.add(DeclarationError, "absorbing", rule, cure)
        else:
            rule = "it names a state that the chart does not have"
            faults.add(LostStateError, "absorbing", rule, "name a state of this chart")


def _check_former_states(faults: Faults, chart: type[ChartBase], structure: Structure) -> None:
    if not isinstance(chart.former_states, Mapping):
        rule = f"it is {shown(chart.former_states)}"
        faults.add(FormerStateError, "former_states", rule, "give a dict of states by former id")
        return
    leaves = {state.id for state in structure.leaves}
    for former, now in chart.former_states.items():
        place = f"former_states, {former!r}"
        if former in leaves:
            rule = (
                "it is a state today, so what an earlier release stored as such cannot be told "
                "apart"
            )
            faults.add(FormerStateError, place, rule, "give today's state another name")
        elif callable(now) and not isinstance(now, type):
            continue  # what it gives shows when it is called
        elif is_state(now) or isinstance(now, str):
            state = now if isinstance(now, str) else now.id
            if state not in leaves:
                cure = f"it takes {', '.join(sorted(leaves))}, or a function that gives one"
                name = repr(state) if state else "a state without a name"
                rule = f"it leads to {name}, which is no leaf state of the chart"
                faults.add(FormerStateError, place, rule, did_you_mean(state, leaves) or cure)
        else:
            rule = f"it leads to {shown(now)}"
            cure = "give a state, its id, or a function of the facts that gives one"
            faults.add(FormerStateError, place, rule, cure)


def _check_facts_type(faults: Faults, chart: type[ChartBase]) -> None:
    """Facts are copied field by field, past pydantic; nothing else may be in them."""
    model = getattr(chart, "facts_type", None)
    place = "facts_type"
    if model is None:
        rule = "it says nowhere what the machine remembers"
        cure = "add facts_type = ..., with a class derived from Facts"
        faults.add(FactsTypeError, place, rule, cure)
    elif isinstance(model, Facts):
        rule = f"it is an instance of {type(model).__name__}"
        cure = f"give the class, without parentheses: facts_type = {type(model).__name__}"
        faults.add(FactsTypeError, place, rule, cure)
    elif not (isinstance(model, type) and issubclass(model, Facts)):
        rule = f"it is {model!r}, and takes a class derived from Facts"
        faults.add(FactsTypeError, place, rule, "derive a class from Facts, and give it")
    else:
        cure = "facts are copied field by field, so give them fields only"
        for name in cached_properties(model):
            rule = f"{model.__name__}.{name} is a cached property"
            faults.add(FactsTypeError, place, rule, cure)
