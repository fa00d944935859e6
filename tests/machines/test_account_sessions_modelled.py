"""R1 to R9, S4 to S6: what an account does with sessions, and what it says: a plain model.

Every combination of what the rules look at is tried, each bound of a time met exactly, and state,
facts and commands are compared as a whole.
"""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest

from relink.engine import Command, Snapshot
from relink.machines.account.facts import AccountFacts, AccountOutage
from relink.machines.commands import (
    CreateRelinkSession,
    RetrieveAccountForCaller,
    RetrieveSessionForCaller,
)
from relink.machines.events import RelinkRequested
from relink.machines.messages import (
    KnownAccountLinked,
    NewAccountLinkedInstead,
    RefreshEnded,
    RefreshStarted,
    RefreshSucceeded,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
    SessionSuperseded,
    SessionUnsuccessful,
)
from relink.machines.report import Holder
from relink.machines.vocabulary import AccountState, NumberStatus, ReportedStatus

from .decided import AT, KNOWN_AT, YES_OR_NO, account, request
from .modelled import POLICY, SENT, Expected, compare, review, send

STATES = tuple(AccountState)
LINKED = tuple(state for state in STATES if state != "disconnected")
OWN = ("fcsess_1", "fcsess_2", None)
"""Which session is open: the one that the event is about, another one, or none."""
SINCE = KNOWN_AT + 200
OPENED_AT = KNOWN_AT + 150.25
REVIEW = review("account", "fca_1", ReviewDue)


def known(state: str, session: str | None = None, **facts: Any) -> Snapshot[AccountFacts]:
    said = {"session": session, "request": request(outage=1), "opened_at": OPENED_AT, **facts}
    return account(state, **{"attempt": 3, "opened_while_active": True, **said})


def outages() -> Iterable[AccountOutage | None]:
    """No outage, or the first or second one, in which Stripe wrote to the customer, or not."""
    yield None
    for number, mailed_at in product((1, 2), (None, OPENED_AT, OPENED_AT + 10)):
        yield AccountOutage(number=number, since=SINCE + 0.5, failures=1, mailed_at=mailed_at)


def number(kind: type[Any], **fields: Any) -> Command:
    return send("account_number", "fca_1", kind, **fields)


OVER = [number(RefreshEnded), REVIEW]


def by_report(facts: AccountFacts) -> str:
    """The state of the latest report (S4)."""
    if facts.reported_status == "active":
        return "active"
    return "inactive_relinkable" if facts.repairable else "inactive_unrepairable"


def without_mail(facts: AccountFacts, as_of: int) -> dict[str, Any]:
    """A session that was over before the outage began did not prompt for it (P2)."""
    outage = facts.outage
    if outage and outage.mailed_at == facts.opened_at and as_of < SINCE:
        return {"outage": outage.after({"mailed_at": None})}
    return {}


# ── it opens (R1) ────────────────────────────────────────────────────────────


def of_opened(now: Snapshot[AccountFacts], event: SessionOpened) -> Expected:
    facts, state = now.facts, now.state
    if state == "disconnected":
        return Expected(state, is_ignored=True)
    if facts.session == event.session:
        return Expected(state)
    changes: dict[str, Any] = {}
    if facts.outage and facts.outage.mailed_at is None and event.request.delivery == "email":
        changes["outage"] = facts.outage.after({"mailed_at": AT + 0.5})
    attempt = event.request.attempt
    if facts.session and attempt <= facts.attempt:
        over = send("session", event.session, SessionSuperseded, by=facts.session)
        return Expected(state, changes, [over, REVIEW] if changes else [over])
    changes |= {
        "session": event.session,
        "request": event.request,
        "attempt": max(attempt, facts.attempt),
        "opened_at": AT + 0.5,
        "opened_while_active": facts.reported_status == "active",
        "known_linked": None,
    }
    told = [number(RefreshStarted), REVIEW]
    if facts.session:
        told.append(send("session", facts.session, SessionSuperseded, by=event.session))
    opens = state in ("active", "inactive_relinkable")
    return Expected("relinking" if opens else state, changes, told)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("delivery", ["modal", "email", "url"])
