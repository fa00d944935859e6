"""What becomes of an account on each event in each state: the S rules as a table.

The model below restates the rules. The chart of accounts has to decide the same, for every
combination of what the rules look at, also where no history of the other tests leads.
"""

from itertools import product
from typing import Any

import pytest

from relink.engine import Decision, Send, Snapshot
from relink.machines import RelinkPolicy, relink_system
from relink.machines.account import AccountFacts
from relink.machines.account.facts import AccountOutage
from relink.machines.account.timeline import Told
from relink.machines.commands import CreateRelinkSession
from relink.machines.messages import (
    KnownAccountLinked,
    NewAccountLinkedInstead,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
    SessionUnsuccessful,
)
from relink.machines.report import StatusReport
from relink.machines.reported import (
    LinkReported,
    ReportedActive,
    ReportedDisconnected,
    ReportedInactive,
    ReportedRelinkable,
    ReportedUnrepairable,
)
from relink.machines.vocabulary import AccountState, ReportedStatus

AT = 1_000_000
KNOWN_AT = AT - 1_000
YES_OR_NO = (False, True)
SENT: dict[str, Any] = {"causation_id": "evt_1", "at": AT}

KINDS: dict[str, type[LinkReported]] = {
    "active": ReportedActive,
    "relinkable": ReportedRelinkable,
    "unrepairable": ReportedUnrepairable,
    "inactive": ReportedInactive,
    "disconnected": ReportedDisconnected,
}
STATUS_IN = {
    "active": ReportedStatus.ACTIVE,
    "inactive_relinkable": ReportedStatus.RELINKABLE,
    "inactive_unrepairable": ReportedStatus.UNREPAIRABLE,
    "relinked": ReportedStatus.RELINKABLE,
    "disconnected": ReportedStatus.DISCONNECTED,
}
"""The latest report of an account that is in this state."""


def request(**fields: Any) -> CreateRelinkSession:
    asked = {"account": "fca_1", "attempt": 1, "authorization": "fcauth_1", "mode": "specific"}
    asked |= {"reason": "inactive", "holder": None, "permissions": (), "subcategories": ()}
    return CreateRelinkSession(**{"delivery": "modal", "return_url": None, **asked, **fields})


def account(state: str, **facts: Any) -> Snapshot[AccountFacts]:
    status = STATUS_IN.get(state, ReportedStatus.RELINKABLE)
    known = {"reported_status": status, "as_of": KNOWN_AT, "authorization": "fcauth_1"}
    known |= {"repairable": status.repairable if status.is_inactive else None}
    return Snapshot(state, AccountFacts(id="fca_1").after(known | facts), 1)


def decide(known: Snapshot[AccountFacts], trigger: Any) -> Decision:
    return relink_system().tables["account"].decide(known, trigger)


def report(kind: str, later: int = 10, **fields: Any) -> LinkReported:
    said = {"read": False, "report": StatusReport(), **fields}
    return KINDS[kind](as_of=KNOWN_AT + later, **SENT, **said)


def sends(decision: Decision) -> set[tuple[str, str]]:
    """Which event is sent to which machine."""
    return {(c.machine, c.event.name) for c in decision.commands if isinstance(c, Send)}


# ── reports (S1 to S4, S6, S7) ───────────────────────────────────────────────

SESSION = {"session": "fcsess_1", "request": request()}
WITH_SESSION = {
    "none": {},
    "opened while down": SESSION,
    "opened while active": {**SESSION, "opened_while_active": True},
}
AUTHORIZATIONS: dict[str, dict[str, Any]] = {
    "known": {},
    "known to be none": {"authorization": None},
    "never told": {"authorization": None, "included_at": {"authorization": -1}},
}


def after_report(state: str, kind: str, session: str, authorization: str) -> str:
    """The rules, for a report that counts."""
    if state == "disconnected" or kind == "disconnected":
        return "disconnected"
    if state == "new_account_linked":
        return state
    is_down_already = state.startswith("inactive") or state == "relinking"
    match kind:
        case "active" if session == "opened while active" and state != "relinked":
            return "active" if state == "active" else "relinking"
        case "active":
            return "active"
        case "relinkable" if authorization == "never told":
            return state if is_down_already else "inactive_unrepairable"
        case "relinkable":
            return "inactive_relinkable" if session == "none" else "relinking"
        case "inactive":
            return state if is_down_already else "inactive_unrepairable"
    return "inactive_unrepairable"


SESSIONS_IN = {
    "relinking": ("opened while down", "opened while active"),
    "inactive_relinkable": ("none",),
    "disconnected": ("none",),
}
"""Whether a session can be open in a state; in any other state, it can or cannot be."""


