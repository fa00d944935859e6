"""What becomes of a relink session on each event in each state: the R rules as a table."""

from itertools import product
from typing import Any

import pytest

from relink.engine import Decision, Send, Snapshot
from relink.machines import RelinkPolicy, relink_system
from relink.machines.commands import Wake
from relink.machines.messages import (
    MemberSessionEnded,
    OwnershipChecked,
    ReadFailed,
    SessionCancelled,
    SessionDeadline,
    SessionFailed,
    SessionOpened,
    SessionPending,
    SessionRelinked,
    SessionSucceeded,
    SessionSuperseded,
    SessionUnclear,
    SessionUnsuccessful,
)
from relink.machines.session import SessionFacts

from .decided import request

AT = 1_000_000
SENT: dict[str, Any] = {"causation_id": "evt_1", "at": AT + 0.5}
ENDED = ("failed", "cancelled", "abandoned", "superseded")
STATES = ("open", "succeeded", *ENDED)
YES_OR_NO = (False, True)
TOLD_ACCOUNT = {
    *("session_relinked", "session_unsuccessful"),
    *("known_account_linked", "new_account_linked_instead"),
}


def known(**facts: Any) -> SessionFacts:
    usual = {"request": request(attempt=4), "opened_at": AT - 500.0, "failure_reason": "other"}
    return SessionFacts(id="fcsess_1").after({**usual, **facts})


def decide(state: str, facts: SessionFacts, trigger: Any) -> Decision:
    return relink_system().tables["session"].decide(Snapshot(state, facts, 1), trigger)


def told(decision: Decision) -> list[Any]:
    """What the account that was to be relinked is told."""
    sends = [c for c in decision.commands if isinstance(c, Send) and c.machine == "account"]
    return [c.event for c in sends if c.key == "fca_1" and c.event.name in TOLD_ACCOUNT]


def reads(decision: Decision) -> list[tuple[str, str]]:
    """What is to be read, and why."""
    sends = [c for c in decision.commands if isinstance(c, Send) and c.machine == "read"]
    return [(c.key, c.event.reason) for c in sends]  # type: ignore[attr-defined]


BOTH = [("fca_1", "session_ended"), ("fcauth_1", "session_ended")]


def succeeded(accounts: tuple[str, ...] | None, **fields: Any) -> SessionSucceeded:
    said = {"as_of": AT, "read": False, "relinked_account": None, "accounts": accounts, **fields}
    return SessionSucceeded(**SENT, **said)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("how", ["listed", "named", "second"])
@pytest.mark.parametrize("read", YES_OR_NO)
def test_R2_R5_a_success_with_the_expected_account_counts_however_late(
    state: str, how: str, read: bool
) -> None:
    accounts = {"listed": ("fca_1",), "named": None, "second": ("fca_2", "fca_1")}[how]
    relinked = "fca_1" if how == "named" else None
    trigger = succeeded(accounts, relinked_account=relinked, read=read)
    before = known(outcome="failed", overdue=True, asked="fca_2")
    decision = decide(state, before, trigger)
    assert decision.state == "succeeded"
    if state == "succeeded":
        assert (decision.facts, decision.commands) == (before, ())
        return
    changes = {"outcome": "relinked", "failure_reason": None, "linked": "fca_1"}
    assert decision.facts == before.after(changes)
    said = {"session": "fcsess_1", "attempt": 4, "account": "fca_1", "as_of": AT, "read": read}
    event = trigger.follow(SessionRelinked, **said)
    assert told(decision) == [event]
    assert Send(machine="authorization", key="fcauth_1", event=event) in decision.commands
    assert reads(decision) == BOTH


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("ownership", ["known", "new", "other_holder", "disconnected"])
def test_R3_R6_another_account_is_judged_by_whose_it_is(state: str, ownership: str) -> None:
    trigger = OwnershipChecked(account="fca_2", ownership=ownership, as_of=AT, read=True, **SENT)
    before = known(asked="fca_2")
    decision = decide(state, before, trigger)
    if state == "succeeded":
        assert (decision.state, decision.facts, decision.commands) == (state, before, ())
        return
    ended = trigger.follow(MemberSessionEnded, session="fcsess_1")
    tells_login = Send(machine="authorization", key="fcauth_1", event=ended)
    if ownership in ("known", "new"):
        outcome = f"{ownership}_account_linked"
        changes = {"outcome": outcome, "failure_reason": None, "linked": "fca_2"}
        assert (decision.state, decision.facts) == ("succeeded", before.after(changes))
        [event] = told(decision)
        assert (event.session, event.as_of) == ("fcsess_1", AT)
        assert (event.other if ownership == "known" else event.new) == "fca_2"
        if ownership == "new":
            assert event.attempt == 4
        assert tells_login in decision.commands
        assert reads(decision) == BOTH
        return
    reason = "other_holder" if ownership == "other_holder" else "account_disconnected"
    changes = {"failure_reason": reason, "linked": "fca_2"}
    if state == "open":
        assert (decision.state, reads(decision)) == ("failed", BOTH)
        assert [(e.outcome, e.failure_reason, e.counts) for e in told(decision)] == [
            ("failed", reason, True)
        ]
        assert decision.facts == before.after({**changes, "outcome": "failed"})
        assert tells_login in decision.commands
    else:
        assert (decision.state, decision.commands) == (state, ())
        assert decision.facts == before.after(changes)