def test_R1_a_session_that_opens_is_the_open_one_unless_a_later_one_is(
    state: str, delivery: str
) -> None:
    for session, outage, attempt in product(OWN, outages(), (2, 3, 4)):
        now = known(state, session, outage=outage, known_linked="fca_9")
        asked = request(attempt=attempt, delivery=delivery)
        event = SessionOpened(session="fcsess_1", request=asked, **SENT)
        compare("account", now, event, of_opened(now, event))


# ── it relinked the account (S5, S6) ─────────────────────────────────────────


def of_relinked(now: Snapshot[AccountFacts], event: SessionRelinked) -> Expected:
    facts, state = now.facts, now.state
    is_own = facts.session == "fcsess_1"
    works = facts.reported_status == "active"
    later = facts.as_of - event.as_of
    has_stopped = later >= 0 if facts.by_read else later > (2 if event.read else 0)
    match state:
        case "disconnected":
            return Expected(state, is_ignored=True, is_anomaly=True)
        case "active" | "relinked":
            return repaired(state, facts, event)
        case "new_account_linked" if event.attempt <= facts.replaced_attempt:
            return forgotten(state, facts, event.as_of)
        case "new_account_linked" | "relinking" if works:
            return repaired("active", facts, event)
        case "relinking" if has_stopped:
            return forgotten(by_report(facts) if is_own else state, facts, event.as_of)
        case "inactive_relinkable" | "inactive_unrepairable" if has_stopped:
            return forgotten(state, facts, event.as_of)
    return repaired("relinked", facts, event)


def forgotten(state: str, facts: AccountFacts, as_of: int) -> Expected:
    """If it was the open session, it is over."""
    if facts.session != "fcsess_1":
        return Expected(state)
    return Expected(state, {"session": None, **without_mail(facts, as_of)}, list(OVER))


def repaired(state: str, facts: AccountFacts, event: SessionRelinked) -> Expected:
    """A relink mends all that was wrong before it."""
    changes: dict[str, Any] = {"opened_while_active": False}
    told = [REVIEW, number(RefreshSucceeded, as_of=event.as_of)]
    if facts.session == "fcsess_1":
        changes["session"] = None
    elif facts.session:
        told.append(number(RefreshStarted))
    if facts.outage and event.as_of >= SINCE:
        changes["outage"] = None
    if facts.included_at.get("deactivates_on", facts.as_of) < event.as_of:
        changes |= {"deactivates_on": None, "deactivation_action": None}
    if facts.number != "transactable":
        changes |= {"number": None, "number_expires_on": None}
    if event.as_of >= facts.repaired_as_of:
        changes |= {"repaired_as_of": event.as_of, "repaired_by_read": event.read}
    return Expected(state, changes, told)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("status", ReportedStatus)
def test_S5_S6_a_repair_counts_unless_it_stopped_or_was_replaced_since(
    state: str, status: ReportedStatus
) -> None:
    knowns = [
        known(state, session, reported_status=status, repairable=repairable, by_read=by_read)
        for session, repairable, by_read in product(OWN, (None, True), YES_OR_NO)
    ]
    attempts = (2, 3) if state == "new_account_linked" else (3,)
    for later, read, attempt in product((-3, -2, -1, 0, 1), YES_OR_NO, attempts):
        when = {"as_of": KNOWN_AT + later, "read": read, "attempt": attempt}
        event = SessionRelinked(session="fcsess_1", account="fca_1", **when, **SENT)
        for now in knowns:
            now = now._replace(facts=now.facts.after({"replaced_attempt": 2}))
            compare("account", now, event, of_relinked(now, event))


