"""The hand-written function decides as the table does, in all states and not only on the walk."""

import pytest

from benchmarks.peers.by_hand import decide
from benchmarks.walk import walk
from relink.engine import Snapshot
from relink.machines.account import AccountChart
from relink.machines.events import AccountResumed

TABLE = AccountChart.table()


@pytest.mark.parametrize("state", TABLE.states)
def test_it_returns_the_same_as_the_table(state: str) -> None:
    questions = walk()
    for facts in {id(each.facts): each.facts for each in questions}.values():
        for event in (each.event for each in questions):
            wanted = TABLE.decide(Snapshot(state, facts), event)
            reason = wanted.reason.code if wanted.reason else None
            why = (wanted.outcome, wanted.guards, reason)
            assert decide(state, facts, event) == (wanted.state, wanted.facts, wanted.commands, why)


def test_it_says_which_events_it_does_not_know() -> None:
    event = AccountResumed(causation_id="r1", at=1, account="fca_1")
    with pytest.raises(NotImplementedError, match="AccountResumed"):
        decide("active", walk()[0].facts, event)