UNSUCCESSFUL: dict[str, tuple[Any, dict[str, Any]]] = {
    "failed": (
        SessionFailed(as_of=AT, failure_reason="no_account", **SENT),
        {"outcome": "failed", "failure_reason": "no_account"},
    ),
    "cancelled": (
        SessionCancelled(as_of=AT, **SENT),
        {"outcome": "cancelled", "failure_reason": None},
    ),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("end", UNSUCCESSFUL)
@pytest.mark.parametrize("has_ended", YES_OR_NO)
def test_R4_R5_the_end_of_a_session_is_told_once_and_both_are_read(
    state: str, end: str, has_ended: bool
) -> None:
    trigger, said = UNSUCCESSFUL[end]
    before = known(failure_reason=None, has_ended=has_ended)
    decision = decide(state, before, trigger)
    if state == "open":
        assert decision.state == end
        event = trigger.follow(SessionUnsuccessful, session="fcsess_1", as_of=AT, **said)
        assert told(decision) == [event]
        assert reads(decision) == BOTH
        assert decision.facts == before.after(said)
        return
    is_news = state in ("abandoned", "superseded") and not has_ended
    assert decision.state == state
    assert told(decision) == []
    assert reads(decision) == (BOTH if is_news else [])
    assert decision.facts == before.after({"has_ended": has_ended or is_news})


QUIET: dict[str, Any] = {
    "pending": SessionPending(as_of=AT, read=True, **SENT),
    "pending by webhook": SessionPending(as_of=AT, read=False, **SENT),
    "unclear": SessionUnclear(as_of=AT, read=True, status="unheard_of", **SENT),
    "unclear by webhook": SessionUnclear(as_of=AT, read=False, status="unheard_of", **SENT),
    "without accounts": succeeded(None, read=True),
    "without accounts by webhook": succeeded(None),
    "read fails": ReadFailed(error="resource_missing", **SENT),
}


@pytest.mark.parametrize("what", QUIET)
@pytest.mark.parametrize("overdue", YES_OR_NO)
def test_R2_R3_a_session_is_abandoned_past_its_deadline_by_an_answer_without_a_result(
    what: str, overdue: bool
) -> None:
    trigger = QUIET[what]
    before = known(overdue=overdue, failure_reason=None)
    decision = decide("open", before, trigger)
    if not overdue or "webhook" in what:
        assert (decision.state, decision.facts) == ("open", before)
        assert told(decision) == []
        return
    assert decision.state == "abandoned"
    assert decision.facts == before.after({"outcome": "abandoned"})
    [event] = told(decision)
    assert (event.outcome, event.failure_reason) == ("abandoned", None)
    assert event.counts == (what != "without accounts")
    assert event.as_of == AT
    assert reads(decision) == BOTH


@pytest.mark.parametrize("elapsed", [0, 59, 60, 61, 500])
@pytest.mark.parametrize("state", STATES)
def test_R3_a_success_without_accounts_is_read_again_in_ever_longer_intervals(
    state: str, elapsed: int
) -> None:
    before = known(opened_at=AT + 0.5 - elapsed)
    by_webhook = decide(state, before, succeeded(None))
    asks = state != "succeeded"
    assert by_webhook.state == state
    assert reads(by_webhook) == ([("fcsess_1", "incomplete")] if asks else [])
    by_read = decide(state, before, succeeded(None, read=True))
    assert (by_read.state, reads(by_read)) == (state, [])
    wakes = [c for c in by_read.commands if isinstance(c, Wake)]
    assert [(w.machine, w.key, w.due) for w in wakes] == (
        [("read", "fcsess_1", AT + max(60, elapsed))] if state == "open" else []
    )


def test_R3_a_success_without_any_account_is_a_failure() -> None:
    decision = decide("open", known(), succeeded((), read=True))
    assert (decision.state, decision.facts.failure_reason) == ("failed", "no_account")
    assert [(e.outcome, e.failure_reason) for e in told(decision)] == [("failed", "no_account")]
    assert reads(decision) == BOTH


@pytest.mark.parametrize("state", STATES)
def test_R3_another_account_is_asked_and_past_the_deadline_in_vain_only_once(state: str) -> None:
    for overdue, read, asked, gone in product(YES_OR_NO, YES_OR_NO, (None, "fca_2"), YES_OR_NO):
        trigger = succeeded(
            ("fca_2", "fca_3"), read=read, gone=frozenset({"fca_2"} if gone else ())
        )
        before = known(overdue=overdue, asked=asked, failure_reason=None)
        decision = decide(state, before, trigger)
        case = (state, overdue, read, asked, gone)
        asks = [c for c in decision.commands if getattr(c, "key", "") == "fca_2"]
        if state == "succeeded":
            assert decision.commands == (), case
        elif state == "open" and overdue and read and asked:
            assert (decision.state, asks) == ("abandoned", []), case
        elif state == "open" and gone:
            assert (decision.state, asks) == ("failed", []), case
            assert decision.facts.failure_reason == "account_disconnected", case
            assert decision.facts.linked == "fca_2", case
        else:
            assert decision.state == state, case
            assert decision.facts == before.after({"asked": "fca_2"}), case
            [ask] = asks
            event = ask.event  # type: ignore[attr-defined]
            assert (event.session, event.expected) == ("fcsess_1", "fca_1"), case
            assert (event.opened_at, event.as_of, event.read) == (AT - 500.0, AT, read), case


@pytest.mark.parametrize("state", STATES)
def test_R1_R2_a_session_begins_once_has_a_deadline_and_leaves_to_its_successor(
    state: str,
) -> None:
    policy = RelinkPolicy(session_open_for=77)
    trigger = SessionOpened(session="fcsess_1", request=request(attempt=4), policy=policy, **SENT)
    new = SessionFacts(id="fcsess_1")
    if state == "open":
        began = decide("open", new, trigger)
        assert began.facts == new.after({"request": request(attempt=4), "opened_at": AT + 0.5})
        [wake] = began.commands
        assert isinstance(wake, Wake)
        assert (wake.machine, wake.key, wake.due) == ("session", "fcsess_1", AT + 77)
        assert isinstance(wake.event, SessionDeadline)
    again = decide(state, known(), trigger)
    assert (again.state, again.facts, again.commands) == (state, known(), ())

    due = decide(state, known(), SessionDeadline(**SENT))
    is_open = state == "open"
    assert (due.state, due.facts) == (state, known(overdue=is_open))
    assert reads(due) == ([("fcsess_1", "session_deadline")] if is_open else [])

    left = decide(state, known(), SessionSuperseded(by="fcsess_2", **SENT))
    assert (left.state, left.facts) == ("superseded" if is_open else state, known())
    assert len(left.commands) == is_open