@pytest.mark.parametrize("state", ["relinked", "relinking"])
@pytest.mark.parametrize("session", OWN)
def test_S5_a_repair_ends_what_began_before_it(state: str, session: str | None) -> None:
    said = {"session": "fcsess_1", "account": "fca_1", "attempt": 3, "read": True}
    numbers = (None, *NumberStatus)
    for outage, later in product(outages(), (-1, 0, 1)):
        # The account stopped long before, or just now.
        for as_of in (KNOWN_AT, SINCE + 5):
            now = known(state, session, outage=outage, as_of=as_of)
            event = SessionRelinked(as_of=SINCE + later, **said, **SENT)
            compare("account", now, event, of_relinked(now, event))
    for later, told, status in product((-1, 0, 1), (None, SINCE), numbers):
        facts = {
            "repaired_as_of": SINCE,
            "repaired_by_read": False,
            "number": status,
            "number_expires_on": AT if status == "expiring" else None,
            "deactivates_on": AT + 9,
            "deactivation_action": "relink_required",
            "included_at": {"deactivates_on": told} if told else {},
        }
        now = known(state, session, **facts)
        event = SessionRelinked(as_of=SINCE + later, **said, **SENT)
        compare("account", now, event, of_relinked(now, event))


# ── it ended without (S4, R3, R4) ────────────────────────────────────────────


def of_end(now: Snapshot[AccountFacts], event: Any) -> Expected:
    facts, state = now.facts, now.state
    offers = isinstance(event, KnownAccountLinked)
    if state == "disconnected":
        return Expected(state, is_ignored=True, is_anomaly=offers)
    known_linked = {"known_linked": "fca_2"} if offers else {}
    if facts.session != "fcsess_1" or state == "inactive_relinkable":
        return Expected(state, known_linked, is_ignored=not offers)
    outage, asked = facts.outage, facts.request
    assert asked is not None
    changes: dict[str, Any] = {"session": None, **known_linked, **without_mail(facts, event.as_of)}
    if outage and asked.outage == outage.number and (offers or event.counts):
        why = None if offers else event.failure_reason
        counted: dict[str, Any] = {
            "failures": outage.failures + 1,
            "given_up": outage.given_up or outage.failures + 1 >= POLICY.attempts,
            "next_mode": "any_eligible" if why == "no_account" else asked.mode,
        }
        if not offers:
            counted["failure_reason"] = why or event.outcome
        changes["outage"] = outage.after(counted)
    ends = by_report(facts) if state == "relinking" else state
    return Expected(ends, changes, list(OVER))


def ends(as_of: int, counts: bool) -> Iterable[Any]:
    """Each way in which a session ends without a repair."""
    when: dict[str, Any] = {"session": "fcsess_1", "as_of": as_of, **SENT}
    for why in ("no_account", "other"):
        yield SessionUnsuccessful(outcome="failed", failure_reason=why, counts=counts, **when)
    for outcome in ("cancelled", "abandoned"):
        yield SessionUnsuccessful(outcome=outcome, failure_reason=None, counts=counts, **when)
    yield KnownAccountLinked(other="fca_2", **when)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("works", YES_OR_NO)
def test_S4_R3_the_end_of_the_open_session_returns_to_the_latest_report(
    state: str, works: bool
) -> None:
    status = ReportedStatus.ACTIVE if works else ReportedStatus.RELINKABLE
    for session, repairable, event in product(OWN, (None, False, True), ends(AT, True)):
        now = known(state, session, reported_status=status, repairable=repairable)
        compare("account", now, event, of_end(now, event))


@pytest.mark.parametrize("state", ["relinking", "active"])
@pytest.mark.parametrize("mode", ["specific", "any_eligible"])
def test_R4_an_attempt_counts_in_the_outage_in_which_it_was_asked_for(
    state: str, mode: str
) -> None:
    for given_up, failures, asked, counts in product(YES_OR_NO, (0, 1, 2), (None, 1), YES_OR_NO):
        for outage, event in product(outages(), ends(AT, counts)):
            said = {"failures": failures, "given_up": given_up, "failure_reason": "before"}
            now = known(
                state,
                "fcsess_1",
                outage=outage.after(said) if outage else None,
                request=request(outage=asked, mode=mode),
            )
            compare("account", now, event, of_end(now, event))


