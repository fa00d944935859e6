"""The authorization: the credentials behind one or more accounts.

States: as an account's, without ``new_account_linked``. Machines begin ``active``: relink learns
of an authorization from an account of it, which says nothing bad.

What moves it: reads, since no webhook says that an authorization became inactive or active,
and the sessions of its accounts. It is read whenever an account of it goes down or comes back,
or a session ends (R5). When it turns out to be repaired, its other inactive accounts are read,
so that they come back without a session of their own.

Rules kept here: K2 to K6, K8 and R5.
"""

from statemachine import State

from relink.engine import Assign, Command, Send, ignored, stays

from . import reasons
from .commands import ReportAnomaly, RetrieveAccount, RetrieveAuthorization
from .events import DomainEvent
from .freshness import REPORTS, ReportChart, ReportFacts, ambiguous_until, window
from .messages import (
    LinkReported,
    MemberLeft,
    MemberReported,
    MemberSessionEnded,
    NeedsChanged,
    ReadFailed,
    ReportedActive,
    ReportedDisconnected,
    ReportedInactive,
    ReportedRelinkable,
    ReportedUnclear,
    ReportedUnrepairable,
    SessionOpened,
    SessionRelinked,
)
from .reasons import Anomaly, ReadReason
from .vocabulary import NO_ACTION, ReportedStatus

Effects = list[Command | Assign]


class AuthorizationFacts(ReportFacts):
    """An authorization's memory."""

    reported_status: ReportedStatus | None = None
    """What the latest report said; None before the first one."""
    members: frozenset[str] = frozenset()
    """The accounts that Stripe last named it for."""
    inactive_members: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    """The relink sessions that are open for accounts of it."""
    opened_while_active: bool = False
    """Whether it worked when the last of them was opened."""
    institution_name: str | None = None
    deactivates_on: int | None = None
    announced: bool = False
    """Whether its outage knows of an announced deactivation."""

    @property
    def works(self) -> bool:
        """Whether the latest report says that it works."""
        return self.reported_status is not None and self.reported_status.works


