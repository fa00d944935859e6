"""Applying effects: what the effects of one step returned becomes new facts and commands.

All effects of a step see the facts as they were before it. Their assigns are merged here, in
order. Two that set one field differently are an error, since which of them wins would be an
accident of order.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from .arguments import shown
from .effect import Assign, Command, Facts, Send
from .errors import ConflictingAssignsError, EffectResultError, UnknownFieldError
from .event import Event
from .suggest import did_you_mean

F = TypeVar("F", bound=Facts)

Returned = tuple[str, object]
"""The name of an effect, and what it returned."""


def apply_effects(
    facts: F, returned: Sequence[Returned], chart: str = ""
) -> tuple[F, tuple[Command, ...]]:
    """New facts and commands, in order, from what the effects of one step returned.

    Args:
        facts: The facts before the step.
        returned: What each effect returned, with its name.
        chart: The chart's name, for messages.

    Raises:
        EffectResultError: an effect returned something other than None, Assign, Command or a
            list of these.
        UnknownFieldError: an assign names a field that the facts do not have.
        ConflictingAssignsError: two assigns set one field differently.
    """
    commands: list[Command] = []
    assigns: list[tuple[str, Mapping[str, Any]]] = []
    for name, result in returned:
        if type(result) is Assign:
            assigns.append((name, result.changes))
            continue
        for item in result if isinstance(result, (list, tuple)) else (result,):
            kind = type(item)
            if kind is Assign:
                assigns.append((name, item.changes))
            elif kind is Send or isinstance(item, Command):
                commands.append(item)
            elif item is not None:
                raise EffectResultError(
                    f"{_start(chart)}the effect {name!r} returned {shown(item)}; {_cure(item)}"
                )
    if not assigns:
        return facts, tuple(commands)
    if len(assigns) == 1:  # by far the most frequent case
        after = facts.after(assigns[0][1])
        # An unknown field would be one more.
        if len(after.__dict__) == len(facts.__dict__):
            return after, tuple(commands)
    return with_assigns(facts, assigns, chart), tuple(commands)


def _start(chart: str) -> str:
    return f"{chart}: " if chart else ""


def _cure(item: object) -> str:
    """What to return instead."""
    if isinstance(item, type) and issubclass(item, (Command, Assign)):
        return f"return an instance: {item.__name__}(...)"
    if isinstance(item, (list, tuple)):
        return "return one list, without lists in it"
    if isinstance(item, dict):
        return f"return Assign({', '.join(f'{field}=...' for field in item)})"
    if isinstance(item, Facts):
        return "return the fields that change: Assign(field=...)"
    if isinstance(item, Event):
        return "return Send(machine=..., key=..., event=...)"
    return "return None, an Assign, a Command, or a list of these"


def with_assigns(facts: F, assigns: Sequence[tuple[str, Mapping[str, Any]]], chart: str = "") -> F:
    """The facts with the changes of all assigns, merged in order.

    Args:
        facts: The facts before the step.
        assigns: Names of effects, with the changes that each assigns.
        chart: The chart's name, for messages.

    Raises:
        UnknownFieldError: an assign names a field that the facts do not have.
        ConflictingAssignsError: two assigns set one field differently.
    """
    known = facts.__dict__.keys()
    merged: dict[str, Any] = {}
    for name, changes in assigns:
        if not changes.keys() <= known:
            unknown = [field for field in changes if field not in known]
            meant = did_you_mean(unknown[0], known)
            raise UnknownFieldError(
                f"{_start(chart)}the effect {name!r} assigns {', '.join(map(repr, unknown))}, "
                f"which {type(facts).__name__} does not have; {meant}{' ' if meant else ''}"
                f"its fields are {', '.join(known)}"
            )
        if not merged.keys().isdisjoint(changes):
            for field in merged.keys() & changes.keys():
                if merged[field] is not changes[field] and merged[field] != changes[field]:
                    _refuse_conflict(assigns, name, field, chart)
        merged.update(changes)
    return facts.after(merged)


def _refuse_conflict(
    assigns: Sequence[tuple[str, Mapping[str, Any]]], name: str, field: str, chart: str
) -> NoReturn:
    other = next(other for other, changes in assigns if field in changes)
    raise ConflictingAssignsError(
        f"{_start(chart)}the effects {other!r} and {name!r} of one step set the field {field!r} "
        "differently; let one of them set it"
    )
