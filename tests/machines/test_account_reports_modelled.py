"""S1 to S7, K3 to K5, K8: what an account does with each report, whenever it comes: a plain model.

Times are counted from the latest report. Each test varies some of what the rules look at, meets
each bound exactly, and compares the whole decision.
"""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest

from relink.engine import Command, Snapshot
from relink.machines import relink_system
from relink.machines.account.facts import AccountFacts, KnownPaymentMethod, OwnershipCheck
from relink.machines.account.timeline import Told
from relink.machines.commands import ReportAnomaly
from relink.machines.messages import MemberLeft, MemberReported, RefreshEnded, ReviewDue
from relink.machines.reasons import Anomaly
from relink.machines.report import Holder, StatusReport
from relink.machines.reported import LinkReported
from relink.machines.vocabulary import (
    AccountState,
    NumberStatus,
    PaymentMethodState,
    ReportedStatus,
)

from .account_model import (
    Review,
    answered,
    is_suspended,
    lacks_authorization,
    reasons,
)
from .decided import KINDS, WITH_SESSION, account
from .modelled import AT, KNOWN_AT, SENT, YES_OR_NO, Expected, compare, read, review, send

STATES = tuple(AccountState)
STOPPED = ("relinkable", "unrepairable", "inactive")
OF_STATUS = {"action", "cause", "deactivates_on", "deactivation_action"}
DETAILS = {
    *OF_STATUS,
    *("authorization", "holder", "permissions", "subcategory"),
    *("payment_method_types", "institution_name", "last4"),
}
REVIEW = review("account", "fca_1", ReviewDue)
READ_OR_NOT = ((False, False), (True, False), (True, True))
"""A webhook, the answer to a read, and one that began long enough after all that is known."""

# ── when a report counts (K3, K4, S5) ────────────────────────────────────────


def agree(one: str | None, other: str) -> bool:
    if one == other:
        return True
    return "inactive" in (one, other) and one in STOPPED and other in STOPPED


def window(*reads: bool) -> int:
    return 2 if any(reads) else 0


def is_ambiguous(facts: AccountFacts, event: LinkReported) -> bool:
    """It contradicts the latest report, and nothing tells which came last."""
    was, kind = facts.reported_status, event.reported_status
    later = event.as_of - facts.as_of
    is_near = abs(later) <= window(facts.by_read, event.read)
    if was is None or was == kind or event.decides or not is_near:
        return False
    if not agree(was, kind):
        return True
    return later < 0 and not event.read if was == "inactive" else later <= 0


def is_late(facts: AccountFacts, event: LinkReported) -> bool:
    """It is older than the latest report, and does not say what that left open."""
    fills_in = facts.reported_status == "inactive" and agree("inactive", event.reported_status)
    fills_in = fills_in and event.read and event.as_of >= facts.as_of - 2
    is_stale = event.as_of < facts.as_of and not event.decides
    return is_stale and not fills_in and not is_ambiguous(facts, event)


def is_doubtful_after_repair(facts: AccountFacts, event: LinkReported) -> bool:
    is_confirmed = facts.reported_status == "active" and facts.as_of > facts.repaired_as_of
    apart = abs(event.as_of - facts.repaired_as_of)
    is_near = apart <= window(event.read, facts.repaired_by_read)
    return is_near and not is_confirmed and not event.decides


# ── what is taken in (K3 to K5, K8) ──────────────────────────────────────────


def told_at(facts: AccountFacts, field: str) -> int:
    return facts.included_at.get(field, facts.as_of)


def doubtful_details(facts: AccountFacts, event: LinkReported) -> set[str]:
    """What it says that differs, too close in time to what said so."""
    apart = window(facts.by_read, event.read)
    later = event.as_of - facts.as_of
    if later > apart or event.decides:
        return set()
    fields = DETAILS if later >= -apart else set(facts.included_at)
    if event.reported_status != facts.reported_status:
        fields = fields - OF_STATUS
    return {
        field
        for field in fields & event.report.model_fields_set
        if getattr(event.report, field) != getattr(facts, field)
        and abs(event.as_of - told_at(facts, field)) <= apart
    }


