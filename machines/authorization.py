"""The authorization: the credentials behind one or more accounts.

States: as an account's, without ``new_account_linked``. Machines begin ``active``: that an
authorization exists is learned from an account of it, and is no bad news.

What moves it: what is read of it, since no webhook tells that one became inactive or active,
and the sessions of its accounts. Whenever an account of it goes down or comes back, or a
session ends, it is read (R5). When it turns out to be repaired, its other inactive accounts
are read, so that they come back without a session of their own.

Rules kept here: K2 to K6, K8 and R5.
"""

from statemachine import State

from relink.engine import Assign, Command, Send, ignored, stays

from .commands import ReportAnomaly, RetrieveAccount, RetrieveAuthorization
from .events import DomainEvent
from .freshness import WORDS, ReportChart, ReportFacts, ambiguous_until, window
from .messages import (
    Reported,
    ReportedActive,
    ReportedDisconnected,
    ReportedInactive,
    ReportedRelinkable,
    ReportedUnclear,
    ReportedUnrepairable,
    MemberLeft,
    MemberReported,
    MemberSessionEnded,
    NeedsChanged,
    ReadFailed,
    SessionOpened,
    SessionRelinked,
)

Effects = list[Command | Assign]


class AuthorizationFacts(ReportFacts):
    """An authorization's memory."""

    members: frozenset[str] = frozenset()
    """The accounts that Stripe last named it for."""
    inactive_members: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    """The relink sessions that are open for accounts of it."""
    opened_while_active: bool = False
    """It worked when the last of them was opened."""
    institution_name: str | None = None
    deactivates_on: int | None = None
    announced: bool = False
    """Whether the outage was told of an announced deactivation."""


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

    # ── words that are not believed, or not yet (K3, K4, K6) ─────────────────
    stays(*usable, event=WORDS, cond="is_ambiguous", on="settle_contradiction")
    stays(*usable, event="reported_active", cond="has_ambiguous_day", on="settle_contradiction")
    stays(*usable, event=WORDS, cond="is_stale")
    stays(*usable, event="reported_unclear", on="look")

    # ── Stripe's word ────────────────────────────────────────────────────────
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
            because="Stripe refused the read for good; its latest word stands",
            anomaly=True,
        ),
        ignored(
            disconnected,
            ReportedActive,
            because="Stripe says active of an authorization that it had disconnected for good",
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
            because="it is disconnected for good",
        ),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def has_ambiguous_day(self, facts: AuthorizationFacts, trigger: Reported) -> bool:
        """Another day of deactivation, or none, is told at the same time (K4)."""
        report = trigger.report
        close = abs(trigger.as_of - facts.as_of) <= window(facts.by_read or trigger.read)
        is_other = (
            report.includes("deactivates_on") and report.deactivates_on != facts.deactivates_on
        )
        return close and facts.reported_status == "active" and is_other

    def has_open_session(self, facts: AuthorizationFacts, trigger: Reported) -> bool:
        """A session of ours is under way for an account of it."""
        return bool(facts.sessions)

    def has_inactive_members(self, facts: AuthorizationFacts, trigger: Reported) -> bool:
        """It works although some of its accounts did not when we last heard of them."""
        return trigger.read and bool(facts.inactive_members)

    def opened_while_active(self, facts: AuthorizationFacts, trigger: Reported) -> bool:
        """A session is open, and it worked when that was opened (S4)."""
        return bool(facts.sessions) and facts.opened_while_active

    def has_other_open_session(
        self, facts: AuthorizationFacts, trigger: MemberSessionEnded
    ) -> bool:
        """Another account's session is still open."""
        return bool(facts.sessions - {trigger.session})

    def is_reported_active(self, facts: AuthorizationFacts, trigger: MemberSessionEnded) -> bool:
        """Stripe's latest word is active; so is none at all."""
        return facts.reported_status in (None, "active")

    # ── effects ──────────────────────────────────────────────────────────────

    def learn(self, facts: AuthorizationFacts, trigger: Reported) -> Effects:
        """Believe it; an announced deactivation is the outage's to prompt for (P3)."""
        report = trigger.report
        changes = {
            "reported_status": trigger.reported_status,
            "as_of": trigger.as_of,
            "by_read": trigger.read,
        }
        if report.includes("institution_name"):
            changes["institution_name"] = report.institution_name
        if trigger.reported_status == "active" and not report.includes("deactivates_on"):
            return [Assign(**changes)]
        date = report.deactivates_on if trigger.reported_status == "active" else None
        announced = date is not None and report.deactivation_action != "none"
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

    def settle_contradiction(self, facts: AuthorizationFacts, trigger: Reported) -> Command:
        """Read it as soon as the answer can't be in doubt itself (K4)."""
        return RetrieveAuthorization(
            authorization=facts.id,
            reason="contradiction",
            dedup_key=trigger.causation_id,
            after=ambiguous_until(facts, trigger.as_of),
        )

    def ask_what_is_missing(self, facts: AuthorizationFacts, trigger: Reported) -> Command:
        """Read it; if a read left it out, only people can tell (K5)."""
        if trigger.read:
            what = "Stripe's own answer does not say whether it can be repaired"
            return ReportAnomaly(subject=facts.id, what=what, dedup_key=trigger.causation_id)
        return _read(facts, "incomplete", trigger)

    def look(self, facts: AuthorizationFacts, trigger: ReportedUnclear) -> Command:
        """Read it, when all that we know is that there is something to see (K6)."""
        if trigger.read:
            what = f"Stripe answers with a status that is not known: {trigger.status}"
            return ReportAnomaly(subject=facts.id, what=what, dedup_key=trigger.causation_id)
        return _read(facts, "look", trigger)

    def note_member(self, facts: AuthorizationFacts, trigger: MemberReported) -> Assign:
        """Keep who belongs to it, and who of them is down."""
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
        """No webhook tells how it fares itself."""
        return _read(facts, "an account of it changed", trigger)

    def note_session(self, facts: AuthorizationFacts, trigger: SessionOpened) -> Assign:
        """A session for an account of it is open."""
        return Assign(
            sessions=facts.sessions | {trigger.session},
            opened_while_active=facts.reported_status == "active",
        )

    def end_session(
        self,
        facts: AuthorizationFacts,
        trigger: SessionRelinked | MemberSessionEnded,
    ) -> Assign:
        """That session is over."""
        return Assign(sessions=facts.sessions - {trigger.session})

    def read_inactive_members(
        self, facts: AuthorizationFacts, trigger: DomainEvent
    ) -> list[Command]:
        """One repair can bring back several accounts (R5)."""
        return [
            RetrieveAccount(
                account=account,
                reason="its authorization came back",
                dedup_key=trigger.causation_id,
            )
            for account in sorted(facts.inactive_members)
        ]


def _read(facts: AuthorizationFacts, because: str, trigger: DomainEvent) -> Command:
    return RetrieveAuthorization(
        authorization=facts.id, reason=because, dedup_key=trigger.causation_id
    )
