"""``xstate-statemachine``, XState's configuration in Python: an interpreter that lives on."""

from collections.abc import Callable, Sequence
from typing import Any

from xstate_statemachine import MachineLogic, SyncInterpreter, create_machine

from relink.engine.apply import apply_effects

from ..declared import STATES, TRANSITIONS, Returned, effects, guard
from ..walk import Outcome, Question


def live(questions: Sequence[Question]) -> Callable[[], list[Outcome]]:
    """One interpreter, which keeps its state."""
    returned: Returned = []
    guards: dict[str, Callable[..., bool]] = {}
    actions: dict[str, Callable[..., None]] = {}
    states: dict[str, Any] = {state: {"on": {}} for state in STATES}
    for number, transition in enumerate(TRANSITIONS):
        made: dict[str, Any] = {"actions": [f"effects_{number}"]}
        actions[f"effects_{number}"] = _action(effects(transition.effects), returned)
        if transition.target:
            made["target"] = transition.target
        if condition := guard(transition.guards):
            made["guard"] = f"guard_{number}"
            guards[f"guard_{number}"] = _guard(condition)
        states[transition.source]["on"].setdefault(transition.event, []).append(made)
    config = {"id": "account", "initial": questions[0].state, "context": {}, "states": states}
    machine = create_machine(config, logic=MachineLogic(actions=actions, guards=guards))
    interpreter = SyncInterpreter(machine).start()

    def go() -> list[Outcome]:
        outcomes = []
        for question in questions:
            interpreter.send(question.event.name, facts=question.facts, trigger=question.event)
            facts, commands = apply_effects(question.facts, returned)
            returned.clear()
            (state,) = interpreter.current_state_ids
            outcomes.append(Outcome(state.removeprefix("account."), facts, commands))
        return outcomes

    return go


def _guard(condition: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def answer(context: Any, event: Any) -> bool:
        return condition(event.payload["facts"], event.payload["trigger"])

    return answer


def _action(run: Callable[[Any, Any, Returned], None], returned: Returned) -> Callable[..., None]:
    def act(interpreter: Any, context: Any, event: Any, action: Any) -> None:
        run(event.payload["facts"], event.payload["trigger"], returned)

    return act
