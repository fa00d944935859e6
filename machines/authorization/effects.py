"""What an authorization learns, whom it tells, and what it has read.

:mod:`relink.machines.authorization.chart` says which transition has which effect, and why.
"""

from typing import Any

from relink.engine import Assign, Command, Send

from .. import anomalies
from ..announcement import has_passed
from ..asking import look, read
from ..events import DomainEvent
from ..freshness import ReportChart, ambiguous_until, by_read
from ..messages import (
    AnnouncementChanged,
    MemberLeft,
    MemberReported,
    MemberSessionEnded,
    MembersReviewDue,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
)
from ..phases import NEEDS
from ..reasons import ReadReason
from ..reported import (
    LinkReported,
    ReportedUnclear,
)
from .facts import AuthorizationFacts, announcement_of

Effects = list[Command | Assign]


class AuthorizationEffects(ReportChart):
    """The effects of the authorization chart."""

    def learn(self, facts: AuthorizationFacts, trigger: LinkReported) -> Effects:
        """Take the report in, and tell the accounts of an announced deactivation (P3)."""
        report = trigger.report
        changes: dict[str, Any] = {"reported_status": trigger.reported_status}
        if trigger.as_of >= facts.as_of:
            is_read = by_read(facts, trigger.as_of, trigger.read)
            changes |= {"as_of": trigger.as_of, "by_read": is_read}
        if report.includes("institution_name"):
            changes["institution_name"] = report.institution_name
        return _announced(facts, trigger, changes)

    def fill_gaps(self, facts: AuthorizationFacts, trigger: LinkReported) -> Effects:
        """Keep what no newer report said about an announced deactivation (K3)."""
        return _announced(facts, trigger, {}) if facts.works else []

    def settle_contradiction(self, facts: AuthorizationFacts, trigger: LinkReported) -> Command:
        """Read it as soon as the answer cannot be ambiguous itself (K4)."""
        until = ambiguous_until(facts, trigger.as_of)
        return read(facts.id, "authorization", ReadReason.CONTRADICTION, trigger, after=until)

    def report_unknown_action(
        self, facts: AuthorizationFacts, trigger: LinkReported
    ) -> Command | None:
        """Count an unknown or missing action as none, and tell the operators (S2)."""
        is_repeated = facts.reported_status is trigger.reported_status
        return (
            None
            if is_repeated
            else anomalies.unknown_action(facts.id, trigger.report.action, trigger)
        )

    def ask_what_is_missing(
        self, facts: AuthorizationFacts, trigger: LinkReported
    ) -> Command | None:
        """Read it, since the report leaves out whether it can be repaired (K5)."""
        if trigger.read:
            return None
        return read(facts.id, "authorization", ReadReason.INCOMPLETE, trigger)

    def look(self, facts: AuthorizationFacts, trigger: ReportedUnclear) -> list[Command]:
        """Read it, since the report says only that something changed (K2, K6)."""
        anomaly = anomalies.unclear(facts.id, trigger)
        told: list[Command] = [anomaly] if anomaly else []
        return [*told, *look(facts.id, "authorization", trigger)]

    def note_member(self, facts: AuthorizationFacts, trigger: MemberReported) -> Assign:
        """Remember which accounts belong to it, and which of them are down."""
        member = frozenset((trigger.account,))
        inactive, unchecked = facts.inactive_members - member, facts.unchecked_members - member
        if trigger.inactive:
            inactive |= member
        if trigger.inactive and not trigger.is_read:
            unchecked |= member
        return Assign(
            members=facts.members | member, inactive_members=inactive, unchecked_members=unchecked
        )

    def drop_member(self, facts: AuthorizationFacts, trigger: MemberLeft) -> Assign:
        """It belongs to another authorization now (K8)."""
        return Assign(
            members=facts.members - {trigger.account},
            inactive_members=facts.inactive_members - {trigger.account},
            unchecked_members=facts.unchecked_members - {trigger.account},
        )

    def tell_member(self, facts: AuthorizationFacts, trigger: MemberReported) -> Command | None:
        """Tell an account of the announcement that stands (P3)."""
        if not facts.announced or trigger.account in facts.members:
            return None
        return _tell(facts, trigger.account, trigger)

    def have_members_reviewed(
        self, facts: AuthorizationFacts, trigger: MembersReviewDue
    ) -> list[Command]:
        """Whatever else begins at the same time belongs in the same message (P1)."""
        event = trigger.follow(ReviewDue)
        return [
            Send(machine="account", key=account, event=event, phase=NEEDS)
            for account in sorted(facts.members - {trigger.account})
        ]

    def read_because_of_member(
        self, facts: AuthorizationFacts, trigger: MemberReported | MemberLeft
    ) -> Command:
        """Read it: no webhook reports its status."""
        came_back = isinstance(trigger, MemberReported) and not trigger.inactive
        reason = ReadReason.ACCOUNT_CAME_BACK if came_back else ReadReason.ACCOUNT_CHANGED
        return read(facts.id, "authorization", reason, trigger)

    def note_session(self, facts: AuthorizationFacts, trigger: SessionOpened) -> Assign:
        """A session for an account of it is open."""
        return Assign(
            sessions=facts.sessions | {trigger.session},
            opened_while_active=facts.works,
        )

    def end_session(
        self,
        facts: AuthorizationFacts,
        trigger: SessionRelinked | MemberSessionEnded,
    ) -> Assign:
        """The session is over."""
        return Assign(sessions=facts.sessions - {trigger.session})

    def take_back_announcement(
        self, facts: AuthorizationFacts, trigger: SessionRelinked
    ) -> Effects:
        """What was announced before the relink does not hold after it."""
        if not facts.announced or facts.announcement_as_of >= trigger.as_of:
            return []
        changes = {
            "announced": False,
            "deactivates_on": None,
            "announcement_as_of": trigger.as_of,
        }
        return [Assign(**changes), *_tell_all(facts.after(changes), trigger)]

    def read_inactive_members(self, facts: AuthorizationFacts, trigger: DomainEvent) -> Effects:
        """One repair can bring back several accounts (R5)."""
        return _read_members(facts.inactive_members, trigger)

    def read_unchecked_members(self, facts: AuthorizationFacts, trigger: DomainEvent) -> Effects:
        """It works, so accounts that were reported inactive may have come back with it (R5)."""
        return _read_members(facts.unchecked_members, trigger)


