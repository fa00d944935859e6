"""R1 to R6: what becomes of a session, whatever is known of it and told: a plain model."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from relink.engine import Command, Snapshot
from relink.machines import relink_system
from relink.machines.commands import ReportAnomaly, Wake
from relink.machines.messages import (
    KnownAccountLinked,
    MemberSessionEnded,
    NewAccountLinkedInstead,
    OwnershipChecked,
    ReadFailed,
    ReturnedBySession,
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
from relink.machines.reasons import Anomaly
from relink.machines.report import Holder
from relink.machines.session import SessionFacts

from .decided import AT, YES_OR_NO, request
from .modelled import SENT, Expected, compare, read, send

GIVEN_UP = ("abandoned", "superseded")
ENDED = ("failed", "cancelled", *GIVEN_UP)
STATES = ("open", "succeeded", *ENDED)
CUSTOMER = Holder(field="customer", id="cus_1")
OLD_CUSTOMER = Holder(field="customer", id="cus_0")
REQUEST = request(attempt=4, holder=CUSTOMER)
READ_AT = AT - 7
BOTH: list[Command] = [
    read("fca_1", "account", "session_ended"),
    read("fcauth_1", "authorization", "session_ended"),
]
OVER: Command = send("authorization", "fcauth_1", MemberSessionEnded, session="fcsess_1")
IGNORED: dict[str, Any] = {"is_ignored": True}


def known(state: str, opened_at: float = AT - 100.0) -> Iterator[Snapshot[SessionFacts]]:
    """Each session that can be in this state."""
    has_ended = YES_OR_NO if state in GIVEN_UP else (False,)
    for overdue, asked, ended in product(YES_OR_NO, (None, "fca_9"), has_ended):
        facts = {
            "request": REQUEST,
            "opened_at": opened_at,
            "overdue": overdue,
            "asked": asked,
            "has_ended": ended,
            "failure_reason": "other",
        }
        yield Snapshot(state, SessionFacts(id="fcsess_1").after(facts), 1)


def unsuccessful(outcome: str, why: str | None, as_of: int, counts: bool = True) -> list[Command]:
    """The account and the authorization are told that it is over, and both are read."""
    said = {"outcome": outcome, "failure_reason": why, "as_of": as_of, "counts": counts}
    told = send("account", "fca_1", SessionUnsuccessful, session="fcsess_1", **said)
    return [told, OVER, *BOTH]


def failed(why: str, as_of: int, **changes: Any) -> Expected:
    said = {"outcome": "failed", "failure_reason": why, **changes}
    return Expected("failed", said, unsuccessful("failed", why, as_of))


def abandoned(as_of: int, counts: bool = True) -> Expected:
    told = unsuccessful("abandoned", None, as_of, counts)
    return Expected("abandoned", {"outcome": "abandoned"}, told)


# ── the customer linked something (R2, R3, R6) ───────────────────────────────


def of_success(now: Snapshot[SessionFacts], event: SessionSucceeded) -> Expected:
    facts, state = now.facts, now.state
    if state == "succeeded":
        return Expected(state, **IGNORED)
    named = [event.relinked_account] if event.relinked_account else []
    accounts = [*named, *(event.accounts or ())]
    if "fca_1" in accounts:
        said = {"session": "fcsess_1", "attempt": 4, "account": "fca_1"}
        when = {"as_of": event.as_of, "read": event.read}
        told: list[Command] = [
            send(machine, key, SessionRelinked, **said, **when)
            for machine, key in (("account", "fca_1"), ("authorization", "fcauth_1"))
        ]
        changes = {"outcome": "relinked", "failure_reason": None, "linked": "fca_1"}
        return Expected("succeeded", changes, [*told, *BOTH])
    is_last_chance = state == "open" and facts.overdue and event.read
    if is_last_chance and facts.asked:
        return abandoned(event.as_of)
    if accounts:
        other = accounts[0]
        if state == "open" and other in event.gone:
            return failed("account_disconnected", event.as_of, linked=other)
        asks = send(
            "account",
            other,
            ReturnedBySession,
            session="fcsess_1",
            expected="fca_1",
            holder=CUSTOMER,
            old_holder=event.old_holder,
            opened_at=facts.opened_at,
            as_of=event.as_of,
            read=event.read,
        )
        return Expected(state, {"asked": other}, [asks])
    if event.accounts is not None:
        is_news = state == "open"
        return failed("no_account", event.as_of) if is_news else Expected(state, **IGNORED)
    if is_last_chance:
        return abandoned(event.as_of, counts=False)
    asked = read("fcsess_1", "session", "incomplete")
    if not event.read:
        return Expected(state, commands=[asked])
    if state != "open":
        return Expected(state, **IGNORED)
    waits = max(60, int(AT + 0.5 - facts.opened_at))
    later = Wake(machine="read", key="fcsess_1", due=AT + waits, event=asked.event)
    return Expected(state, commands=[later])


RETURNED = (None, (), ("fca_1",), ("fca_2",), ("fca_3", "fca_1"), ("fca_3", "fca_2"))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("is_read", YES_OR_NO)
def test_R2_R3_R6_what_the_customer_linked_decides_and_the_account_is_asked_whose_it_is(
    state: str, is_read: bool
) -> None:
    said: Any = product((None, "fca_1", "fca_2"), RETURNED, ((), ("fca_2",), ("fca_1", "fca_3")))
    sessions = list(known(state))
    for relinked, accounts, gone in said:
        event = SessionSucceeded(
            as_of=READ_AT,
            read=is_read,
            relinked_account=relinked,
            accounts=accounts,
            gone=frozenset(gone),
            old_holder=OLD_CUSTOMER,
            **SENT,
        )
        for now in sessions:
            compare("session", now, event, of_success(now, event))


@pytest.mark.parametrize("elapsed", [0.0, 59.5, 60.4, 60.5, 61.0, 61.5, 500.0])
def test_R3_it_is_read_again_after_as_long_as_it_is_open_and_a_minute_at_least(
    elapsed: float,
) -> None:
    said: dict[str, Any] = {"relinked_account": None, "accounts": None, "read": True}
    event = SessionSucceeded(as_of=READ_AT, **said, **SENT)
    for now in known("open", opened_at=AT + 0.5 - elapsed):
        compare("session", now, event, of_success(now, event))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("whose", ["known", "new", "other_holder", "disconnected"])
def test_R3_R6_another_account_counts_if_it_is_of_the_same_holder(state: str, whose: Any) -> None:
    when = {"as_of": READ_AT, "read": True}
    event = OwnershipChecked(account="fca_2", ownership=whose, **when, **SENT)
    for now in known(state):
        if state == "succeeded":
            expected = Expected(state, **IGNORED)
        elif whose in ("known", "new"):
            said: dict[str, Any] = {"session": "fcsess_1", "as_of": READ_AT}
            kind: Any = KnownAccountLinked
            if whose == "known":
                said["other"] = "fca_2"
            else:
                kind = NewAccountLinkedInstead
                said |= {"new": "fca_2", "attempt": 4}
            told = send("account", "fca_1", kind, **said)
            outcome = f"{whose}_account_linked"
            changes = {"outcome": outcome, "failure_reason": None, "linked": "fca_2"}
            expected = Expected("succeeded", changes, [told, OVER, *BOTH])
        else:
            why = {"disconnected": "account_disconnected"}.get(whose, whose)
            if state == "open":
                expected = failed(why, READ_AT, linked="fca_2")
            else:
                expected = Expected(state, {"failure_reason": why, "linked": "fca_2"})
        compare("session", now, event, expected)


# ── it ended without, or nobody knows (R2, R4, R5, K2, K12) ──────────────────


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_R4_R5_an_end_is_told_once_and_what_it_may_have_changed_is_read(
    state: str, how: str
) -> None:
    event: Any = SessionCancelled(as_of=READ_AT, **SENT)
    if how == "failed":
        event = SessionFailed(as_of=READ_AT, failure_reason="no_account", **SENT)
    for now in known(state):
        if state == "open" and how == "failed":
            expected = failed("no_account", READ_AT)
        elif state == "open":
            told = unsuccessful("cancelled", None, READ_AT)
            expected = Expected("cancelled", {"outcome": "cancelled"}, told)
        elif state in GIVEN_UP and not now.facts.has_ended:
            expected = Expected(state, {"has_ended": True}, BOTH)
        else:
            expected = Expected(state, **IGNORED)
        compare("session", now, event, expected)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("is_read", YES_OR_NO)
def test_R2_an_answer_without_a_result_past_the_deadline_gives_it_up(
    state: str, is_read: bool
) -> None:
    pending = SessionPending(as_of=READ_AT, read=is_read, **SENT)
    refused = ReadFailed(error="resource_missing", **SENT)
    for now in known(state):
        is_over = state == "open" and now.facts.overdue
        expected = abandoned(READ_AT) if is_over and is_read else Expected(state, **IGNORED)
        compare("session", now, pending, expected)
        is_odd = state == "open"
        expected = Expected(state, is_ignored=True, is_anomaly=is_odd)
        compare("session", now, refused, abandoned(AT) if is_over else expected)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("is_read", YES_OR_NO)
@pytest.mark.parametrize("ahead", YES_OR_NO)
def test_K2_K12_what_relink_does_not_know_is_reported_and_read(
    state: str, is_read: bool, ahead: bool
) -> None:
    for status, now in product((None, "unheard_of"), known(state)):
        event = SessionUnclear(as_of=READ_AT, read=is_read, status=status, in_future=ahead, **SENT)
        if state == "succeeded":
            compare("session", now, event, Expected(state, **IGNORED))
            continue
        is_over = state == "open" and now.facts.overdue and is_read
        expected = abandoned(READ_AT) if is_over else Expected(state)
        if ahead or status:
            said: dict[str, Any] = {"anomaly": Anomaly.UNKNOWN_STATUS, "value": status}
            said["dedup_key"] = status
            if ahead:
                said = {"anomaly": Anomaly.FUTURE_TIME, "value": None, "dedup_key": "evt_1"}
            expected.commands.append(ReportAnomaly(about="fcsess_1", **said))
        if not is_read:
            why = "future_time" if ahead else "look"
            expected.commands.append(read("fcsess_1", "session", why))
        compare("session", now, event, expected)


# ── it opens, has a deadline, and leaves to its successor (R1, R2) ───────────


@pytest.mark.parametrize("state", STATES)
def test_R1_R2_it_opens_once_is_read_at_its_deadline_and_leaves_to_a_later_one(state: str) -> None:
    opened = SessionOpened(session="fcsess_1", request=REQUEST, **SENT)
    deadline, superseded = SessionDeadline(**SENT), SessionSuperseded(by="fcsess_2", **SENT)
    for now in known(state):
        again = Expected(state, **IGNORED)
        compare("session", now, opened, again)
        if state == "open":
            asked = read("fcsess_1", "session", "session_deadline")
            compare("session", now, deadline, Expected("open", {"overdue": True}, [asked]))
            compare("session", now, superseded, Expected("superseded", commands=[OVER]))
        else:
            compare("session", now, deadline, again)
            compare("session", now, superseded, again)


def test_R2_a_session_that_opens_has_as_long_as_the_policy_allows() -> None:
    new = relink_system().tables["session"].start(SessionFacts(id="fcsess_1")).snapshot
    opened = SessionOpened(session="fcsess_1", request=REQUEST, **SENT)
    due = Wake(machine="session", key="fcsess_1", due=AT + 500, event=SessionDeadline(**SENT))
    began = Expected("open", {"request": REQUEST, "opened_at": AT + 0.5}, [due])
    compare("session", new, opened, began)
    assert not new.facts.overdue
    assert not new.facts.has_ended
