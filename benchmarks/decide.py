"""How fast is a decision? The account's chart with its effects, by every means there is.

Every side takes an account through the same walk (:mod:`.walk`), and first has to come to the same
states, facts and commands. Facts are given anew with each event, as a service loads them; what
keeps its state in between is said to be live.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from relink.engine import Snapshot
from relink.machines.account import AccountChart

from .measure import OURS, Line, Round, lines, take_turns, timed
from .peers import (
    by_hand,
    by_sismic,
    by_transitions,
    by_xstate,
    by_xstate_python,
    python_statemachine,
)
from .size import Size
from .walk import Outcome, Question, walk

REBUILT = "python-statemachine, rebuilt"
LIVE = "python-statemachine, live"
TRANSITIONS = "transitions, live"
XSTATE = "XState 5 on Node"
BY_HAND = "by hand (if, elif)"

Peer = Callable[[Sequence[Question]], Callable[[], list[Outcome]]]


def by_table(questions: Sequence[Question]) -> Callable[[], list[Outcome]]:
    """The compiled table."""
    decide = AccountChart.table().decide
    asked = [(Snapshot(each.state, each.facts), each.event) for each in questions]

    def go() -> list[Outcome]:
        outcomes = []
        for snapshot, event in asked:
            decision = decide(snapshot, event)
            outcomes.append(Outcome(decision.state, decision.facts, decision.commands))
        return outcomes

    return go


PEERS: dict[str, Peer] = {
    OURS: by_table,
    REBUILT: python_statemachine.rebuilt,
    LIVE: python_statemachine.live,
    TRANSITIONS: by_transitions.live,
    "xstate-statemachine, live": by_xstate_python.live,
    "sismic, live": by_sismic.live,
    BY_HAND: by_hand.called,
}


def run(size: Size) -> Iterator[Line]:
    """Measure all sides, once they agree."""
    questions = walk()
    sides: dict[str, Round] = {}
    with ExitStack() as stack:
        for name, peer in PEERS.items():
            go = peer(questions)
            check(name, go(), questions)
            sides[name] = timed(go, len(questions), size.seconds)
        if by_xstate.is_available():
            xstate = stack.enter_context(by_xstate.machine(questions))
            assert xstate.answers == [by_xstate.expected(each) for each in questions]
            sides[XSTATE] = xstate.round(size.seconds)
        yield from lines("decide", "µs", take_turns(sides, size.rounds, "decide"))


def check(name: str, outcomes: Sequence[Outcome], questions: Sequence[Question]) -> None:
    """See that a side comes to the table's outcomes.

    Raises:
        ValueError: it does not.
    """
    for number, (outcome, question) in enumerate(zip(outcomes, questions, strict=True)):
        if outcome != question.outcome:
            where = f"step {number} of the walk, {question.decision}"
            raise ValueError(f"{name} differs in {where}: {outcome}")