class AuthorizationChart(ReportChart):
    """One authorization (``fcauth_…``)."""

    facts_type = AuthorizationFacts
    alphabet = (
        ReportedActive,
        ReportedRelinkable,
        ReportedUnrepairable,
        ReportedInactive,
        ReportedDisconnected,
        ReportedUnclear,
        MemberReported,
        MemberLeft,
        SessionOpened,
        SessionRelinked,
        MemberSessionEnded,
        ReadFailed,
    )

    active = State(initial=True)
    inactive_relinkable = State()
    inactive_unrepairable = State()
    relinking = State()
    relinked = State()
    disconnected = State(final=True)

    inactive = (inactive_relinkable, inactive_unrepairable)
    usable = (active, *inactive, relinking, relinked)

    # ── reports that do not count, or not yet (K3, K4, K6) ────────────────
    stays(*usable, event=REPORTS, cond="is_ambiguous", on="settle_contradiction")
    stays(*usable, event="reported_active", cond="has_ambiguous_day", on="settle_contradiction")
    stays(*usable, event=REPORTS, cond="is_stale")
    stays(*usable, event="reported_unclear", on="look")

    # ── reports ──────────────────────────────────────────────────────────────
    stays(
        active,
        event="reported_active",
        cond="has_inactive_members",
        on=["learn", "read_inactive_members"],
    )
    stays(active, event="reported_active", on="learn")
    stays(
        relinking,
        event="reported_active",
        cond="opened_while_active",
        on=["learn", "read_inactive_members"],
    )
    relinking.from_(
        inactive_unrepairable,
        relinked,
        event="reported_active",
        cond="opened_while_active",
        on=["learn", "read_inactive_members"],
    )
    active.from_(
        *inactive,
        relinking,
        relinked,
        event="reported_active",
        on=["learn", "read_inactive_members"],
    )
    stays(inactive_relinkable, relinking, event="reported_relinkable", on="learn")
    relinking.from_(
        active,
        inactive_unrepairable,
        relinked,
        event="reported_relinkable",
        cond="has_open_session",
        on="learn",
    )
    inactive_relinkable.from_(
        active, inactive_unrepairable, relinked, event="reported_relinkable", on="learn"
    )
    stays(inactive_unrepairable, event="reported_unrepairable", on="learn")
    inactive_unrepairable.from_(
        active,
        inactive_relinkable,
        relinking,
        relinked,
        event="reported_unrepairable",
        on="learn",
    )
    stays(*inactive, relinking, event="reported_inactive", on=["learn", "ask_what_is_missing"])
    inactive_unrepairable.from_(
        active, relinked, event="reported_inactive", on=["learn", "ask_what_is_missing"]
    )
    disconnected.from_(*usable, event="reported_disconnected", on="learn")

    # ── its accounts (K8, R5) ────────────────────────────────────────────────
    stays(*usable, event="member_reported", on=["note_member", "read_because_of_member"])
    stays(*usable, event="member_left", on=["drop_member", "read_because_of_member"])

    # ── sessions of its accounts ─────────────────────────────────────────────
    stays(inactive_unrepairable, relinking, event="session_opened", on="note_session")
    relinking.from_(
        active, inactive_relinkable, relinked, event="session_opened", on="note_session"
    )
    stays(active, relinked, event="session_relinked", on=["end_session", "read_inactive_members"])
    relinked.from_(
        *inactive,
        relinking,
        event="session_relinked",
        on=["end_session", "read_inactive_members"],
    )
    stays(relinking, event="member_session_ended", cond="has_other_open_session", on="end_session")
    active.from_(
        relinking, event="member_session_ended", cond="is_reported_active", on="end_session"
    )
    inactive_relinkable.from_(relinking, event="member_session_ended", on="end_session")
    stays(active, *inactive, relinked, event="member_session_ended", on="end_session")

    decided = (
        ignored(
            usable,
            ReadFailed,
            because=reasons.READ_REFUSED,
            anomaly=True,
        ),
        ignored(
            disconnected,
            ReportedActive,
            because=reasons.ACTIVE_AFTER_DISCONNECTED,
            anomaly=True,
        ),
        ignored(
            disconnected,
            (
                ReportedRelinkable,
                ReportedUnrepairable,
                ReportedInactive,
                ReportedDisconnected,
                ReportedUnclear,
                MemberReported,
                MemberLeft,
                SessionOpened,
                SessionRelinked,
                MemberSessionEnded,
                ReadFailed,
            ),
            because=reasons.AUTHORIZATION_DISCONNECTED,
        ),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def has_ambiguous_day(self, facts: AuthorizationFacts, trigger: LinkReported) -> bool:
        """Reports of the same time name different days of deactivation (K4)."""
        report = trigger.report
        close = abs(trigger.as_of - facts.as_of) <= window(facts.by_read or trigger.read)
        is_other = (
            report.includes("deactivates_on") and report.deactivates_on != facts.deactivates_on
        )
        return close and facts.works and is_other

    def has_open_session(self, facts: AuthorizationFacts, trigger: LinkReported) -> bool:
        """A relink session for an account of it is open."""
        return bool(facts.sessions)

    def has_inactive_members(self, facts: AuthorizationFacts, trigger: LinkReported) -> bool:
        """It works, and some of its accounts were inactive when last reported."""
        return trigger.read and bool(facts.inactive_members)

    def opened_while_active(self, facts: AuthorizationFacts, trigger: LinkReported) -> bool:
        """A relink session is open, and was opened while the authorization worked (S4)."""
        return bool(facts.sessions) and facts.opened_while_active

    def has_other_open_session(
        self, facts: AuthorizationFacts, trigger: MemberSessionEnded
    ) -> bool:
        """Another account's session is still open."""
        return bool(facts.sessions - {trigger.session})

    def is_reported_active(self, facts: AuthorizationFacts, trigger: MemberSessionEnded) -> bool:
        """The latest report says active, or there is none yet."""
        return facts.reported_status is None or facts.works

    # ── effects ──────────────────────────────────────────────────────────────

    def learn(self, facts: AuthorizationFacts, trigger: LinkReported) -> Effects:
        """Take the report in; the outage prompts for an announced deactivation (P3)."""
        report = trigger.report
        changes = {
            "reported_status": trigger.reported_status,
            "as_of": trigger.as_of,
            "by_read": trigger.read,
        }
        if report.includes("institution_name"):
            changes["institution_name"] = report.institution_name
        if trigger.reported_status.works and not report.includes("deactivates_on"):
            return [Assign(**changes)]
        date = report.deactivates_on if trigger.reported_status.works else None
        announced = date is not None and report.deactivation_action != NO_ACTION
        changes |= {"deactivates_on": date, "announced": announced}
        if not announced and not facts.announced:
            return [Assign(**changes)]
        news = trigger.follow(
            NeedsChanged,
            subject=facts.id,
            is_account=False,
            needs=("announced_deactivation",) if announced else (),
            relink_by=date,
        )
        return [Assign(**changes), Send(machine="outage", key=facts.id, event=news)]

    def settle_contradiction(self, facts: AuthorizationFacts, trigger: LinkReported) -> Command:
        """Read it as soon as the answer cannot be ambiguous itself (K4)."""
        return RetrieveAuthorization(
            authorization=facts.id,
            reason=ReadReason.CONTRADICTION,
            dedup_key=trigger.causation_id,
            after=ambiguous_until(facts, trigger.as_of),
        )

    def ask_what_is_missing(self, facts: AuthorizationFacts, trigger: LinkReported) -> Command:
        """Read it; if the read itself left it out, tell the operators (K5)."""
        if trigger.read:
            return ReportAnomaly(
                about=facts.id, anomaly=Anomaly.REPAIR_LEFT_OPEN, dedup_key=trigger.causation_id
            )
        return _read(facts, ReadReason.INCOMPLETE, trigger)

    def look(self, facts: AuthorizationFacts, trigger: ReportedUnclear) -> Command:
        """Read it, since the report says only that something changed (K6)."""
        if trigger.read:
            return ReportAnomaly(
                about=facts.id,
                anomaly=Anomaly.UNKNOWN_STATUS,
                value=trigger.status,
                dedup_key=trigger.causation_id,
            )
        return _read(facts, ReadReason.LOOK, trigger)

    def note_member(self, facts: AuthorizationFacts, trigger: MemberReported) -> Assign:
        """Remember which accounts belong to it, and which of them are down."""
        inactive = facts.inactive_members - {trigger.account}
        return Assign(
            members=facts.members | {trigger.account},
            inactive_members=inactive | {trigger.account} if trigger.inactive else inactive,
        )

    def drop_member(self, facts: AuthorizationFacts, trigger: MemberLeft) -> Assign:
        """It belongs to another authorization now (K8)."""
        return Assign(
            members=facts.members - {trigger.account},
            inactive_members=facts.inactive_members - {trigger.account},
        )

    def read_because_of_member(
        self, facts: AuthorizationFacts, trigger: MemberReported | MemberLeft
    ) -> Command:
        """Read it: no webhook reports its status."""
        return _read(facts, ReadReason.ACCOUNT_CHANGED, trigger)

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

    def read_inactive_members(
        self, facts: AuthorizationFacts, trigger: DomainEvent
    ) -> list[Command]:
        """One repair can bring back several accounts (R5)."""
        return [
            RetrieveAccount(
                account=account,
                reason=ReadReason.AUTHORIZATION_REPAIRED,
                dedup_key=trigger.causation_id,
            )
            for account in sorted(facts.inactive_members)
        ]


def _read(facts: AuthorizationFacts, reason: ReadReason, trigger: DomainEvent) -> Command:
    return RetrieveAuthorization(
        authorization=facts.id, reason=reason, dedup_key=trigger.causation_id
    )