def in_timeline(facts: AccountFacts, event: LinkReported) -> dict[str, Any]:
    if event.reported_status == "disconnected":
        return {}
    works = event.reported_status == "active"
    told = Told(event.as_of, works, None if works else event.report.cause)
    timeline = {*facts.timeline, told}
    in_order = sorted(timeline, key=lambda each: (each.as_of, not each.works, each.cause or ""))
    return {"timeline": tuple(in_order)}


def said_by(report: StatusReport, fields: Iterable[str]) -> dict[str, Any]:
    return {field: getattr(report, field) for field in fields}


def of_latest(facts: AccountFacts, event: LinkReported, doubtful: set[str]) -> dict[str, Any]:
    """What changes with a report that counts."""
    kind, later = event.reported_status, event.as_of - facts.as_of
    included = (event.report.model_fields_set & DETAILS) - doubtful
    changes = said_by(event.report, included)
    changes["reported_status"] = kind
    left_out = DETAILS - included
    changes["included_at"] = {field: told_at(facts, field) for field in left_out}
    if kind != "inactive" and kind != facts.reported_status:
        changes["repairable"] = None if kind == "active" else kind == "relinkable"
    if later >= 0:
        changes["as_of"] = event.as_of
        changes["by_read"] = event.read or (later == 0 and facts.by_read)
    changes["first_seen_at"] = AT + 0.5 if facts.first_seen_at is None else facts.first_seen_at
    return changes | in_timeline(facts, event) | of_login(facts, changes)


def of_late(facts: AccountFacts, event: LinkReported, doubtful: set[str]) -> dict[str, Any]:
    """What changes with one whose status does not count: what no newer one said."""
    kind, report = event.reported_status, event.report
    fields = DETAILS if event.as_of >= facts.as_of else set(facts.included_at)
    if not agree(facts.reported_status, kind):
        fields = fields - {"action", "cause"}
    fields = (fields & report.model_fields_set) - doubtful
    news = {field for field in fields if event.as_of > told_at(facts, field)}
    changes = said_by(report, news)
    if news:
        changes["included_at"] = {**facts.included_at, **dict.fromkeys(news, event.as_of)}
    is_open = facts.reported_status == "inactive" and facts.repairable is None
    has_worked = any(
        told.works and event.as_of < told.as_of < facts.as_of for told in facts.timeline
    )
    if is_open and kind in ("relinkable", "unrepairable") and not has_worked:
        changes["repairable"] = kind == "relinkable"
    return changes | in_timeline(facts, event) | of_login(facts, changes)


def of_login(facts: AccountFacts, changes: dict[str, Any]) -> dict[str, Any]:
    """What was announced for one authorization says nothing of another one (K8)."""
    if changes.get("authorization", facts.authorization) == facts.authorization:
        return {}
    return {"login_announced": False, "login_deactivates_on": None, "login_as_of": -1}


# ── who is told ──────────────────────────────────────────────────────────────


def standing(facts: AccountFacts) -> str:
    status = facts.reported_status
    return "down" if status is None or status in STOPPED else status.value


def turned_at(facts: AccountFacts) -> int:
    """When it last stopped, came back, or stopped for another cause."""
    turned, before, cause = -1, None, None
    for told in facts.timeline:
        is_other = cause is not None and told.cause is not None and told.cause != cause
        if before is not None and (before.works != told.works or is_other):
            turned, cause = told.as_of, None
        before, cause = told, told.cause or cause
    return turned


def authorization_told(
    before: AccountFacts, now: AccountFacts, event: LinkReported
) -> list[Command]:
    has_moved = before.authorization != now.authorization
    is_down = standing(now) == "down"
    is_news = has_moved or standing(before) != standing(now)
    is_news = is_news or (is_down and before.cause != now.cause)
    if not is_news and turned_at(now) <= turned_at(before):
        return []
    told: list[Command] = []
    who: dict[str, Any] = {"account": "fca_1", "as_of": event.as_of}
    if has_moved and before.authorization:
        told.append(send("authorization", before.authorization, MemberLeft, **who))
    if now.authorization:
        who |= {"inactive": is_down, "is_late": not is_news}
        who["is_read"] = event.read or is_suspended(now)
        told.append(send("authorization", now.authorization, MemberReported, **who))
    return told


