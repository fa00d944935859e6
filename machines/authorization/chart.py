"""The authorization: the credentials behind one or more accounts.

States: as an account's, without ``new_account_linked``. Machines begin ``active``: relink learns
of an authorization from an account of it, which says nothing bad.

What moves it: reads, since no webhook says that an authorization became inactive or active,
and the sessions of its accounts. It is read whenever an account of it goes down or comes back,
also if only a late report shows that it had (K1), or a session ends (R5). When it turns out to be
repaired, its other inactive accounts are read, so that they come back without a session of their
own.

An announced deactivation is a need of each of its accounts, and of nobody else (P3). So the
authorization only tells them.

Read on in ``facts`` (what is remembered) and ``effects`` (who is told, and what is read).

Rules kept here: K1 to K6, K8, R5 and P3.
"""

from statemachine import State

from relink.engine import ignored, stays

from .. import reasons, stories
from ..compiled.authorization import TABLE
from ..freshness import REPORTS, window
from ..messages import (
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
from ..reported import (
    LinkReported,
    ReportedActive,
    ReportedDisconnected,
    ReportedInactive,
    ReportedRelinkable,
    ReportedUnclear,
    ReportedUnrepairable,
)
from .effects import AuthorizationEffects
from .facts import AuthorizationFacts, announcement_of


class AuthorizationChart(AuthorizationEffects):
    """One authorization (``fcauth_…``)."""

    facts_type = AuthorizationFacts
    table_text = TABLE
    story = stories.AUTHORIZATION
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
    sends = {
        "account": (AnnouncementChanged, ReviewDue),
        "read": (ReadWanted,),
    }

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
    stays(active, event="member_reported", cond="is_late_return", on="note_member")
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
        is_other = announcement_of(trigger) != (facts.announced, facts.deactivates_on)
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

    def is_late_return(self, facts: AuthorizationFacts, trigger: MemberReported) -> bool:
        """An account had stopped and come back, as a late report shows. All of them work now."""
        is_alone = facts.inactive_members <= {trigger.account}
        return trigger.is_late and not trigger.inactive and is_alone

    def has_other_open_session(
        self, facts: AuthorizationFacts, trigger: MemberSessionEnded
    ) -> bool:
        """A session for another of its accounts is still open."""
        return bool(facts.sessions - {trigger.session})

    def is_reported_active(self, facts: AuthorizationFacts, trigger: MemberSessionEnded) -> bool:
        """The latest report says that it is active, or there is none yet."""
        return facts.reported_status is None or facts.works
