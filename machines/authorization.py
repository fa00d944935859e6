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
from .events import Happening
from .hearing import WORDS, Hearing, HearingFacts, when_doubt_is_over, window
from .messages import (
    Heard,
    HeardActive,
    HeardDisconnected,
    HeardInactive,
    HeardRelinkable,
    HeardUnclear,
    HeardUnrepairable,
    MemberLeft,
    MemberReported,
    MemberSessionEnded,
    NeedsChanged,
    ReadFailed,
    SessionOpened,
    SessionRelinked,
)

Effects = list[Command | Assign]


class AuthorizationFacts(HearingFacts):
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


class AuthorizationChart(Hearing):
    """One authorization (``fcauth_…``)."""

    facts_type = AuthorizationFacts
    alphabet = (
        HeardActive,
        HeardRelinkable,
        HeardUnrepairable,
        HeardInactive,
        HeardDisconnected,
        HeardUnclear,
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
    stays(*usable, event=WORDS, cond="is_doubtful", on="settle_contradiction")
    stays(*usable, event="heard_active", cond="has_day_in_doubt", on="settle_contradiction")
    stays(*usable, event=WORDS, cond="is_older")
    stays(*usable, event="heard_unclear", on="look")

    # ── Stripe's word ────────────────────────────────────────────────────────
    stays(
        active,
        event="heard_active",
        cond="has_inactive_members",
        on=["learn", "read_inactive_members"],
    )
    stays(active, event="heard_active", on="learn")
    stays(
        relinking,
        event="heard_active",
        cond="opened_while_active",
        on=["learn", "read_inactive_members"],
    )
    relinking.from_(
        inactive_unrepairable,
        relinked,
        event="heard_active",
        cond="opened_while_active",
        on=["learn", "read_inactive_members"],
    )
    active.from_(
        *inactive, relinking, relinked, event="heard_active", on=["learn", "read_inactive_members"]
    )
    stays(inactive_relinkable, relinking, event="heard_relinkable", on="learn")
    relinking.from_(
        active,
        inactive_unrepairable,
        relinked,
        event="heard_relinkable",
        cond="has_open_session",
        on="learn",
    )
    inactive_relinkable.from_(
        active, inactive_unrepairable, relinked, event="heard_relinkable", on="learn"
    )
    stays(inactive_unrepairable, event="heard_unrepairable", on="learn")
    inactive_unrepairable.from_(
        active,
        inactive_relinkable,
        relinking,
        relinked,
        event="heard_unrepairable",
        on="learn",
    )
    stays(*inactive, relinking, event="heard_inactive", on=["learn", "ask_what_is_missing"])
    inactive_unrepairable.from_(
        active, relinked, event="heard_inactive", on=["learn", "ask_what_is_missing"]
    )
    disconnected.from_(*usable, event="heard_disconnected", on="learn")

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
    active.from_(relinking, event="member_session_ended", cond="is_said_active", on="end_session")
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
            HeardActive,
            because="Stripe says active of an authorization that it had disconnected for good",
            anomaly=True,
        ),
        ignored(
            disconnected,
            (
                HeardRelinkable,
                HeardUnrepairable,
                HeardInactive,
                HeardDisconnected,
                HeardUnclear,
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

    def has_day_in_doubt(self, facts: AuthorizationFacts, happened: Heard) -> bool:
        """Another day of deactivation, or none, is told at the same time (K4)."""
        word = happened.word
        close = abs(happened.as_of - facts.as_of) <= window(facts.by_read or happened.read)
        is_other = word.said("deactivates_on") and word.deactivates_on != facts.deactivates_on
        return close and facts.says == "active" and is_other

    def has_open_session(self, facts: AuthorizationFacts, happened: Heard) -> bool:
        """A session of ours is under way for an account of it."""
        return bool(facts.sessions)

    def has_inactive_members(self, facts: AuthorizationFacts, happened: Heard) -> bool:
        """It works although some of its accounts did not when we last heard of them."""
        return happened.read and bool(facts.inactive_members)

    def opened_while_active(self, facts: AuthorizationFacts, happened: Heard) -> bool:
        """A session is open, and it worked when that was opened (S4)."""
        return bool(facts.sessions) and facts.opened_while_active

    def has_other_open_session(
        self, facts: AuthorizationFacts, happened: MemberSessionEnded
    ) -> bool:
        """Another account's session is still open."""
        return bool(facts.sessions - {happened.session})

    def is_said_active(self, facts: AuthorizationFacts, happened: MemberSessionEnded) -> bool:
        """Stripe's latest word is active; so is none at all."""
        return facts.says in (None, "active")

    # ── effects ──────────────────────────────────────────────────────────────

    def learn(self, facts: AuthorizationFacts, happened: Heard) -> Effects:
        """Believe it; an announced deactivation is the outage's to prompt for (P3)."""
        word = happened.word
        changes = {"says": happened.says, "as_of": happened.as_of, "by_read": happened.read}
        if word.said("institution_name"):
            changes["institution_name"] = word.institution_name
        if happened.says == "active" and not word.said("deactivates_on"):
            return [Assign(**changes)]
        date = word.deactivates_on if happened.says == "active" else None
        announced = date is not None and word.deactivation_action != "none"
        changes |= {"deactivates_on": date, "announced": announced}
        if not announced and not facts.announced:
            return [Assign(**changes)]
        news = happened.follow(
            NeedsChanged,
            subject=facts.id,
            is_account=False,
            needs=("announced_deactivation",) if announced else (),
            relink_by=date,
        )
        return [Assign(**changes), Send(machine="outage", key=facts.id, event=news)]

    def settle_contradiction(self, facts: AuthorizationFacts, happened: Heard) -> Command:
        """Read it as soon as the answer can't be in doubt itself (K4)."""
        return RetrieveAuthorization(
            authorization=facts.id,
            because="contradiction",
            occasion=happened.cause,
            after=when_doubt_is_over(facts, happened.as_of),
        )

    def ask_what_is_missing(self, facts: AuthorizationFacts, happened: Heard) -> Command:
        """Read it; if a read left it out, only people can tell (K5)."""
        if happened.read:
            what = "Stripe's own answer does not say whether it can be repaired"
            return ReportAnomaly(subject=facts.id, what=what, occasion=happened.cause)
        return _read(facts, "incomplete", happened)

    def look(self, facts: AuthorizationFacts, happened: HeardUnclear) -> Command:
        """Read it, when all that we know is that there is something to see (K6)."""
        if happened.read:
            what = f"Stripe answers with a status that is not known: {happened.status}"
            return ReportAnomaly(subject=facts.id, what=what, occasion=happened.cause)
        return _read(facts, "look", happened)

    def note_member(self, facts: AuthorizationFacts, happened: MemberReported) -> Assign:
        """Keep who belongs to it, and who of them is down."""
        inactive = facts.inactive_members - {happened.account}
        return Assign(
            members=facts.members | {happened.account},
            inactive_members=inactive | {happened.account} if happened.inactive else inactive,
        )

    def drop_member(self, facts: AuthorizationFacts, happened: MemberLeft) -> Assign:
        """It belongs to another authorization now (K8)."""
        return Assign(
            members=facts.members - {happened.account},
            inactive_members=facts.inactive_members - {happened.account},
        )

    def read_because_of_member(
        self, facts: AuthorizationFacts, happened: MemberReported | MemberLeft
    ) -> Command:
        """No webhook tells how it fares itself."""
        return _read(facts, "an account of it changed", happened)

    def note_session(self, facts: AuthorizationFacts, happened: SessionOpened) -> Assign:
        """A session for an account of it is open."""
        return Assign(
            sessions=facts.sessions | {happened.session},
            opened_while_active=facts.says == "active",
        )

    def end_session(
        self,
        facts: AuthorizationFacts,
        happened: SessionRelinked | MemberSessionEnded,
    ) -> Assign:
        """That session is over."""
        return Assign(sessions=facts.sessions - {happened.session})

    def read_inactive_members(
        self, facts: AuthorizationFacts, happened: Happening
    ) -> list[Command]:
        """One repair can bring back several accounts (R5)."""
        return [
            RetrieveAccount(
                account=account, because="its authorization came back", occasion=happened.cause
            )
            for account in sorted(facts.inactive_members)
        ]


def _read(facts: AuthorizationFacts, because: str, happened: Happening) -> Command:
    return RetrieveAuthorization(authorization=facts.id, because=because, occasion=happened.cause)