def unknown_action(action: str | None) -> list[Command]:
    if action == "none":
        return []
    why = Anomaly.UNKNOWN_ACTION if action else Anomaly.REPAIR_LEFT_OPEN
    key = action or why.value
    return [ReportAnomaly(about="fca_1", anomaly=why, value=action, dedup_key=key)]


def taken_in(
    state: str, facts: AccountFacts, changes: dict[str, Any], event: LinkReported
) -> Expected:
    now = facts.after(changes)
    more, told = answered(now, has_read=event.read)
    told += authorization_told(facts, now, event)
    if not event.read and is_suspended(now):
        told.append(read("fca_1", "account", "incomplete"))
    return Expected(state, {**changes, **more}, [*told, REVIEW])


def is_repeat(facts: AccountFacts, changes: dict[str, Any]) -> bool:
    """Nothing follows for anybody: it works as before, and nothing waits for a report of it."""
    now = facts.after(changes)
    for name in ("reported_status", "action", "cause", "authorization", "holder"):
        if getattr(now, name) != getattr(facts, name):
            return False
    announced = facts.deactivates_on, facts.deactivation_action
    if (now.deactivates_on, now.deactivation_action) != announced:
        return False
    waits = facts.pending_checks or facts.build_for or facts.last_reported
    is_odd = waits or facts.replaced_by or facts.login_announced or reasons(facts)
    fresh = Expected("active")
    Review(now, "active").mandates(fresh)
    return facts.reported_status == "active" and not is_odd and not fresh.commands


def settling(facts: AccountFacts, event: LinkReported) -> Command:
    after = max(event.as_of, facts.as_of) + 3
    return read("fca_1", "account", "contradiction", after)


# ── the whole ────────────────────────────────────────────────────────────────


def of_report(now: Snapshot[AccountFacts], event: LinkReported) -> Expected:
    facts, state, kind = now.facts, now.state, event.reported_status.value
    if state == "disconnected":
        return of_gone(facts, event)
    doubtful = doubtful_details(facts, event)
    is_open = is_ambiguous(facts, event)
    if state in ("active", "relinked") and kind in STOPPED:
        is_open = is_open or is_doubtful_after_repair(facts, event)
    if is_open or is_late(facts, event):
        changes = of_late(facts, event, doubtful)
        expected = taken_in(state, facts, changes, event)
        action = facts.after(changes).action
        if action != facts.action and action not in (None, "relink_required"):
            expected.commands += unknown_action(action)
        if not is_open and facts.after(changes) == facts:
            expected = Expected(state)
        if is_open or doubtful:
            expected.commands.append(settling(facts, event))
        return expected
    if kind == "disconnected":
        return departed(now, event)
    to = state_after(now, event)
    changes = of_latest(facts, event, doubtful)
    expected = taken_in(to, facts, changes, event)
    if is_repeat(facts, changes) and not doubtful:
        expected.commands = []
    if doubtful:
        expected.commands.append(settling(facts, event))
    is_known = facts.reported_status == kind and event.report.action == facts.action
    is_new = kind == "unrepairable" and state != "new_account_linked" and not is_known
    if is_new and not predates_repair(now, event):
        expected.commands += unknown_action(event.report.action)
    return expected


def predates_repair(now: Snapshot[AccountFacts], event: LinkReported) -> bool:
    is_repaired = now.state in ("active", "relinked")
    return is_repaired and event.as_of < now.facts.repaired_as_of


def state_after(now: Snapshot[AccountFacts], event: LinkReported) -> str:
    """S1 to S6, for a report that counts."""
    facts, state, kind = now.facts, now.state, event.reported_status.value
    if state == "new_account_linked":
        return state
    stays_down = state in ("inactive_relinkable", "inactive_unrepairable", "relinking")
    stays_open = facts.session is not None and facts.opened_while_active
    if kind in STOPPED and predates_repair(now, event):
        return "relinked"
    match kind:
        case "active":
            is_open = stays_open and state in ("relinking", "inactive_unrepairable")
            return "relinking" if is_open else "active"
        case "unrepairable":
            return "inactive_unrepairable"
        case "inactive":
            return state if stays_down else "inactive_unrepairable"
    is_told = "authorization" in event.report.model_fields_set
    if not is_told and lacks_authorization(facts):
        return state if stays_down else "inactive_unrepairable"
    if state in ("inactive_relinkable", "relinking"):
        return state
    return "relinking" if facts.session else "inactive_relinkable"


