"""The ``transitions`` library, on an object that lives on."""

from collections.abc import Callable, Sequence

from transitions import Machine

from relink.engine.apply import apply_effects

from ..declared import STATES, TRANSITIONS, Declared, Returned, effects, guard
from ..walk import Outcome, Question


class Account:
    """The object whose state the library keeps."""

    state: str

    def __init__(self) -> None:
        self.returned: Returned = []


def live(questions: Sequence[Question]) -> Callable[[], list[Outcome]]:
    """One object, which keeps its state."""
    account = Account()
    Machine(
        account,
        states=list(STATES),
        transitions=[_declared(each, account) for each in TRANSITIONS],
        initial=questions[0].state,
        auto_transitions=False,
        ignore_invalid_triggers=True,
    )
    triggers = [(getattr(account, each.event.name), each.facts, each.event) for each in questions]

    def go() -> list[Outcome]:
        outcomes = []
        for trigger, before, event in triggers:
            trigger(before, event)
            facts, commands = apply_effects(before, account.returned)
            account.returned.clear()
            outcomes.append(Outcome(account.state, facts, commands))
        return outcomes

    return go


def _declared(transition: Declared, account: Account) -> dict[str, object]:
    condition, run = guard(transition.guards), effects(transition.effects)
    return {
        "trigger": transition.event,
        "source": transition.source,
        "dest": transition.target,
        "conditions": [condition] if condition else [],
        "before": [lambda facts, trigger: run(facts, trigger, account.returned)],
    }
