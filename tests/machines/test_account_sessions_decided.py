"""What becomes of an account when a session for it opens, ends or replaces it."""

from itertools import product
from typing import Any

import pytest

from relink.machines import RelinkPolicy
from relink.machines.account.facts import AccountOutage
from relink.machines.account.timeline import Told
from relink.machines.messages import (
    KnownAccountLinked,
    NewAccountLinkedInstead,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
    SessionUnsuccessful,
)
from relink.machines.vocabulary import AccountState, ReportedStatus

from .decided import (
    AT,
    KNOWN_AT,
    SENT,
    WITH_SESSION,
    YES_OR_NO,
    account,
    decide,
    request,
    sends,
)

# ── a session that ends without a repair (S4, R4) ────────────────────────────


def ended(kind: str, as_of: int = AT, **fields: Any) -> Any:
    if kind == "known":
        return KnownAccountLinked(session="fcsess_1", other="fca_2", as_of=as_of, **SENT, **fields)
    said = {"outcome": "failed", "failure_reason": "other", **fields}
    return SessionUnsuccessful(session="fcsess_1", as_of=as_of, **SENT, **said)


@pytest.mark.parametrize("kind", ["unsuccessful", "known"])
@pytest.mark.parametrize("state", AccountState)
def test_S4_the_end_of_the_open_session_returns_to_the_latest_report(kind: str, state: str) -> None:
    for own, works, repairable in product(YES_OR_NO, YES_OR_NO, (None, False, True)):
        if state == "inactive_relinkable" and own:
            continue  # No session is open.
        status = ReportedStatus.ACTIVE if works else ReportedStatus.RELINKABLE
        known = account(
            state,
            reported_status=status,
            repairable=repairable,
            session="fcsess_1" if own else "fcsess_2",
            request=request(),
        )
        decision = decide(known, ended(kind))
        down = "inactive_relinkable" if repairable else "inactive_unrepairable"
        leaves = own and state == "relinking"
        expected = state if not leaves else "active" if works else down
        case = (kind, state, own, works, repairable)
        assert decision.state == expected, case
        counts = own and state != "disconnected"
        assert decision.facts.session == (None if counts else known.facts.session), case
        expected_sends = {("account", "review_due"), ("account_number", "refresh_ended")}
        assert sends(decision) == (expected_sends if counts else set()), case
        offers = kind == "known" and state != "disconnected"
        assert decision.facts.known_linked == ("fca_2" if offers else None), case


@pytest.mark.parametrize("kind", ["unsuccessful", "known"])
def test_R4_attempts_are_used_up_with_the_policys_last_one_in_this_outage(kind: str) -> None:
    for attempts, failures, asked, counts in product((1, 2, 3), (0, 1, 2), (None, 1, 2), YES_OR_NO):
        outage = AccountOutage(number=2, since=AT - 500.0, failures=failures)
        known = account(
            "relinking", session="fcsess_1", request=request(outage=asked), outage=outage
        )
        fields: dict[str, Any] = {"policy": RelinkPolicy(attempts=attempts)}
        if kind == "unsuccessful":
            fields["counts"] = counts
        now = decide(known, ended(kind, **fields)).facts.outage
        is_counted = asked == 2 and (counts or kind == "known")
        expected = failures + is_counted
        case = (kind, attempts, failures, asked, counts)
        assert now.failures == expected, case
        assert now.given_up == (is_counted and expected >= attempts), case


@pytest.mark.parametrize(
    ("reason", "mode", "next_mode"),
    [
        ("no_account", "specific", "any_eligible"),
        ("no_account", "any_eligible", "any_eligible"),
        ("other", "specific", "specific"),
        ("other", "any_eligible", "any_eligible"),
        (None, "any_eligible", "any_eligible"),
    ],
)
def test_R4_the_next_session_is_of_the_same_kind_unless_the_account_was_not_found(
    reason: str | None, mode: str, next_mode: str
) -> None:
    outage = AccountOutage(number=1, since=0.0, failures=0)
    asked = request(outage=1, mode=mode)
    known = account("relinking", session="fcsess_1", request=asked, outage=outage)
    said = {"failure_reason": reason, "outcome": "failed" if reason else "cancelled"}
    now = decide(known, ended("unsuccessful", **said)).facts.outage
    assert now == outage.after(
        {"failures": 1, "next_mode": next_mode, "failure_reason": reason or "cancelled"}
    )


# ── an outage ends with what was repaired after it began (R4), and so does its mail (P2)

SINCE = AT - 500


@pytest.mark.parametrize("as_of", [SINCE - 1, SINCE, SINCE + 1])
@pytest.mark.parametrize("kind", ["relinked", "replaced"])
def test_R4_a_repair_or_replacement_ends_the_outage_that_had_begun(kind: str, as_of: int) -> None:
    outage = AccountOutage(number=1, since=SINCE + 0.5)
    known = account("relinking", session="fcsess_1", request=request(), outage=outage)
    said = {"session": "fcsess_1", "as_of": as_of, **SENT}
    trigger: Any = SessionRelinked(attempt=1, account="fca_1", read=False, **said)
    if kind == "replaced":
        trigger = NewAccountLinkedInstead(attempt=1, new="fca_2", **said)
    decision = decide(known, trigger)
    assert decision.facts.outage == (outage if as_of < SINCE else None)


