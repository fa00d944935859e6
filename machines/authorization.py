"""The authorization: the credentials behind one or more accounts.

States: as an account's, without ``new_account_linked``. Machines begin ``active``: relink learns
of an authorization from an account of it, which says nothing bad.

What moves it: reads, since no webhook says that an authorization became inactive or active,
and the sessions of its accounts. It is read whenever an account of it goes down or comes back,
or a session ends (R5). When it turns out to be repaired, its other inactive accounts are read,
so that they come back without a session of their own.

An announced deactivation is a need of each of its accounts, and of nobody else (P3). So the
authorization only tells them.

Rules kept here: K2 to K6, K8, R5 and P3.
"""

from typing import Any

from statemachine import State

from relink.engine import Assign, Command, Send, ignored, stays

from . import anomalies, reasons
from .announcement import has_passed, is_announced
from .events import DomainEvent
from .freshness import REPORTS, ReportChart, ReportFacts, ambiguous_until, by_read, window
from .messages import (
    AnnouncementChanged,
    LinkReported,
    MemberLeft,
    MemberReported,
    MemberSessionEnded,
    MembersReviewDue,
    ReadFailed,
    ReportedActive,
    ReportedDisconnected,
    ReportedInactive,
    ReportedRelinkable,
    ReportedUnclear,
    ReportedUnrepairable,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
)
from .phases import NEEDS
from .read import look, read
from .reasons import ReadReason
from .vocabulary import ReportedStatus

Effects = list[Command | Assign]


class AuthorizationFacts(ReportFacts):
    """An authorization's memory."""

    reported_status: ReportedStatus | None = None
    """What the latest report said; None before the first one."""
    members: frozenset[str] = frozenset()
    """The accounts that Stripe last named it for."""
    inactive_members: frozenset[str] = frozenset()
    """Those that were inactive when Stripe last reported them."""
    unchecked_members: frozenset[str] = frozenset()
    """Those of them that were not read since; while it works, they may have come back."""
    sessions: frozenset[str] = frozenset()
    """The relink sessions that are open for accounts of it."""
    opened_while_active: bool = False
    """Whether it worked when the last of them was opened."""
    institution_name: str | None = None
    announced: bool = False
    """Stripe announces that it stops working, and a relink prevents it."""
    deactivates_on: int | None = None
    """When, as announced (Unix seconds)."""
    announcement_as_of: int = -1
    """The time of the latest report that said something about it (K3)."""

    @property
    def works(self) -> bool:
        """Whether the latest report says that it works."""
        return self.reported_status is not None and self.reported_status.works

    @property
    def known_until(self) -> int:
        """The relink of an account takes back what was announced (P3)."""
        return max(self.as_of, self.announcement_as_of)


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
        MembersReviewDue,
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
    stays(*usable, event=REPORTS, cond="is_stale", on="fill_gaps")
    stays(*usable, event="reported_unclear", on="look")

    # ── reports ──────────────────────────────────────────────────────────────
    stays(
        active,
        event="reported_active",
        cond="has_unchecked_members",
        on=["learn", "read_unchecked_members"],
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
    stays(
        inactive_unrepairable,
        event="reported_unrepairable",
        on=["learn", "report_unknown_action"],
    )
    inactive_unrepairable.from_(
        active,
        inactive_relinkable,
        relinking,
        relinked,
        event="reported_unrepairable",
        on=["learn", "report_unknown_action"],
    )
    stays(*inactive, relinking, event="reported_inactive", on=["learn", "ask_what_is_missing"])
    inactive_unrepairable.from_(
        active, relinked, event="reported_inactive", on=["learn", "ask_what_is_missing"]
    )
    disconnected.from_(*usable, event="reported_disconnected", on="learn")

    # ── its accounts (K8, R5) ────────────────────────────────────────────────
    stays(
        *usable,
        event="member_reported",
        on=["note_member", "tell_member", "read_because_of_member"],
    )
    stays(*usable, event="members_review_due", on="have_members_reviewed")
    stays(*usable, event="member_left", on=["drop_member", "read_because_of_member"])

    # ── sessions of its accounts ─────────────────────────────────────────────
    stays(inactive_unrepairable, relinking, event="session_opened", on="note_session")
    relinking.from_(
        active, inactive_relinkable, relinked, event="session_opened", on="note_session"
    )
    stays(
        active,
        relinked,
        event="session_relinked",
        on=["end_session", "take_back_announcement", "read_inactive_members"],
    )
    relinked.from_(
        *inactive,
        relinking,
        event="session_relinked",
        on=["end_session", "take_back_announcement", "read_inactive_members"],
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
                MembersReviewDue,
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
        """Reports of the same time announce different days of deactivation (K4)."""
        report = trigger.report
        apart = abs(trigger.as_of - facts.announcement_as_of)
        close = apart <= window(facts.by_read or trigger.read) and not trigger.decides
        is_other = _announcement(trigger) != (facts.announced, facts.deactivates_on)
        return close and facts.works and report.includes("deactivates_on") and is_other

    def has_open_session(self, facts: AuthorizationFacts, trigger: LinkReported) -> bool:
        """A relink session for one of its accounts is open."""
        return bool(facts.sessions)

    def has_unchecked_members(self, facts: AuthorizationFacts, trigger: LinkReported) -> bool:
        """Some of its accounts were reported inactive, and not read since."""
        return trigger.read and bool(facts.unchecked_members)

    def opened_while_active(self, facts: AuthorizationFacts, trigger: LinkReported) -> bool:
        """A relink session is open, and was opened while the authorization worked (S4)."""
        return bool(facts.sessions) and facts.opened_while_active

    def has_other_open_session(
        self, facts: AuthorizationFacts, trigger: MemberSessionEnded
    ) -> bool:
        """A session for another of its accounts is still open."""
        return bool(facts.sessions - {trigger.session})

    def is_reported_active(self, facts: AuthorizationFacts, trigger: MemberSessionEnded) -> bool:
        """The latest report says that it is active, or there is none yet."""
        return facts.reported_status is None or facts.works

    # ── effects ──────────────────────────────────────────────────────────────

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


def _announcement(trigger: LinkReported) -> tuple[bool, int | None]:
    """Whether a report announces that it stops working and a relink prevents it, and the day."""
    report = trigger.report
    announced = is_announced(report.deactivates_on, report.deactivation_action)
    return announced, report.deactivates_on if announced else None


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
        announced, day = _announcement(trigger)
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
