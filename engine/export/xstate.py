"""XState: a table as the JSON of an XState 5 machine configuration.

XState's guards are functions, and so are its ``and`` and ``not``: JSON cannot spell a condition.
Here a guard's type is the condition as text, which tools show, and its ``params`` are the same as
data: ``any`` lists alternatives, each with the answers that must be given. One function evaluates
all guards; ``meta.conditions`` lists the types to register it under.
"""

import json
from collections.abc import Iterable
from typing import Any

from ..arguments import explained
from ..condition import text
from ..given import ChartOrTable, as_table
from ..meaning import meaning
from ..reason import Reason
from ..table import Table
from .nesting import Nested, initial_path, nested, paths
from .rules import End, Rule, rules_of

Json = dict[str, Any]


@explained
def xstate_json(table: ChartOrTable) -> str:
    """The configuration of an XState 5 machine, as JSON that ends in a newline.

    Each event that is sent to the machine carries the guards' answers as ``event.guards``, by
    name. ``docs/exporting.md`` has the function that evaluates them.

    Args:
        table: A chart, or its table.

    Raises:
        ArgumentError: it is neither.
    """
    table = as_table(table, "xstate_json")
    states = nested(table)
    return json.dumps(_machine(table, states), indent=2, ensure_ascii=False) + "\n"


def _machine(table: Table, states: tuple[Nested, ...]) -> Json:
    rules = {state: tuple(rules_of(table, state)) for state in table.states}
    every = [rule for found in rules.values() for rule in found]
    guards = {name for rule in every for term in rule.condition for name, _ in term}
    effects = {name for rule in every for name in rule.end.effects} | set(table.entry.effects)
    conditions = {text(rule.condition): None for rule in every if not rule.is_unconditional}
    description = meaning(table)
    # Targets begin at the machine, since a state may have the machine's own name.
    targets = {state: f"#{'.'.join((table.name, *path))}" for state, path in paths(states).items()}
    return {
        "id": table.name,
        "version": table.digest,
        **({"description": description} if description else {}),
        "meta": {
            "conditions": list(conditions),
            "guards": _glossary(table, guards),
            "actions": _glossary(table, effects),
        },
        # The machine itself is entered once, when it starts.
        **({"entry": list(table.entry.effects)} if table.entry.effects else {}),
        "initial": initial_path(table)[0],
        "states": {state.id: _state(table, state, rules, targets) for state in states},
    }


def _glossary(table: Table, names: Iterable[str]) -> dict[str, str]:
    return {name: meaning(table, name) for name in sorted(names)}


def _state(
    table: Table, state: Nested, rules: dict[str, tuple[Rule, ...]], targets: dict[str, str]
) -> Json:
    if state.children:
        inner = {child.id: _state(table, child, rules, targets) for child in state.children}
        return {"initial": state.initial, "states": inner}
    if state.id in table.final:
        return {"type": "final"}
    on: dict[str, list[Json]] = {}
    for rule in rules[state.id]:
        on.setdefault(rule.event, []).append(_transition(rule, targets))
    return {"on": on}


def _transition(rule: Rule, targets: dict[str, str]) -> Json:
    end = rule.end
    made: Json = {}
    if not rule.is_unconditional:
        made["guard"] = {
            "type": text(rule.condition),
            "params": {"any": [dict(term) for term in rule.condition]},
        }
    if end.target is not None:
        made["target"] = targets[end.target]
    if end.effects:
        made["actions"] = list(end.effects)
    if end.reason is not None:
        made["description"] = end.sentence
        made["meta"] = _meta(end, end.reason)
    return made


def _meta(end: End, reason: Reason) -> Json:
    meta: Json = {"outcome": end.outcome}
    if reason.code is not None:
        meta["reason"] = reason.code
    if end.anomaly:
        meta["anomaly"] = True
    return meta
