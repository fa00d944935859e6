"""The account chart's own declarations, in a form that other libraries' machines are made from."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from statemachine.spec_parser import operator_mapping, parse_boolean_expr

from relink.machines.account import AccountChart

Guard = Callable[[Any, Any], bool]
"""Takes facts and trigger, as all guards of the chart do."""

Returned = list[tuple[str, object]]
"""What the effects of a step returned, by the effect's name."""

_NAME = re.compile(r"\b(?!and\b|or\b|not\b)[a-z_]+\b")


@dataclass(frozen=True, slots=True)
class Declared:
    """One transition. Of those with the same source and event, the first that may be taken is."""

    source: str
    event: str
    target: str | None
    """None: it stays, and its effects run."""
    guards: tuple[str, ...]
    """Expressions of names with and, or, not; all have to hold."""
    effects: tuple[str, ...]


STATES = tuple(state.id for state in AccountChart.states)

TRANSITIONS = tuple(
    Declared(
        state.id,
        str(event),
        transition.target.id if transition.target and not transition.internal else None,
        tuple(str(spec.func) for spec in transition.cond),
        tuple(str(spec.func) for spec in transition.on if not spec.is_convention),
    )
    for state in AccountChart.states
    for transition in state.transitions
    for event in transition.events
)


@cache
def chart() -> Any:
    """The object whose methods the guards and effects are."""
    return AccountChart()


def guard(expressions: Sequence[str]) -> Guard | None:
    """A function that answers all of the expressions; None where there are none."""
    parse: Any = parse_boolean_expr
    made: list[Guard] = [
        parse(text, lambda name: getattr(chart(), name), operator_mapping) for text in expressions
    ]
    if len(made) == 1:
        return made[0]
    if not made:
        return None
    return lambda facts, trigger: all(each(facts, trigger) for each in made)


def effects(names: Sequence[str]) -> Callable[[Any, Any, Returned], None]:
    """A function that runs the effects and adds what they return."""
    bound = [(name, getattr(chart(), name)) for name in names]

    def run(facts: Any, trigger: Any, returned: Returned) -> None:
        for name, effect in bound:
            returned.append((name, effect(facts, trigger)))

    return run


def with_each_name(expression: str, write: Callable[[str], str]) -> str:
    """A guard's expression in another notation.

    Args:
        expression: of names with and, or, not.
        write: writes a name.
    """
    return _NAME.sub(lambda match: write(match[0]), expression)
