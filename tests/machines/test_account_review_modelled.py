"""K5, K9, R4, N3, P1 to P4, C4: what follows from what is known of an account: a plain model.

Each test varies one part of what a review looks at, meets each bound of a time exactly, and
compares the whole decision.
"""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest

from relink.engine import Snapshot
from relink.machines.account.facts import (
    AccountFacts,
    AccountOutage,
    AwaitedRead,
    KnownPaymentMethod,
    ReportedNeeds,
)
from relink.machines.account.timeline import Told
from relink.machines.commands import (
    ReportAnomaly,
)
from relink.machines.reasons import Anomaly
from relink.machines.report import Holder
from relink.machines.vocabulary import (
    BuildState,
    NumberStatus,
    PaymentMethodState,
    ReportedStatus,
)

from .account_model import DUE, LEAD, NOW, Review, lacks_authorization
from .decided import AT, KNOWN_AT, YES_OR_NO, account, request
from .modelled import Expected, compare

STATES = (
    "active",
    "inactive_relinkable",
    "inactive_unrepairable",
    "relinking",
    "relinked",
    "new_account_linked",
)
ANY: tuple[tuple[str, bool], ...] = (("active", False), ("active", True), ("relinked", False))
"""What may need something, and what needs nothing: it is retired, or was just repaired."""
CUSTOMER = Holder(field="customer", id="cus_1")
LOST = "tokenized_account_number_deactivated"

# ── where it stands then ─────────────────────────────────────────────────────


def has_come_back(facts: AccountFacts) -> bool:
    return facts.has_returned or len(facts.timeline) == 2


def state_after(now: Snapshot[AccountFacts]) -> str:
    """Where it stands, as its reports say, or as the replacement does (S3, S6)."""
    facts, state = now.facts, now.state
    is_relinkable = facts.reported_status == "relinkable"
    if state == "new_account_linked":
        if not has_come_back(facts):
            return state
        if facts.reported_status == "active":
            return "active"
        if facts.session and is_relinkable:
            return "relinking"
        return "inactive_relinkable" if facts.repairable else "inactive_unrepairable"
    is_repaired = facts.repaired_as_of >= facts.replaced_as_of
    if facts.replaced_by and not is_repaired and not has_come_back(facts):
        return "new_account_linked"
    if state == "inactive_unrepairable" and is_relinkable and not lacks_authorization(facts):
        return "relinking" if facts.session else "inactive_relinkable"
    return state


def check(now: Snapshot[AccountFacts]) -> None:
    state = state_after(now)
    expected = Review(now.facts, state).expected(state)
    action = now.facts.action
    has_moved = now.state == "new_account_linked" and state == "inactive_unrepairable"
    if has_moved and now.facts.reported_status == "unrepairable" and action != "none":
        why = Anomaly.UNKNOWN_ACTION if action else Anomaly.REPAIR_LEFT_OPEN
        key = action or why.value
        said = ReportAnomaly(about="fca_1", anomaly=why, value=action, dedup_key=key)
        expected.commands.append(said)
    compare("account", now, DUE, expected)


# ── its need, its outage, and who is told (R4, K5, K8, P1 to P3) ─────────────

NEEDS: dict[str, dict[str, Any]] = {
    "works": {"reported_status": ReportedStatus.ACTIVE},
    "down": {"reported_status": ReportedStatus.RELINKABLE, "repairable": True, "cause": "expired"},
    "closed": {"reported_status": ReportedStatus.UNREPAIRABLE, "repairable": False},
    "left open": {"reported_status": ReportedStatus.INACTIVE, "repairable": True},
    "lapsed": {"reported_status": ReportedStatus.ACTIVE, "number": NumberStatus.LAPSED},
}
AUTHORIZATIONS: dict[str, dict[str, Any]] = {
    "known": {"authorization": "fcauth_1"},
    "none": {"authorization": None},
    "never told": {"authorization": None, "included_at": {"authorization": -1}},
}
SESSIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "modal": {"session": "fcsess_1", "request": request(), "opened_at": AT - 9.0},
}
SESSIONS |= {
    f"mailed {ago} s ago": {
        "session": "fcsess_1",
        "request": request(delivery="email"),
        "opened_at": NOW - ago,
    }
    for ago in (499, 500, 501)
}
SESSIONS["mailed and over"] = {"request": request(delivery="email"), "opened_at": AT - 9.0}
OUTAGES = (
    None,
    AccountOutage(number=2, since=AT - 9.0, mailed_at=AT - 5.0),
    AccountOutage(number=3, since=AT - 9.0, given_up=True),
)


ELSEWHERE = ReportedNeeds(
    outage="fcauth_1",
    number=2,
    needs=("inactive",),
    standing="needed",
    cause=None,
    relink_by=None,
    holder="fcauth_1",
    mailed_at=None,
    stripe_writes_since=None,
    read_due_since=None,
)


