"""Use: everything that a chart declares has to have an effect somewhere.

A transition that is never taken, a guard that is never asked, an effect that never runs, a method
that nothing uses, and a method annotated for another event are mistakes of the chart's author. The
compiled table knows which of them there are. Each kind is reported at once, with all its places.
"""

import types
import typing
from collections.abc import Collection, Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any

from . import expression
from .arguments import shown_type
from .chart_base import ChartBase
from .errors import (
    CallbackAnnotationError,
    DeadCallbackError,
    DeadTransitionError,
    UnusedMethodError,
)
from .event import Event
from .faults import Faults
from .library.structure import DeclaredTransition, Structure
from .reads import refuse_unknown_reads
from .sealed import plain_methods
from .tree import Leaf

Taken = Collection[tuple[int, str]]
"""Identities of transitions, each with the name of an event that it is taken on."""


def validate_use(
    chart: type[ChartBase], structure: Structure, taken: Taken, leaves: Iterable[Leaf]
) -> None:
    """Reject declarations without an effect, and methods that do not fit where they are used.

    Args:
        chart: The chart class.
        structure: What it declares.
        taken: Which transitions are taken, in any leaf.
        leaves: All leaves of the compiled table, the entry included.

    Raises:
        ChartError: the subclass says which rule is broken; the message lists all places, and says
            what to do.
    """
    leaves = tuple(leaves)
    _refuse_dead_transitions(chart, structure, taken)
    _refuse_dead_callbacks(chart, structure, leaves)
    _refuse_unused_methods(chart, structure)
    _refuse_annotations(chart, leaves)
    refuse_unknown_reads(chart, leaves)


def _refuse_dead_transitions(chart: type[ChartBase], structure: Structure, taken: Taken) -> None:
    faults = Faults(chart)
    for state in structure.states:
        for transition in state.transitions:
            for event in transition.events if not transition.is_initial else ():
                if (transition.identity, event.name) not in taken:
                    faults.add(
                        DeadTransitionError,
                        f"{transition}{_condition(transition)}",
                        f"it is never taken on {event.name!r}, since an earlier transition, a "
                        "nested state's own one or an impossible(...) always wins there",
                        "remove it, put it first, or give the other one a condition",
                    )
    faults.check()


def _condition(transition: DeclaredTransition) -> str:
    parts = [f"not ({g.name})" if g.is_negated else g.name for g in transition.guards]
    return f"[{' and '.join(parts)}]" if parts else ""


def _refuse_dead_callbacks(
    chart: type[ChartBase], structure: Structure, leaves: Collection[Leaf]
) -> None:
    asked = {guard for leaf in leaves for guard, _ in leaf.guards}
    ran = {effect for leaf in leaves for effect in leaf.effects}
    faults = Faults(chart)
    cure = "remove it, or correct the condition that leads to it"
    for state in structure.states:
        places = [(state.callbacks, str(state))]
        places += [(transition.callbacks, str(transition)) for transition in state.transitions]
        for callbacks, where in places:
            for callback in callbacks:
                if callback.is_convention and not hasattr(chart, callback.name):
                    continue
                if callback.role == "guard":
                    names = set(expression.names(expression.parse(callback.declared)))
                    for name in sorted(names - asked):
                        rule = f"the guard {name!r} is never asked"
                        faults.add(DeadCallbackError, where, rule, cure)
                elif callback.name not in ran:
                    rule = f"the effect {callback.name!r} never runs"
                    faults.add(DeadCallbackError, where, rule, cure)
    faults.check()


def _refuse_unused_methods(chart: type[ChartBase], structure: Structure) -> None:
    """Only of the class itself: a base may have methods for other charts."""
    used = {
        name for method in plain_methods(chart).values() for name in _mentioned(method.__code__)
    }
    for state in structure.states:
        used.update(callback.name for callback in state.callbacks)
        for transition in state.transitions:
            for callback in transition.callbacks:
                if callback.role == "guard":
                    used.update(expression.names(expression.parse(callback.declared)))
                else:
                    used.add(callback.name)
    for declaration in chart.decided:
        if declaration.when is not None:
            used.update(expression.names(expression.parse(declaration.when)))
    faults = Faults(chart)
    cure = "name it as a guard or effect, or remove it"
    for name, value in vars(chart).items():
        if isinstance(value, FunctionType) and name not in used:
            code = value.__code__
            if code.co_varnames[: code.co_argcount] == ("self", "facts", "trigger"):
                faults.add(UnusedMethodError, "", f"nothing uses the method {name!r}", cure)
    faults.check()


def _mentioned(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _mentioned(constant)


_NO_EFFECTS = (bool, int, str, float, dict, set)


def _refuse_annotations(chart: type[ChartBase], leaves: Iterable[Leaf]) -> None:
    classes = {event.name: event for event in chart.alphabet}
    methods = plain_methods(chart)
    faults = Faults(chart)
    cure = "use another method there, or correct its annotation"

    def add(place: str, rule: str) -> None:
        faults.add(CallbackAnnotationError, place, rule, cure)

    for leaf in leaves:
        event = classes.get(leaf.event)
        named = [("guard", guard) for guard, _ in leaf.guards]
        named += [("effect", effect) for effect in leaf.effects]
        for role, name in named:
            hints = _hints(methods[name])
            who = f"the {role} {name!r}"
            if event is not None and _forbids(hints.get("trigger"), event, Event):
                given = shown_type(hints["trigger"])
                add(leaf.source, f"{who} takes trigger: {given}, and gets {event.__name__}")
            if _forbids(hints.get("facts"), chart.facts_type, object):
                given = shown_type(hints["facts"])
                add("", f"{who} takes facts: {given}, and gets {chart.facts_type.__name__}")
            answer = hints.get("return", bool if role == "guard" else None)
            if role == "guard" and answer is not bool and answer is not Any:
                add("", f"{who} is annotated to return {shown_type(answer)}, not bool")
            if role == "effect" and (typing.get_origin(answer) or answer) in _NO_EFFECTS:
                given = shown_type(answer)
                add("", f"{who} is annotated to return {given}, which is no Assign or Command")
    faults.check()


def _hints(method: FunctionType) -> dict[str, Any]:
    """The annotations that can be resolved, such as not those imported for type checkers only."""
    try:
        hints = dict(method.__annotations__)
    except NameError:
        return {}
    for name, hint in list(hints.items()):
        if isinstance(hint, str):
            try:
                hints[name] = eval(hint, method.__globals__)
            except Exception:
                del hints[name]
    return hints


def _forbids(annotation: Any, given: type, within: type) -> bool:
    """Whether a value of the given class certainly does not fit the annotation."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return all(_forbids(part, given, within) for part in typing.get_args(annotation))
    if annotation is Any:  # which is a class
        return False
    if annotation is types.NoneType:
        return True
    if not isinstance(annotation, type) or getattr(annotation, "_is_protocol", False):
        return False
    if within is Event and not issubclass(annotation, Event):
        return False
    return not issubclass(given, annotation)
