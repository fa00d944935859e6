"""Reads: the fields of facts and events that guards and effects read in their code.

A typo there shows when the guard is asked, which may be late. The compiled code says which fields a
method reads of its ``facts`` and its ``trigger``, and the table says which events it gets. A field
that none of them has is a mistake. What the method reads in other ways is left to the tests.
"""

import dis
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from types import CodeType

from .chart_base import ChartBase
from .errors import UnknownAttributeError
from .event import Event
from .faults import Faults
from .sealed import plain_methods
from .suggest import unknown
from .tree import Leaf

_PARAMETERS = ("facts", "trigger")
_OF_VARIABLE = ("LOAD_FAST", "LOAD_DEREF")
"""How the instructions begin that load a variable, and no attribute or text of the same name."""


def refuse_unknown_reads(chart: type[ChartBase], leaves: Iterable[Leaf]) -> None:
    """Reject guards and effects that read a field that facts lack, or that no event of theirs has.

    Raises:
        UnknownAttributeError: there are some.
    """
    classes = {event.name: event for event in chart.alphabet}
    gets: dict[tuple[str, str], set[type[Event]]] = {}
    for leaf in leaves:
        if leaf.event in classes:
            named = [("guard", guard) for guard, _ in leaf.guards]
            for key in [*named, *(("effect", effect) for effect in leaf.effects)]:
                gets.setdefault(key, set()).add(classes[leaf.event])
    methods = plain_methods(chart)
    entered = {effect for leaf in leaves if leaf.index < 0 for effect in leaf.effects}
    faults = Faults(chart)
    for (role, name), events in gets.items():
        for parameter, field in reads(methods[name].__code__):
            kinds: Collection[type] = [chart.facts_type] if parameter == "facts" else events
            if any(_has(kind, field) for kind in kinds) or (
                parameter == "trigger" and name in entered
            ):
                continue
            of = ", ".join(sorted(kind.__name__ for kind in kinds))
            known = {each for kind in kinds for each in kind.model_fields}  # type: ignore[attr-defined]
            faults.add(
                UnknownAttributeError,
                f"the {role} {name!r}",
                f"it reads {parameter}.{field}, which {of} does not have",
                unknown(field, known, f"the fields are {', '.join(sorted(known)) or 'none'}"),
            )
    faults.check()


def _has(kind: type, field: str) -> bool:
    return field in getattr(kind, "model_fields", {}) or hasattr(kind, field)


def reads(code: CodeType) -> Iterator[tuple[str, str]]:
    """What a method reads of its parameters: pairs of a parameter and an attribute.

    Parameters that the method, or a function in it, binds again are left out.
    """
    instructions = list(dis.get_instructions(code))
    stored = {
        each.argval for each in instructions if each.opname.startswith(("STORE_", "DELETE_FAST"))
    }
    for before, after in pairwise(instructions):
        if after.opname not in ("LOAD_ATTR", "LOAD_METHOD"):
            continue
        if not before.opname.startswith(_OF_VARIABLE):
            continue
        # Newer Pythons load two variables at once; the attribute is of the second.
        loaded = before.argval[-1] if isinstance(before.argval, tuple) else before.argval
        if loaded in _PARAMETERS and loaded not in stored:
            yield loaded, after.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            own = {*constant.co_varnames, *constant.co_cellvars, *stored}
            yield from (read for read in reads(constant) if read[0] not in own)
