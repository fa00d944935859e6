"""python-statemachine: one machine that lives on, or one that is built for each event.

What a service does that keeps its states in a database is the second.
"""

from collections.abc import Callable, Sequence
from typing import Any

from relink.engine.apply import apply_effects
from relink.machines.account import AccountChart

from ..declared import Returned
from ..walk import Outcome, Question


def live(questions: Sequence[Question]) -> Callable[[], list[Outcome]]:
    """One machine, which keeps its state."""
    machine = AccountChart()
    machine.current_state_value = questions[0].state

    def go() -> list[Outcome]:
        outcomes = []
        for question in questions:
            sent = machine.send(question.event.name, facts=question.facts, trigger=question.event)
            facts, commands = apply_effects(question.facts, _returned(sent))
            outcomes.append(Outcome(machine.current_state_value, facts, commands))
        return outcomes

    return go


def rebuilt(questions: Sequence[Question]) -> Callable[[], list[Outcome]]:
    """A machine for each event, in the stored state."""

    def go() -> list[Outcome]:
        outcomes = []
        for question in questions:
            machine = AccountChart(start_value=question.state)
            sent = machine.send(question.event.name, facts=question.facts, trigger=question.event)
            facts, commands = apply_effects(question.facts, _returned(sent))
            outcomes.append(Outcome(machine.current_state_value, facts, commands))
        return outcomes

    return go


def _returned(sent: Any) -> Returned:
    """What ``send`` gives back, by effect: one result alone, or a list of several."""
    several = isinstance(sent, list) and any(isinstance(item, list) for item in sent)
    return [("on", item) for item in sent] if several else [("on", sent)]
