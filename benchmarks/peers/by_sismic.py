"""``sismic``: an interpreter that lives on. Its guards and actions are Python text."""

from collections.abc import Callable, Sequence
from typing import Any

from sismic.interpreter import Event, Interpreter  # type: ignore[import-untyped,unused-ignore]
from sismic.model import (  # type: ignore[import-untyped,unused-ignore]
    BasicState,
    CompoundState,
    Statechart,
    Transition,
)

from relink.engine.apply import apply_effects

from ..declared import STATES, TRANSITIONS, Declared, Returned, chart, effects, with_each_name
from ..walk import Outcome, Question


def live(questions: Sequence[Question]) -> Callable[[], list[Outcome]]:
    """One interpreter, which keeps its state."""
    returned: Returned = []
    runs = [effects(transition.effects) for transition in TRANSITIONS]

    def run(number: int, event: Any) -> None:
        runs[number](event.facts, event.trigger, returned)

    statechart = Statechart("account")
    statechart.add_state(CompoundState("root", initial=questions[0].state), None)
    for state in STATES:
        statechart.add_state(BasicState(state), "root")
    for number, transition in enumerate(TRANSITIONS):
        statechart.add_transition(_declared(number, transition))
    context = {"guards": chart(), "run": run}
    interpreter = Interpreter(statechart, initial_context=context, ignore_contract=True)
    interpreter.execute()

    def go() -> list[Outcome]:
        outcomes = []
        for question in questions:
            event = Event(question.event.name, facts=question.facts, trigger=question.event)
            interpreter.queue(event).execute_once()
            facts, commands = apply_effects(question.facts, returned)
            returned.clear()
            outcomes.append(Outcome(interpreter.configuration[-1], facts, commands))
        return outcomes

    return go


def _declared(number: int, transition: Declared) -> Transition:
    guards = [
        f"({with_each_name(text, lambda name: f'guards.{name}(event.facts, event.trigger)')})"
        for text in transition.guards
    ]
    return Transition(
        transition.source,
        transition.target,
        event=transition.event,
        guard=" and ".join(guards) or None,
        action=f"run({number}, event)",
        # Of several that may be taken, it takes the one of the highest priority.
        priority=-number,
    )