@pytest.mark.parametrize("as_of", [SINCE - 1, SINCE, SINCE + 1])
@pytest.mark.parametrize("kind", ["unsuccessful", "known"])
@pytest.mark.parametrize("opened_at", [SINCE - 50.0, SINCE - 60.0])
def test_P2_a_mail_is_no_prompt_if_its_session_was_over_before_the_outage_began(
    kind: str, as_of: int, opened_at: float
) -> None:
    outage = AccountOutage(number=1, since=SINCE + 0.5, mailed_at=SINCE - 50.0)
    asked = {"session": "fcsess_1", "request": request(), "opened_at": opened_at}
    known = account("relinking", outage=outage, **asked)
    now = decide(known, ended(kind, as_of)).facts.outage
    is_dropped = as_of < SINCE and opened_at == outage.mailed_at
    assert now.mailed_at == (None if is_dropped else outage.mailed_at)


# ── a session opens (R1, S3) ─────────────────────────────────────────────────


@pytest.mark.parametrize("state", AccountState)
def test_R1_a_session_that_opens_is_the_open_one_unless_a_later_one_is(state: str) -> None:
    for had, attempt in product([None, "fcsess_1", "fcsess_2"], [2, 3, 4]):
        known = account(state, session=had, request=request() if had else None, attempt=3)
        trigger = SessionOpened(session="fcsess_2", request=request(attempt=attempt), **SENT)
        decision = decide(known, trigger)
        case = (state, had, attempt)
        is_known = had == "fcsess_2"
        is_overtaken = had == "fcsess_1" and attempt <= 3
        if state == "disconnected" or is_known or is_overtaken:
            assert decision.state == state, case
            assert decision.facts.session == had, case
            expected = {("session", "session_superseded")} if is_overtaken else set()
            assert sends(decision) == (set() if state == "disconnected" else expected), case
            continue
        opens = state in ("active", "inactive_relinkable")
        assert decision.state == ("relinking" if opens else state), case
        facts = decision.facts
        works = known.facts.reported_status == "active"
        assert (facts.session, facts.request) == ("fcsess_2", trigger.request), case
        assert (facts.attempt, facts.opened_at) == (max(3, attempt), AT), case
        assert facts.opened_while_active == works, case
        superseded = {("session", "session_superseded")} if had else set()
        told = {("account_number", "refresh_started"), ("account", "review_due")}
        assert sends(decision) == told | superseded, case


# ── a replaced account comes back, or never stopped (S6) ─────────────────────

TIMELINES = {
    "never stopped": (),
    "came back": (Told(KNOWN_AT - 20, False), Told(KNOWN_AT, True)),
    "came back, and stopped": (
        *(Told(KNOWN_AT - 20, False), Told(KNOWN_AT - 10, True)),
        Told(KNOWN_AT, False),
    ),
}


@pytest.mark.parametrize("state", [each for each in AccountState if each != "disconnected"])
def test_S6_a_replaced_account_follows_its_reports_once_it_has_come_back(state: str) -> None:
    for how, repairable, session in product(TIMELINES, YES_OR_NO, WITH_SESSION):
        works = how == "came back"
        status = ReportedStatus.RELINKABLE if repairable else ReportedStatus.UNREPAIRABLE
        known = account(
            state,
            **WITH_SESSION[session],
            timeline=TIMELINES[how],
            replaced_by="fca_2",
            replaced_as_of=KNOWN_AT - 15,
            reported_status=ReportedStatus.ACTIVE if works else status,
            repairable=None if works else repairable,
        )
        decision = decide(known, ReviewDue(**SENT))
        case = (state, how, repairable, session)
        if how == "never stopped":
            assert decision.state == "new_account_linked", case
        elif state == "new_account_linked" and works:
            assert decision.state == "active", case
        elif state == "new_account_linked":
            down = "inactive_relinkable" if session == "none" else "relinking"
            assert decision.state == (down if repairable else "inactive_unrepairable"), case


@pytest.mark.parametrize("attempt", [1, 2, 3])
@pytest.mark.parametrize("works", YES_OR_NO)
def test_S6_only_a_later_session_undoes_a_replacement(attempt: int, works: bool) -> None:
    status = ReportedStatus.ACTIVE if works else ReportedStatus.RELINKABLE
    replaced = {"replaced_by": "fca_2", "replaced_attempt": 2, "replaced_as_of": KNOWN_AT}
    known = account("new_account_linked", reported_status=status, **replaced)
    said = {"session": "fcsess_9", "account": "fca_1", "as_of": AT, "read": True}
    decision = decide(known, SessionRelinked(attempt=attempt, **said, **SENT))
    repaired = "active" if works else "relinked"
    assert decision.state == ("new_account_linked" if attempt <= 2 else repaired)