@pytest.mark.parametrize("later", [-1, 0, 1])
def test_P2_a_mail_of_a_session_that_was_over_before_the_outage_is_no_prompt(later: int) -> None:
    for outage, event in product(outages(), ends(SINCE + later, True)):
        # A session that was over by then was asked for in no outage, or in an earlier one.
        now = known("relinking", "fcsess_1", outage=outage, request=request(outage=None))
        compare("account", now, event, of_end(now, event))
        said: dict[str, Any] = {"account": "fca_1", "attempt": 3, "read": False, **SENT}
        relinked = SessionRelinked(session="fcsess_1", as_of=SINCE + later, **said)
        stopped = now._replace(facts=now.facts.after({"as_of": SINCE + 5}))
        compare("account", stopped, relinked, of_relinked(stopped, relinked))


# ── it brought another account instead (S6, P4) ──────────────────────────────


def of_replaced(now: Snapshot[AccountFacts], event: NewAccountLinkedInstead) -> Expected:
    facts = now.facts
    is_own = event.session is not None and facts.session == event.session
    attempt = facts.attempt if event.attempt is None else event.attempt
    changes: dict[str, Any] = {
        "opened_while_active": False,
        "requested_for": frozenset(),
        "replaced_attempt": max(attempt, facts.replaced_attempt),
    }
    if facts.outage and event.as_of >= SINCE:
        changes["outage"] = None
    is_same = event.session and event.session == facts.replaced_session
    by, since = facts.replaced_by or "", facts.replaced_as_of
    is_latest = event.as_of > since or (event.as_of == since and event.new >= by)
    if is_same and event.as_of < since:
        changes["replaced_as_of"] = event.as_of
    elif not is_same and is_latest:
        changes |= {"replaced_by": event.new, "replaced_as_of": event.as_of}
        changes |= {"replaced_session": event.session, "has_returned": False}
    told = [REVIEW]
    if is_own:
        changes["session"] = None
        told = list(OVER)
    stays = now.state in ("new_account_linked", "disconnected")
    return Expected(now.state if stays else "new_account_linked", changes, told)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("session", OWN)
def test_S6_P4_the_latest_replacement_counts_from_its_first_report(
    state: str, session: str | None
) -> None:
    replaced: list[dict[str, Any]] = [
        {},
        {"replaced_by": "fca_2", "replaced_session": "fcsess_1"},
        {"replaced_by": "fca_2", "replaced_session": "fcsess_0"},
        {"replaced_by": "fca_2", "replaced_session": None},
    ]
    for before, later, by, attempt in product(replaced, (-1, 0, 1), "123", (None, 2, 5)):
        if before:
            facts = {"replaced_as_of": SINCE, "replaced_attempt": 4, "has_returned": True}
            before = {**before, **facts}
        now = known(state, session, requested_for=frozenset({"unrepairable"}), **before)
        said = {"new": f"fca_{by}", "as_of": SINCE + later, "attempt": attempt}
        event = NewAccountLinkedInstead(session="fcsess_1" if attempt else None, **said, **SENT)
        compare("account", now, event, of_replaced(now, event))


def test_S6_a_replacement_ends_the_outage_that_had_begun() -> None:
    for outage, later in product(outages(), (-1, 0, 1)):
        now = known("relinking", "fcsess_1", outage=outage)
        said = {"new": "fca_2", "as_of": SINCE + later, "attempt": 4}
        event = NewAccountLinkedInstead(session="fcsess_1", **said, **SENT)
        compare("account", now, event, of_replaced(now, event))


# ── the service asks for one (R1, R4, R7 to R9, S3) ──────────────────────────


def why(facts: AccountFacts, event: RelinkRequested) -> str | None:
    """Why a relink makes sense."""
    works = facts.reported_status == "active"
    opened = facts.request if facts.session else None
    if works and event.reason not in (None, "inactive"):
        return event.reason
    if opened and event.reason is None and not (works and opened.reason == "inactive"):
        return opened.reason
    if works and facts.number == "lapsed":
        return "number_lapsed"
    if not works and facts.reported_status != "disconnected" and facts.repairable:
        return "inactive"
    asked, own = event.permissions, facts.permissions or ()
    return "new_permissions" if asked and not set(asked) <= set(own) else None