def departed(now: Snapshot[AccountFacts], event: LinkReported) -> Expected:
    """S7: it is gone for good, and whoever waits for it is told at once."""
    before = now.facts
    changes = {**of_latest(before, event, set()), "read_due_since": None}
    facts = before.after(changes)
    more, told = answered(facts, has_read=True)
    told += authorization_told(before, facts, event)
    was_replaced = now.state == "new_account_linked"
    expected = Review(facts.after(more), now.state if was_replaced else "active").expected("")
    expected.state = "disconnected"
    expected.changes = {**changes, **more, **expected.changes}
    expected.commands += told
    if before.session:
        expected.commands.append(send("account_number", "fca_1", RefreshEnded))
    return expected


def of_gone(facts: AccountFacts, event: LinkReported) -> Expected:
    """S7, S6: a late report may show that a replaced account had come back before it went."""
    kind = event.reported_status.value
    is_replaced = facts.replaced_by and facts.repaired_as_of < facts.replaced_as_of
    can_tell = is_replaced and kind != "disconnected" and is_late(facts, event)
    if not can_tell or has_come_back(facts):
        is_odd = kind == "active"
        return Expected("disconnected", is_ignored=True, is_anomaly=is_odd)
    now = facts.after(in_timeline(facts, event))
    state = "active" if has_come_back(now) else "new_account_linked"
    expected = Review(now, state).expected("disconnected")
    expected.changes = {**in_timeline(facts, event), **expected.changes}
    return expected


def has_come_back(facts: AccountFacts) -> bool:
    since, stops = facts.replaced_as_of, [t.as_of for t in facts.timeline if not t.works]
    before = [told for told in facts.timeline if told.as_of <= since]
    latest = before[-1].as_of if before and not before[-1].works else since
    stops = [stop for stop in stops if stop > since or stop == latest]
    works = [told.as_of for told in facts.timeline if told.works]
    return facts.has_returned or any(at > stop for at in works for stop in stops)


# ── when it counts ───────────────────────────────────────────────────────────

STATUSES = {
    "active": ("active", "relinkable"),
    "inactive_relinkable": STOPPED,
    "inactive_unrepairable": (None, *STOPPED),
    "relinking": ("active", *STOPPED),
    "relinked": ("active", "relinkable", "inactive"),
    "new_account_linked": ("active", *STOPPED),
    "disconnected": ("disconnected",),
}
"""What the latest report of an account may have said that is in this state."""


def known(state: str, status: str | None, **facts: Any) -> Snapshot[AccountFacts]:
    said = ReportedStatus(status) if status else None
    repairable = {"relinkable": True, "unrepairable": False, "disconnected": False}
    usual = {"reported_status": said, "repairable": repairable.get(status or "")}
    usual |= {"as_of": KNOWN_AT if status else -1, "first_seen_at": 7.0 if status else None}
    return account(state, **{**usual, **facts})


def report(kind: str, later: int = 10, **said: Any) -> LinkReported:
    is_read, decides = said.pop("how", (False, False))
    content = StatusReport(**said)
    when = {"as_of": KNOWN_AT + later, "read": is_read, "decides": decides}
    return KINDS[kind](report=content, **when, **SENT)


def check(now: Snapshot[AccountFacts], event: LinkReported) -> None:
    compare("account", now, event, of_report(now, event))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", KINDS)
def test_K3_K4_a_report_counts_if_nothing_newer_or_as_new_contradicts_it(
    state: str, kind: str
) -> None:
    events = [
        report(kind, later, how=how, last4="1234", cause="new")
        for later, how in product((-3, -2, -1, 0, 1, 2, 3), READ_OR_NOT)
    ]
    for status, by_read in product(STATUSES[state], YES_OR_NO):
        for event in events:
            check(known(state, status, by_read=by_read), event)


