"""What becomes of an authorization, whatever it knows and is told: the rules as a plain model.

The model states each rule once, in the order of ``docs/rules.md``, and shares no code with the
chart. Facts, state and event are drawn apart, so each bound is met exactly and each guard answers
both ways, also in combinations that no history leads to.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine import Command, Decision, Send, Snapshot
from relink.machines import relink_system
from relink.machines.authorization import AuthorizationFacts
from relink.machines.commands import ReportAnomaly
from relink.machines.messages import (
    AnnouncementChanged,
    MemberLeft,
    MemberReported,
    MemberSessionEnded,
    MembersReviewDue,
    ReadFailed,
    ReadWanted,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
)
from relink.machines.report import StatusReport
from relink.machines.reported import LinkReported, ReportedUnclear
from relink.machines.vocabulary import ReportedStatus

from ..profile import examples
from .decided import AT, KINDS, KNOWN_AT, SENT, request

USABLE = ("active", "inactive_relinkable", "inactive_unrepairable", "relinking", "relinked")
MEMBERS = ("fca_1", "fca_2", "fca_3")
SESSIONS = ("fcsess_1", "fcsess_2")
DAYS = (None, KNOWN_AT - 3, KNOWN_AT, KNOWN_AT + 1, AT + 86_400)

near = st.integers(-3, 3).map(lambda seconds: KNOWN_AT + seconds)
MOSTLY_ACTIVE = ("active",) * 4
"""Announcements are about what works, so most reports say that it does."""
some_members = st.frozensets(st.sampled_from(MEMBERS))


@st.composite
def known(draw: st.DrawFn) -> Snapshot[AuthorizationFacts]:
    """An authorization, with whatever it may remember."""
    facts = {
        "reported_status": draw(
            st.sampled_from([None, *map(ReportedStatus, MOSTLY_ACTIVE), *ReportedStatus])
        ),
        "as_of": KNOWN_AT,
        "by_read": draw(st.booleans()),
        "members": draw(some_members),
        "inactive_members": draw(some_members),
        "unchecked_members": draw(some_members),
        "sessions": draw(st.frozensets(st.sampled_from(SESSIONS))),
        "opened_while_active": draw(st.booleans()),
        "institution_name": draw(st.sampled_from([None, "A bank"])),
        "announcement_as_of": draw(st.one_of(st.just(-1), near)),
    }
    if draw(st.booleans()):
        facts |= {"announced": True, "deactivates_on": draw(st.sampled_from(DAYS))}
    state = draw(st.sampled_from(USABLE))
    return Snapshot(state, AuthorizationFacts(id="fcauth_1").after(facts), 1)


@st.composite
def report(draw: st.DrawFn) -> StatusReport:
    """What a report says: each field may be absent, None, or have a value."""
    choices: dict[str, list[Any]] = {
        "action": [None, "none", "nonsense"],
        "deactivates_on": [*DAYS],
        "deactivation_action": [None, "none", "relink_required", "nonsense"],
        "institution_name": [None, "Another bank"],
    }
    said = {name: draw(st.sampled_from(of)) for name, of in choices.items() if draw(st.booleans())}
    return StatusReport(**said)


reports = st.builds(
    lambda kind, **fields: KINDS[kind](**fields, **SENT),
    st.sampled_from([*MOSTLY_ACTIVE, *KINDS]),
    as_of=near,
    read=st.booleans(),
    decides=st.booleans(),
    report=report(),
)
unclear = st.builds(
    ReportedUnclear,
    as_of=near,
    read=st.booleans(),
    status=st.sampled_from([None, "nonsense"]),
    in_future=st.booleans(),
    causation_id=st.just("evt_1"),
    at=st.just(AT),
)
member = st.sampled_from(MEMBERS)
session = st.sampled_from(SESSIONS)
of_accounts = st.one_of(
    unclear,
    st.builds(
        lambda **fields: MemberReported(**fields, **SENT),
        account=member,
        inactive=st.booleans(),
        as_of=near,
        is_read=st.booleans(),
        is_late=st.booleans(),
    ),
    member.map(lambda account: MembersReviewDue(account=account, **SENT)),
    member.map(lambda account: MemberLeft(account=account, as_of=KNOWN_AT, **SENT)),
)
of_sessions = st.one_of(
    session.map(lambda id: SessionOpened(session=id, request=request(), **SENT)),
    session.map(lambda id: MemberSessionEnded(session=id, **SENT)),
    st.builds(
        lambda session, as_of: SessionRelinked(
            session=session, attempt=1, account="fca_1", as_of=as_of, read=False, **SENT
        ),
        session,
        near,
    ),
    st.just(ReadFailed(error="resource_missing", **SENT)),
)


@dataclass
class Expected:
    """What the rules say of one event."""

    state: str
    facts: dict[str, Any] = field(default_factory=dict)
    """What changes."""
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    """Whom it tells what, what is read and why, and what operators are alerted of."""


def rules(now: Snapshot[AuthorizationFacts], event: Any) -> Expected:
    match event:
        case LinkReported():
            return of_report(now, event)
        case ReportedUnclear(in_future=ahead, status=status):
            asked: list[tuple[Any, ...]] = []
            if ahead or status:
                asked.append(("alert", "future_time" if ahead else "unknown_status"))
            if not event.read:
                asked.append(("read", "fcauth_1", "future_time" if ahead else "look", 0))
            return Expected(now.state, asked=asked)
        case MemberReported():
            return of_member(now, event)
        case MembersReviewDue():
            rest = now.facts.members - {event.account}
            return Expected(now.state, asked=[("review", each) for each in rest])
        case MemberLeft():
            left = {
                name: getattr(now.facts, name) - {event.account}
                for name in ("members", "inactive_members", "unchecked_members")
            }
            return Expected(now.state, left, [("read", "fcauth_1", "account_changed", 0)])
        case ReadFailed():
            return Expected(now.state)
    return of_session(now, event)


def of_report(now: Snapshot[AuthorizationFacts], event: LinkReported) -> Expected:
    facts, kind = now.facts, type(event).reported_status.value
    was = facts.reported_status.value if facts.reported_status else None
    later = event.as_of - facts.as_of
    within = 2 if facts.by_read or event.read else 0
    settle = ("read", "fcauth_1", "contradiction", facts.as_of + max(later, 0) + 3)

    # K4: two reports that contradict each other, too close to tell which came last.
    agree = was == kind or {was, kind} in ({"inactive", "relinkable"}, {"inactive", "unrepairable"})
    if was is not None and was != kind and not event.decides and abs(later) <= within:
        if not agree:
            return Expected(now.state, asked=[settle])
        if (was == "inactive" and later < 0 and not event.read) or (
            kind == "inactive" and later <= 0
        ):
            return Expected(now.state, asked=[settle])
    if kind == "active" == was and "deactivates_on" in event.report.model_fields_set:
        apart = abs(event.as_of - facts.announcement_as_of)
        if (
            apart <= within
            and not event.decides
            and announced(event.report) != (facts.announced, facts.deactivates_on)
        ):
            return Expected(now.state, asked=[settle])

    # K3: an older one changes no state; it fills in what no newer one said.
    fills_in = was == "inactive" and agree and event.read and later >= -2
    changes, told = of_announcement(facts, event)
    if later < 0 and not event.decides and not fills_in:
        return Expected(now.state, changes, told) if was == "active" else Expected(now.state)

    changes["reported_status"] = event.reported_status
    if later >= 0:
        changes["as_of"] = event.as_of
        changes["by_read"] = event.read or (later == 0 and facts.by_read)
    if "institution_name" in event.report.model_fields_set:
        changes["institution_name"] = event.report.institution_name
    state = now.state
    match kind:
        case "active":
            # S4: a session that was opened while it worked is still open.
            stays_open = facts.opened_while_active and facts.sessions
            state = "relinking" if stays_open and state == "relinking" else state
            if state == "active":
                if event.read and facts.unchecked_members:
                    told += reads_of(facts.unchecked_members)
                    changes["unchecked_members"] = frozenset()
            else:
                is_kept = stays_open and state != "inactive_relinkable"
                state = "relinking" if is_kept else "active"
                told += reads_of(facts.inactive_members)
                changes["unchecked_members"] = frozenset()
        case "relinkable":
            if state not in ("inactive_relinkable", "relinking"):
                state = "relinking" if facts.sessions else "inactive_relinkable"
        case "unrepairable":
            state = "inactive_unrepairable"
            action = event.report.action
            if was != "unrepairable" and action != "none":
                told.append(("alert", "unknown_action" if action else "repair_left_open"))
        case "inactive":
            if state in ("active", "relinked"):
                state = "inactive_unrepairable"
            if not event.read:
                told.append(("read", "fcauth_1", "incomplete", 0))
        case "disconnected":
            state = "disconnected"
    return Expected(state, changes, told)


def announced(said: StatusReport) -> tuple[bool, int | None]:
    """P3: whether it will stop working, and a relink prevents that."""
    is_so = said.deactivation_action == "relink_required" or (
        said.deactivates_on is not None and said.deactivation_action != "none"
    )
    return (True, said.deactivates_on) if is_so else (False, None)


def of_announcement(
    facts: AuthorizationFacts, event: LinkReported
) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """What becomes of what was announced, and who is told (P3)."""
    said = event.report
    if event.as_of < facts.announcement_as_of and not event.decides:
        return {}, []
    has_day = facts.announced and facts.deactivates_on is not None
    if event.reported_status is not ReportedStatus.ACTIVE:
        new: tuple[bool, int | None] = (False, None)
    elif "deactivates_on" in said.model_fields_set or said.deactivation_action is not None:
        new = announced(said)
    elif has_day and event.as_of >= facts.deactivates_on:  # type: ignore[operator]
        new = (False, None)
    else:
        return {}, []
    is_news = new != (facts.announced, facts.deactivates_on)
    has_passed = new[1] is not None and event.as_of >= new[1]
    changes = {
        "announced": new[0],
        "deactivates_on": new[1],
        "announcement_as_of": max(event.as_of, facts.announcement_as_of),
    }
    told = [("announce", each, *new) for each in facts.members] if is_news or has_passed else []
    return changes, list(told)


def reads_of(accounts: frozenset[str]) -> list[tuple[Any, ...]]:
    """R5: one repair can bring back several accounts."""
    return [("read", each, "authorization_repaired", 0) for each in accounts]


def of_member(now: Snapshot[AuthorizationFacts], event: MemberReported) -> Expected:
    facts, member = now.facts, {event.account}
    down = facts.inactive_members - member | (member if event.inactive else set())
    is_open = event.inactive and not event.is_read
    changes = {
        "members": facts.members | member,
        "inactive_members": down,
        "unchecked_members": facts.unchecked_members - member | (member if is_open else set()),
    }
    if now.state == "active" and event.is_late and not down:
        return Expected(now.state, changes)
    reason = "account_changed" if event.inactive else "account_came_back"
    asked: list[tuple[Any, ...]] = [("read", "fcauth_1", reason, 0)]
    if facts.announced and event.account not in facts.members:
        asked.append(("announce", event.account, True, facts.deactivates_on))
    return Expected(now.state, changes, asked)


def of_session(now: Snapshot[AuthorizationFacts], event: Any) -> Expected:
    facts, state = now.facts, now.state
    is_active = facts.reported_status is ReportedStatus.ACTIVE
    if isinstance(event, SessionOpened):
        changes: dict[str, Any] = {
            "sessions": facts.sessions | {event.session},
            "opened_while_active": is_active,
        }
        return Expected(state if state == "inactive_unrepairable" else "relinking", changes)
    changes = {"sessions": facts.sessions - {event.session}}
    if isinstance(event, MemberSessionEnded):
        if state == "relinking" and not changes["sessions"]:
            state = "active" if is_active or not facts.reported_status else "inactive_relinkable"
        return Expected(state, changes)
    asked = reads_of(facts.inactive_members)
    changes["unchecked_members"] = frozenset()
    if facts.announced and facts.announcement_as_of < event.as_of:
        changes |= {"announced": False, "deactivates_on": None, "announcement_as_of": event.as_of}
        asked += [("announce", each, False, None) for each in facts.members]
    return Expected("active" if state == "active" else "relinked", changes, asked)


def asked_for(command: Command) -> tuple[Any, ...]:
    match command:
        case ReportAnomaly(about="fcauth_1"):
            return ("alert", command.anomaly.value)
        case Send(machine="read", event=ReadWanted() as wanted):
            assert wanted.of == ("authorization" if command.key == "fcauth_1" else "account")
            return ("read", command.key, wanted.reason.value, wanted.after)
        case Send(machine="account", event=ReviewDue()):
            return ("review", command.key)
        case Send(machine="account", event=AnnouncementChanged() as changed):
            assert changed.authorization == "fcauth_1"
            return ("announce", command.key, changed.announced, changed.day)
    raise AssertionError(command)


def check(now: Snapshot[AuthorizationFacts], event: Any) -> Decision:
    decision = relink_system().tables["authorization"].decide(now, event)
    expected = rules(now, event)
    assert decision.state == expected.state
    assert decision.facts == now.facts.after(expected.facts)
    assert Counter(map(asked_for, decision.commands)) == Counter(expected.asked)
    for command in decision.commands:
        if isinstance(command, Send) and isinstance(command.event, AnnouncementChanged):
            assert command.event.as_of == decision.facts.as_of
    return decision


@settings(max_examples=examples(1_500))
@given(now=known(), event=reports)
def test_a_report_changes_what_the_rules_say(now: Snapshot[Any], event: Any) -> None:
    check(now, event)


@settings(max_examples=examples(400))
@given(now=known(), event=of_accounts)
def test_its_accounts_change_what_the_rules_say(now: Snapshot[Any], event: Any) -> None:
    check(now, event)


@settings(max_examples=examples(600))
@given(now=known(), event=of_sessions)
def test_their_sessions_change_what_the_rules_say(now: Snapshot[Any], event: Any) -> None:
    check(now, event)


@settings(max_examples=examples(100))
@given(now=known(), event=st.one_of(reports, of_accounts, of_sessions))
def test_what_is_disconnected_stays_so_and_asks_for_nothing(now: Snapshot[Any], event: Any) -> None:
    gone = Snapshot("disconnected", now.facts, 1)
    decision = relink_system().tables["authorization"].decide(gone, event)
    assert decision.outcome == "ignored"
    assert (decision.state, decision.facts) == (gone.state, gone.facts)
    assert not decision.commands