def _read_members(members: frozenset[str], trigger: DomainEvent) -> Effects:
    reads = [
        read(account, "account", ReadReason.AUTHORIZATION_REPAIRED, trigger)
        for account in sorted(members)
    ]
    return [Assign(unchecked_members=frozenset()), *reads]


def _announced(
    facts: AuthorizationFacts, trigger: LinkReported, changes: dict[str, Any]
) -> Effects:
    """What changes with what a report says about an announced deactivation, and who is told."""
    if trigger.as_of < facts.announcement_as_of and not trigger.decides:
        # Something newer is known: a report, or a relink that took it back.
        return [Assign(**changes)] if changes else []
    if not trigger.reported_status.works:
        announced, day = False, None
    elif trigger.report.includes("deactivates_on") or trigger.report.deactivation_action:
        announced, day = announcement_of(trigger)
    elif facts.announced and has_passed(facts.deactivates_on, trigger.as_of):
        announced, day = False, None
    else:
        return [Assign(**changes)]
    changes |= {
        "announced": announced,
        "deactivates_on": day,
        "announcement_as_of": max(facts.announcement_as_of, trigger.as_of),
    }
    is_same = (announced, day) == (facts.announced, facts.deactivates_on)
    if is_same and not (announced and has_passed(day, trigger.as_of)):
        return [Assign(**changes)]
    return [Assign(**changes), *_tell_all(facts.after(changes), trigger)]


def _tell_all(now: AuthorizationFacts, trigger: DomainEvent) -> list[Command]:
    return [_tell(now, account, trigger) for account in sorted(now.members)]


def _tell(now: AuthorizationFacts, account: str, trigger: DomainEvent) -> Send:
    event = trigger.follow(
        AnnouncementChanged,
        authorization=now.id,
        announced=now.announced,
        day=now.deactivates_on,
        as_of=now.as_of,
    )
    return Send(machine="account", key=account, event=event)