@pytest.mark.parametrize("state", ["active", "relinked"])
@pytest.mark.parametrize("kind", KINDS)
def test_S5_a_report_counts_if_it_is_newer_than_the_repair(state: str, kind: str) -> None:
    events = [
        report(kind, later, how=how)
        for later, how in product((-3, -2, -1, 0, 1, 2, 3), READ_OR_NOT)
    ]
    for status, by_read, as_of in product(("active", "relinkable"), YES_OR_NO, (-9, -1, 0, 1)):
        facts = {"repaired_as_of": KNOWN_AT, "repaired_by_read": by_read, "as_of": KNOWN_AT + as_of}
        for event in events:
            check(known(state, status, **facts), event)


# ── where it leads, and who is told ──────────────────────────────────────────

AUTHORIZATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"authorization": None},
    {"authorization": None, "included_at": {"authorization": -1}},
)
SAID: tuple[dict[str, Any], ...] = (
    {},
    {"authorization": None},
    {"authorization": "fcauth_1"},
    {"authorization": "fcauth_2", "action": "none"},
    {"action": "new", "cause": "other"},
    {"action": None},
)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", KINDS)
def test_S1_S7_K8_a_report_that_counts_moves_it_and_its_authorization_learns_of_it(
    state: str, kind: str
) -> None:
    login = {"login_announced": True, "login_deactivates_on": AT, "login_as_of": 9, "action": "new"}
    status = STATUSES[state][-1]
    for session, key in product(WITH_SESSION.values(), AUTHORIZATIONS):
        for said, how in product(SAID, READ_OR_NOT[:2]):
            check(known(state, status, **session, **key, **login), report(kind, how=how, **said))


TIMELINES: tuple[tuple[tuple[int, bool, str | None], ...], ...] = (
    (),
    ((-50, True, None), (0, False, "a")),
    ((-50, False, "a"), (-30, True, None), (0, False, None)),
    ((-50, False, "a"), (-30, False, None), (0, True, None)),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("timeline", TIMELINES)
def test_K1_its_authorization_learns_of_what_a_late_report_shows(
    kind: str, timeline: tuple[tuple[int, bool, str | None], ...]
) -> None:
    before = tuple(Told(KNOWN_AT + at, works, cause) for at, works, cause in timeline)
    states = {"active": "active", "inactive_unrepairable": "unrepairable"}
    states["relinking"] = "inactive"
    for (state, status), later in product(states.items(), (-60, -50, -40, -20, 10)):
        for known_cause, cause, how in product((None, "a"), (None, "a", "b"), READ_OR_NOT[:2]):
            facts = {"timeline": before, "cause": known_cause, "included_at": {"action": -1}}
            now = known(state, status, **facts, repairable=None)
            check(now, report(kind, later, how=how, cause=cause))


def test_the_first_report_of_an_account_makes_it_known() -> None:
    new = relink_system().tables["account"].start(AccountFacts(id="fca_1")).snapshot
    assert new.state == "inactive_unrepairable"
    for kind, how in product(KINDS, READ_OR_NOT):
        for said in ({}, {"authorization": "fcauth_2"}, {"action": "new"}):
            check(new, report(kind, -KNOWN_AT, how=how, **said))


# ── its details, each by its own latest source (K3 to K5) ────────────────────

VALUES: dict[str, tuple[Any, Any]] = {
    "action": ("none", "new"),
    "cause": ("a", "b"),
    "deactivates_on": (AT + 5, KNOWN_AT + 1),
    "authorization": ("fcauth_1", "fcauth_2"),
    "holder": (Holder(field="customer", id="cus_1"), Holder(field="account", id="acct_1")),
    "last4": ("1234", "5678"),
}
PAIRS = (
    ("active", "active"),
    ("active", "relinkable"),
    ("relinkable", "relinkable"),
    ("relinkable", "inactive"),
    ("inactive", "unrepairable"),
)


SOURCES = (
    *product((None, -1), YES_OR_NO),
    (KNOWN_AT - 4, False),
    (KNOWN_AT - 3, False),
)
"""When it was told last, if not by the latest report; and whether that left out anything else."""


@pytest.mark.parametrize("field", VALUES)
@pytest.mark.parametrize("pair", PAIRS)
def test_K3_K4_K5_each_detail_is_as_its_latest_report_says(
    field: str, pair: tuple[str, str]
) -> None:
    (status, kind), (old, new) = pair, VALUES[field]
    login = {"login_announced": True, "login_deactivates_on": AT, "login_as_of": 9}
    login = login if field == "authorization" else {}
    state = {"active": "active", "relinkable": "inactive_relinkable"}.get(status, "relinking")
    events = [
        report(kind, later, how=how, **{field: value})
        for later, how, value in product(
            (-4, -2, -1, 0, 1, 2, 3), READ_OR_NOT[:2], (None, old, new)
        )
    ]
    events.append(report(kind, -1, how=(True, True), **{field: new}))
    for told, other in SOURCES:
        included = {"institution_name": 5} if other else {}
        included |= {} if told is None else {field: told}
        for event in events:
            check(known(state, status, **{field: old}, **login, included_at=included), event)


# ── a report that repeats what is known ──────────────────────────────────────

NEW_METHOD = KnownPaymentMethod(
    state=PaymentMethodState.MANDATE_NEEDED, reason="new_account", mandate_due="new_account"
)
FIT = {
    "subcategory": "checking",
    "permissions": ("payment_method",),
    "payment_method_types": ("us_bank_account",),
    "holder": VALUES["holder"][0],
}
WAITS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a session": {
        "pending_checks": (
            OwnershipCheck(
                session="fcsess_2",
                holder=None,
                old_holder=None,
                opened_at=5.0,
                as_of=6,
                read=True,
            ),
        )
    },
    "a build": {"build_for": "fcsess_3"},
    "its replacement": {"replaced_by": "fca_2"},
    "its number": {"number": NumberStatus.LAPSED},
    "a day": {"deactivates_on": KNOWN_AT + 5},
    "a day of its authorization": {"login_announced": True, "login_deactivates_on": AT},
    "a mandate": {"payment_methods": {"pm_1": NEW_METHOD}},
    "a mandate that was asked for": {
        "payment_methods": {"pm_1": NEW_METHOD},
        "mandates_requested": frozenset({"pm_1"}),
    },
}