@pytest.mark.parametrize("state", AccountState)
@pytest.mark.parametrize("kind", KINDS)
def test_S1_S4_S6_S7_a_report_that_counts_leads_where_the_rules_say(state: str, kind: str) -> None:
    for session, key in product(SESSIONS_IN.get(state, WITH_SESSION), AUTHORIZATIONS):
        known = account(state, **WITH_SESSION[session], **AUTHORIZATIONS[key])
        decision = decide(known, report(kind))
        case = (state, kind, session, key)
        assert decision.state == after_report(*case), case
        if state == "disconnected":
            continue
        assert decision.facts.reported_status == kind, case
        assert decision.facts.as_of == KNOWN_AT + 10, case
        if kind != known.facts.reported_status and kind != "disconnected":
            assert ("account", "review_due") in sends(decision), case


@pytest.mark.parametrize("state", [each for each in AccountState if each != "disconnected"])
@pytest.mark.parametrize("kind", KINDS)
def test_K3_K4_a_report_that_is_old_or_too_close_leaves_the_state(state: str, kind: str) -> None:
    for by_read, read, later in product(YES_OR_NO, YES_OR_NO, (-9, -3, -2, -1, 0, 1, 2)):
        known = account(state, by_read=by_read)
        status = known.facts.reported_status
        if kind == status or "inactive" in (kind, status):
            continue
        decision = decide(known, report(kind, later, read=read))
        case = (state, kind, by_read, read, later)
        is_close = abs(later) <= (2 if by_read or read else 0)
        if later < 0 or is_close:
            assert decision.state == state, case
            assert decision.facts.reported_status is status, case
        asks = ("read", "read_wanted") in sends(decision)
        assert asks == is_close, case
        if is_close:
            [wanted] = [c.event for c in decision.commands if getattr(c, "machine", "") == "read"]
            assert wanted.after == KNOWN_AT + max(later, 0) + 3, case  # type: ignore[attr-defined]
            assert wanted.reason == "contradiction", case  # type: ignore[attr-defined]


# ── reports and a repair (S5) ────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["active", "relinked"])
@pytest.mark.parametrize("kind", ["relinkable", "unrepairable", "inactive"])
def test_S5_an_inactivity_counts_after_the_repair_and_not_before(state: str, kind: str) -> None:
    repaired = KNOWN_AT + 100
    for by_read, read, later in product(YES_OR_NO, YES_OR_NO, (-9, -3, -2, -1, 0, 1, 2, 3, 9)):
        known = account(
            state,
            reported_status=ReportedStatus.DISCONNECTED if state == "relinked" else "active",
            repaired_as_of=repaired,
            repaired_by_read=by_read,
        )
        facts = known.facts.after({"reported_status": ReportedStatus.ACTIVE})
        decision = decide(known._replace(facts=facts), report(kind, 100 + later, read=read))
        case = (state, kind, by_read, read, later)
        if abs(later) <= (2 if by_read or read else 0):
            assert decision.state == state, case
            assert ("read", "read_wanted") in sends(decision), case
        elif later < 0:
            assert decision.state == "relinked", case
        else:
            expected = "inactive_relinkable" if kind == "relinkable" else "inactive_unrepairable"
            assert decision.state == expected, case


@pytest.mark.parametrize("later", [-1, 0, 1])
def test_S5_a_repair_that_an_active_report_has_confirmed_is_no_longer_in_doubt(later: int) -> None:
    known = account("active", repaired_as_of=KNOWN_AT - later, repaired_by_read=True)
    decision = decide(known, report("relinkable", 1))
    was_confirmed = later > 0
    assert decision.state == ("inactive_relinkable" if was_confirmed else "active")


def test_S5_a_result_undoes_no_inactivity_that_is_known_to_be_newer() -> None:
    cases = product(YES_OR_NO, YES_OR_NO, (-9, -3, -2, -1, 0, 1, 2, 3), YES_OR_NO, YES_OR_NO)
    for by_read, read, later, own, repairable in cases:
        known = account(
            "relinking",
            by_read=by_read,
            repairable=repairable,
            session="fcsess_1" if own else "fcsess_2",
            request=request(),
        )
        # How much later than the result the inactivity was reported.
        trigger = SessionRelinked(
            session="fcsess_1",
            attempt=1,
            account="fca_1",
            as_of=KNOWN_AT - later,
            read=read,
            **SENT,
        )
        decision = decide(known, trigger)
        case = (by_read, read, later, own, repairable)
        stopped = later > (2 if read or by_read else 0) or (by_read and later >= 0)
        down = "inactive_relinkable" if repairable else "inactive_unrepairable"
        expected = "relinked" if not stopped else down if own else "relinking"
        assert decision.state == expected, case
        is_over = own or not stopped
        if own:
            assert decision.facts.session is None, case
        assert (decision.facts.repaired_as_of == trigger.as_of) == (not stopped), case
        assert (("account", "review_due") in sends(decision)) == is_over, case


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