def last_told(facts: AccountFacts, state: str) -> Iterable[ReportedNeeds | None]:
    """Nothing; just what holds now; and what differs from that in one respect."""
    yield None
    review = Review(facts, state)
    review.begins_or_ends(Expected(state))
    now = review.needed() or ELSEWHERE
    yield now
    yield now.after({"outage": "fcauth_9"})
    yield now.after({"standing": "suspended", "cause": "other"})


@pytest.mark.parametrize("need", NEEDS)
@pytest.mark.parametrize("authorization", AUTHORIZATIONS)
def test_R4_K5_K8_an_outage_is_as_long_as_its_need_and_is_told_what_changes(
    need: str, authorization: str
) -> None:
    said = {**NEEDS[need], **AUTHORIZATIONS[authorization], "outages": 3}
    for session, outage, (state, retired) in product(SESSIONS.values(), OUTAGES, ANY):
        before = account(state, **said, **session, outage=outage, retired=retired).facts
        for last in last_told(before, state_after(Snapshot(state, before, 1))):
            check(Snapshot(state, before.after({"last_reported": last}), 1))


DAYS = (None, *(AT + LEAD + later for later in (-1, 0, 1, 50)))


@pytest.mark.parametrize("state", ["active", "relinking", "relinked"])
def test_P3_a_need_begins_with_the_lead_before_its_day(state: str) -> None:
    works = NEEDS["works"]
    numbers = [{"number": NumberStatus.EXPIRING, "number_expires_on": day} for day in DAYS]
    for day, number, outage in product(DAYS, [{}, *numbers], OUTAGES):
        announced = {"deactivates_on": day, "deactivation_action": "relink_required"} if day else {}
        for planned in (None, AT + 1, AT + 51):
            facts = {**works, **number, **announced, "planned_for": planned, "outage": outage}
            check(account(state, **facts))


# ── a read that is due (K9) ──────────────────────────────────────────────────

READS = (None, *(NOW - ago for ago in (5, 599.75, 600)))
AWAITED = (
    None,
    AwaitedRead(holder="fcauth_1", authorization="fcauth_1"),
    AwaitedRead(holder="cus_1", authorization="fcauth_1"),
    AwaitedRead(holder="cus_1", authorization=None),
    AwaitedRead(holder="cus_9", authorization="fcauth_1"),
    AwaitedRead(holder="fca_1", authorization=None),
)


@pytest.mark.parametrize("state", ["inactive_unrepairable", "new_account_linked"])
@pytest.mark.parametrize("authorization", AUTHORIZATIONS)
@pytest.mark.parametrize("holder", [None, CUSTOMER])
def test_K9_the_holder_knows_of_a_read_that_is_due(
    state: str, authorization: str, holder: Holder | None
) -> None:
    said = {**NEEDS["closed"], **AUTHORIZATIONS[authorization], "holder": holder}
    for since, last, known in product(READS, AWAITED, (frozenset(), {"unrepairable"})):
        facts = {"read_due_since": since, "last_awaited": last, "requested_for": frozenset(known)}
        check(account(state, **said, **facts))


@pytest.mark.parametrize("need", NEEDS)
@pytest.mark.parametrize("since", READS)
def test_K9_a_request_waits_for_a_read_ten_minutes_at_most(need: str, since: float | None) -> None:
    day = {"number": NumberStatus.EXPIRING, "number_expires_on": AT + LEAD + 50}
    more = day if need == "works" else {}
    for outage, build, (state, retired) in product(OUTAGES, (None, BuildState.REFUSED), ANY):
        for known, planned in product((frozenset(), {"refused"}), (None, AT + 50, AT + 596)):
            facts = {"requested_for": frozenset(known), "planned_for": planned, "build": build}
            facts |= {"read_due_since": since, "outage": outage, "retired": retired}
            check(account(state, **NEEDS[need], **more, **facts, build_reason="no_token"))


# ── another way to pay, and mandates (C3, C4, N3) ────────────────────────────


def method(state: str, **facts: Any) -> KnownPaymentMethod:
    return KnownPaymentMethod(state=PaymentMethodState(state), **facts)


METHODS = {
    "pm_ready": method("ready"),
    "pm_new": method("mandate_needed", reason="new_account", mandate_due="new_account"),
    "pm_ended": method("mandate_needed", mandate_due="mandate_inactive"),
    "pm_lost": method("blocked", reason=LOST, lost_number=True, mandate_due="new_account"),
    "ba_lost": method("blocked", reason=LOST, lost_number=True, is_external=True),
    "pm_blocked": method("blocked", reason="other", mandate_due="new_account"),
    "ba_errored": method("blocked", reason="errored", is_external=True),
    "pm_gone": method("gone"),
}
SETS = [
    (),
    *((key,) for key in METHODS),
    ("pm_blocked", "pm_gone"),
    ("pm_gone", "ba_errored"),
    ("ba_errored", "pm_blocked"),
    ("pm_ready", "pm_new", "pm_ended"),
    ("pm_blocked", "ba_lost"),
    ("ba_lost", "pm_lost"),
    ("pm_lost", "pm_blocked", "pm_new"),
]
FIT = {
    "subcategory": "checking",
    "permissions": ("payment_method",),
    "payment_method_types": ("us_bank_account",),
}