def wanted(facts: AccountFacts, event: RelinkRequested) -> CreateRelinkSession:
    opened = facts.request if facts.session else None
    mode = "specific"
    if event.mode:
        mode = event.mode
    elif opened:
        mode = opened.mode
    elif facts.outage:
        mode = facts.outage.next_mode
    permissions: Any = POLICY.permissions
    if event.permissions is not None:
        permissions = event.permissions
    elif opened:
        permissions = opened.permissions
    elif facts.permissions is not None:
        permissions = facts.permissions
    return CreateRelinkSession(
        account="fca_1",
        attempt=facts.attempt + 1,
        authorization=facts.authorization or "",
        outage=facts.outage.number if facts.outage else None,
        mode=mode,  # type: ignore[arg-type]
        reason=why(facts, event) or "inactive",  # type: ignore[arg-type]
        holder=facts.holder,
        permissions=tuple(sorted({"payment_method", *permissions})),
        subcategories=POLICY.subcategories,
        delivery=event.delivery,
        return_url=event.return_url,
    )


def of_request(now: Snapshot[AccountFacts], event: RelinkRequested) -> Expected:
    facts, state = now.facts, now.state
    new, opened = wanted(facts, event), facts.request
    is_open = (
        facts.session is not None
        and opened is not None
        and (new.mode, new.permissions, new.delivery)
        == (opened.mode, opened.permissions, opened.delivery)
        and (event.reason is None or new.reason == opened.reason)
    )
    again = RetrieveSessionForCaller(
        session=facts.session or "", reason="asked_again", dedup_key="evt_1"
    )
    first_read = RetrieveAccountForCaller(account="fca_1", dedup_key="evt_1")
    refused = Expected(state, is_ignored=True)
    if is_open and state in ("active", "relinking", "relinked"):
        return Expected(state, commands=[again])
    if state not in ("active", "relinking", "inactive_relinkable", "inactive_unrepairable"):
        return refused
    if state == "active" and why(facts, event) is None:
        return refused
    if state != "inactive_unrepairable" and facts.authorization:
        return Expected(state, commands=[new])
    return refused if event.has_read else Expected(state, commands=[first_read])


CUSTOMER = Holder(field="customer", id="cus_1")
REASONS = (None, "inactive", "number_lapsed")


def requests() -> Iterable[RelinkRequested]:
    for mode, reason in product((None, "specific", "any_eligible"), REASONS):
        for permissions, delivery in product((None, (), ("balances",)), ("modal", "url")):
            for has_read in YES_OR_NO:
                yield RelinkRequested(
                    account="fca_1",
                    mode=mode,
                    reason=reason,
                    permissions=permissions,
                    delivery=delivery,
                    return_url="https://example.com" if has_read else None,
                    has_read=has_read,
                    **SENT,
                )


SESSIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "over": {"request": request(mode="any_eligible", permissions=("balances", "payment_method"))},
    "open": {
        "session": "fcsess_1",
        "request": request(mode="any_eligible", permissions=("balances", "payment_method")),
    },
    "open for its number": {
        "session": "fcsess_1",
        "request": request(reason="number_lapsed", permissions=("payment_method",)),
    },
}
FOUND: dict[str, dict[str, Any]] = {
    "in no outage": {"holder": CUSTOMER},
    "its permissions are known": {"permissions": ("balances",)},
    "in its second outage": {
        "permissions": (),
        "outage": AccountOutage(number=2, since=SINCE, next_mode="any_eligible"),
    },
    "its number has lapsed": {"number": NumberStatus.LAPSED, "deactivates_on": AT + 9},
    "without an authorization": {"authorization": None, "number": NumberStatus.LAPSED},
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("session", SESSIONS)
def test_R1_R4_R7_R9_a_request_gets_the_session_that_it_names_or_a_new_one(
    state: str, session: str
) -> None:
    repairs = {"relinking": (ReportedStatus.ACTIVE, ReportedStatus.RELINKABLE)}
    events = list(requests())
    for found, status in product(FOUND, repairs.get(state, (None,))):
        said: dict[str, Any] = {"attempt": 3, **FOUND[found], **SESSIONS[session]}
        if status:
            said |= {"reported_status": status, "repairable": status.repairable}
        now = account(state, **said)
        for event in events:
            compare("account", now, event, of_request(now, event))
