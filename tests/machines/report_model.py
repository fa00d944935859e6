"""What an account does with a report, whenever it comes, by the rules (S1 to S7, K3 to K5, K8).

It shares no code with the chart. Times are compared as the rules say it, each in one place.
"""

from collections.abc import Iterable
from typing import Any

from relink.engine import Command, Snapshot
from relink.machines.account.facts import AccountFacts
from relink.machines.account.timeline import Told
from relink.machines.commands import ReportAnomaly
from relink.machines.messages import MemberLeft, MemberReported, RefreshEnded, ReviewDue
from relink.machines.reasons import Anomaly
from relink.machines.report import StatusReport
from relink.machines.reported import LinkReported

from .account_model import (
    Review,
    answered,
    is_suspended,
    lacks_authorization,
    reasons,
)
from .decided import AT
from .modelled import Expected, read, review, send

STOPPED = ("relinkable", "unrepairable", "inactive")
OF_STATUS = {"action", "cause", "deactivates_on", "deactivation_action"}
DETAILS = {
    *OF_STATUS,
    *("authorization", "holder", "permissions", "subcategory"),
    *("payment_method_types", "institution_name", "last4"),
}
REVIEW = review("account", "fca_1", ReviewDue)

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