@pytest.mark.parametrize("holder", [None, CUSTOMER, Holder(field="account", id="acct_1")])
@pytest.mark.parametrize("status", ["active", "relinkable", "unrepairable"])
def test_C1_N3_no_mandate_is_asked_for_while_something_else_prevents_a_debit(
    holder: Holder | None, status: str
) -> None:
    kinds = (None, "checking", "savings", "credit_card")
    permissions = (None, ("balances",), ("balances", "payment_method"))
    types = (None, (), ("link",), ("us_bank_account",))
    for subcategory, permitted, supported in product(kinds, permissions, types):
        facts = {
            "subcategory": subcategory,
            "permissions": permitted,
            "payment_method_types": supported,
            "holder": holder,
            "payment_methods": {"pm_new": METHODS["pm_new"]},
            "reported_status": ReportedStatus(status),
        }
        check(account("active", **facts))


BUILDS = (
    (None, None),
    (BuildState.BUILT, None),
    (BuildState.REFUSED, None),
    (BuildState.REFUSED, "no_token"),
)
CAUSES = ("unrepairable", "no_authorization", "attempts_used_up", "refused", "no_payment_method")


@pytest.mark.parametrize("built", SETS)
def test_C4_N3_the_service_is_asked_once_for_each_cause_and_each_mandate(
    built: tuple[str, ...],
) -> None:
    methods = {key: METHODS[key] for key in built}
    mandates = (frozenset(), frozenset({"pm_ended", "pm_blocked", "pm_ready", "pm_9"}))
    numbers = (None, NumberStatus.PENDING, NumberStatus.LAPSED)
    for number, (state, retired), asked in product(numbers, ANY, mandates):
        for subcategory, status in product(("checking", "credit_card"), ("active", "relinkable")):
            facts = {
                **FIT,
                "subcategory": subcategory,
                "reported_status": ReportedStatus(status),
                "number": number,
                "payment_methods": methods,
                "retired": retired,
                "mandates_requested": asked,
                "mandate_requests": 4,
            }
            check(account(state, **facts))


@pytest.mark.parametrize("state", ["active", "relinked"])
@pytest.mark.parametrize("need", NEEDS)
@pytest.mark.parametrize("authorization", AUTHORIZATIONS)
def test_C4_a_cause_that_stands_is_asked_about_once(
    state: str, need: str, authorization: str
) -> None:
    said = {**NEEDS[need], **AUTHORIZATIONS[authorization], "requests": 5}
    for outage, (build, why), built in product(OUTAGES[1:], BUILDS, SETS[:8:3]):
        methods = {key: METHODS[key] for key in built}
        facts = {"outage": outage, "build": build, "build_reason": why, "payment_methods": methods}
        for known in ((), CAUSES[:2], CAUSES[2:4], CAUSES):
            check(account(state, **said, **facts, requested_for=frozenset(known)))


# ── it was replaced, and came back (S6, S2) ──────────────────────────────────


HOW = ("never", "long ago", "by its reports")
BACK = (Told(KNOWN_AT - 20, False), Told(KNOWN_AT - 10, True))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("need", NEEDS)
def test_S6_a_replaced_account_needs_nothing_until_it_has_come_back(state: str, need: str) -> None:
    sessions = (SESSIONS["none"], SESSIONS["modal"])
    for replaced, repaired_at, how in product(YES_OR_NO, (-21, -20, -19), HOW):
        for session in sessions:
            facts = {
                "replaced_by": "fca_2" if replaced else None,
                "replaced_as_of": KNOWN_AT - 20 if replaced else -1,
                "repaired_as_of": KNOWN_AT + repaired_at,
                "has_returned": how == "long ago",
                "timeline": BACK if how == "by its reports" else (),
                "outage": OUTAGES[1],
            }
            check(account(state, **NEEDS[need], **facts, **session))


@pytest.mark.parametrize("need", NEEDS)
def test_S2_an_action_that_was_learned_meanwhile_is_reported_when_it_comes_back(need: str) -> None:
    for action, returned in product((None, "none", "relink_required", "new"), YES_OR_NO):
        facts = {"action": action, "has_returned": returned, "timeline": ()}
        check(account("new_account_linked", **NEEDS[need], **facts))


@pytest.mark.parametrize("told", [None, "known", "none"])
def test_S3_K3_an_authorization_that_became_known_makes_it_relinkable(told: str | None) -> None:
    said = {**NEEDS["down"], **AUTHORIZATIONS[told or "never told"]}
    for session, status in product(SESSIONS.values(), ReportedStatus):
        if status != "disconnected":
            facts = {**said, "reported_status": status}
            check(account("inactive_unrepairable", **facts, **session))