@pytest.mark.parametrize("waits", WAITS)
@pytest.mark.parametrize("status", ["active", "relinkable"])
def test_a_report_that_repeats_what_is_known_is_followed_up_where_something_waits(
    waits: str, status: str
) -> None:
    unfit = {**FIT, "subcategory": "credit_card"}
    state = "active" if status == "active" else "inactive_relinkable"
    for before, how, kind in product((FIT, unfit), READ_OR_NOT, ("active", "relinkable")):
        for said in ({}, {"last4": "1234"}, {"subcategory": "checking"}, {"cause": "b"}):
            check(known(state, status, **before, **WAITS[waits]), report(kind, how=how, **said))
        announced = {"deactivation_action": (None, "relink_required")}
        for field, (_, new) in {**VALUES, **announced}.items():
            check(known(state, status, **{**before, **WAITS[waits]}), report(kind, **{field: new}))


# ── it is gone (S7) ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", [each for each in STATES if each != "disconnected"])
def test_S7_R6_a_session_that_waits_for_one_that_goes_is_answered(state: str) -> None:
    for how, told_at in product(READ_OR_NOT, (-1, 0)):
        facts = {**WAITS["a session"], "included_at": {"holder": told_at}}
        check(known(state, STATUSES[state][-1], **facts), report("disconnected", how=how))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("timeline", TIMELINES)
def test_S6_S7_a_late_report_may_show_that_it_had_come_back_before_it_went(
    kind: str, timeline: tuple[tuple[int, bool, str | None], ...]
) -> None:
    before = tuple(Told(KNOWN_AT + at, works, cause) for at, works, cause in timeline)
    for replaced, repaired, returned in product((None, "fca_2"), (-31, -30), YES_OR_NO):
        for later, how in product((-60, -45, -20, -1, 0, 1), READ_OR_NOT):
            facts = {
                "timeline": before,
                "replaced_by": replaced,
                "replaced_as_of": KNOWN_AT - 30,
                "repaired_as_of": KNOWN_AT + repaired,
                "has_returned": returned,
            }
            check(known("disconnected", "disconnected", **facts), report(kind, later, how=how))
