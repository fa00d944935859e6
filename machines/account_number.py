"""The account number: can a payment reach the account?

Some banks issue tokenized numbers, which can expire or be revoked while the account itself
stays active; payments then fail until a relink brings a new one. One machine stands for all
the numbers that Stripe lists of an account.

States
    ``transactable``  One of them can pay; or none is listed, and Stripe needs none. Machines
                      begin here: an account without numbers is the usual case.
    ``pending``       One is coming: Stripe says so, or a relink has just brought one.
    ``expiring``      It still pays, and is known to stop.
    ``lapsed``        None pays: expired, deactivated, or blocked on a payment method (C3).
    ``refreshing``    It is any of these three, and a relink session is open.

The account is told of every change: trouble with its number is a reason to relink it (S3).

Rules kept here: K2 to K4, C3.
"""

from statemachine import State

from relink.engine import Assign, Command, Send, stays

from .commands import RetrieveAccount
from .events import Happening
from .hearing import Hearing, HearingFacts, when_doubt_is_over, window
from .messages import (
    Heard,
    HeardExpiring,
    HeardLapsed,
    HeardPending,
    HeardTransactable,
    NumberBlocked,
    NumberChanged,
    RefreshEnded,
    RefreshStarted,
    RefreshSucceeded,
)

Effects = list[Command | Assign]

TROUBLE = "heard_pending heard_expiring heard_lapsed"
WORDS = f"heard_transactable {TROUBLE}"


class AccountNumberFacts(HearingFacts):
    """The numbers' memory."""

    expires_on: int | None = None
    """When it stops paying (Unix seconds)."""
    session_is_open: bool = False
    """A relink session of the account is open, which may bring a new one."""


class AccountNumberChart(Hearing):
    """The numbers of one account, by the account's id."""

    facts_type = AccountNumberFacts
    alphabet = (
        HeardTransactable,
        HeardPending,
        HeardExpiring,
        HeardLapsed,
        NumberBlocked,
        RefreshStarted,
        RefreshEnded,
        RefreshSucceeded,
    )

    transactable = State(initial=True)
    pending = State()
    expiring = State()
    lapsed = State()
    refreshing = State()

    every = (transactable, pending, expiring, lapsed, refreshing)

    # ── words that are not believed, or not yet (K3, K4) ─────────────────────
    stays(*every, event=WORDS, cond="is_older")
    stays(*every, event=WORDS, cond="is_doubtful", on="settle_contradiction")

    # ── Stripe's word ────────────────────────────────────────────────────────
    stays(transactable, event="heard_transactable", on="learn")
    transactable.from_(
        pending, expiring, lapsed, refreshing, event="heard_transactable", on=["learn", "tell"]
    )
    # While a session is open, trouble is what the session is to mend:
    stays(refreshing, event=TROUBLE, on=["learn", "tell"])
    refreshing.from_(transactable, event=TROUBLE, cond="session_is_open", on=["learn", "tell"])
    stays(pending, event="heard_pending", on="learn")
    pending.from_(transactable, expiring, lapsed, event="heard_pending", on=["learn", "tell"])
    stays(expiring, event="heard_expiring", on="learn")
    expiring.from_(transactable, pending, lapsed, event="heard_expiring", on=["learn", "tell"])
    stays(lapsed, event="heard_lapsed", on="learn")
    lapsed.from_(transactable, pending, expiring, event="heard_lapsed", on=["learn", "tell"])

    # ── a payment method or external account says that it was deactivated (C3)
    stays(*every, event="number_blocked", cond="doubts_block", on="settle_contradiction")
    stays(*every, event="number_blocked", cond="is_outdated")
    stays(lapsed, event="number_blocked", on="learn_blocked")
    stays(refreshing, event="number_blocked", on=["learn_blocked", "tell_lapsed"])
    refreshing.from_(
        transactable,
        event="number_blocked",
        cond="session_is_open",
        on=["learn_blocked", "tell_lapsed"],
    )
    lapsed.from_(
        transactable, pending, expiring, event="number_blocked", on=["learn_blocked", "tell_lapsed"]
    )

    # ── a relink session that brings a new one ───────────────────────────────
    stays(transactable, refreshing, event="refresh_started", on="note_open")
    refreshing.from_(pending, expiring, lapsed, event="refresh_started", on="note_open")
    stays(transactable, pending, expiring, lapsed, event="refresh_ended", on="note_over")
    expiring.from_(refreshing, event="refresh_ended", cond="is_said_expiring", on="note_over")
    pending.from_(refreshing, event="refresh_ended", cond="is_said_pending", on="note_over")
    lapsed.from_(refreshing, event="refresh_ended", on="note_over")
    # Stripe has told of the numbers since that session brought one:
    stays(
        expiring,
        lapsed,
        event="refresh_succeeded",
        cond="was_told_since",
        on=["note_over", "tell_again"],
    )
    expiring.from_(
        refreshing,
        event="refresh_succeeded",
        cond="was_told_since and is_said_expiring",
        on=["note_over", "tell_again"],
    )
    lapsed.from_(
        refreshing,
        event="refresh_succeeded",
        cond="was_told_since and not is_said_pending",
        on=["note_over", "tell_again"],
    )
    # Until Stripe tells of the new one, what paid is trusted and what lapsed is not:
    stays(transactable, event="refresh_succeeded", on="note_over")
    stays(pending, event="refresh_succeeded", on=["note_over", "tell_again"])
    transactable.from_(expiring, event="refresh_succeeded", on="trust_new")
    transactable.from_(
        refreshing, event="refresh_succeeded", cond="is_said_expiring", on="trust_new"
    )
    pending.from_(lapsed, refreshing, event="refresh_succeeded", on="await_new")

    # ── guards ───────────────────────────────────────────────────────────────

    def is_outdated(self, facts: AccountNumberFacts, happened: NumberBlocked) -> bool:
        """Stripe has told of the numbers since."""
        return happened.as_of < facts.as_of

    def was_told_since(self, facts: AccountNumberFacts, happened: RefreshSucceeded) -> bool:
        """The same; a read as late as the session's result tells of what came after it too."""
        return happened.as_of < facts.as_of or (facts.by_read and happened.as_of == facts.as_of)

    def doubts_block(self, facts: AccountNumberFacts, happened: NumberBlocked) -> bool:
        """Its list says that it pays, too close in time to tell which came last (K4)."""
        close = abs(happened.as_of - facts.as_of) <= window(facts.by_read)
        return close and facts.says not in (None, "lapsed")

    def session_is_open(self, facts: AccountNumberFacts, happened: Heard | NumberBlocked) -> bool:
        """A relink session of the account is open."""
        return facts.session_is_open

    def is_said_expiring(
        self, facts: AccountNumberFacts, happened: RefreshEnded | RefreshSucceeded
    ) -> bool:
        """The latest word is that it still pays, for a while."""
        return facts.says == "expiring"

    def is_said_pending(
        self, facts: AccountNumberFacts, happened: RefreshEnded | RefreshSucceeded
    ) -> bool:
        """The latest word is that one is coming."""
        return facts.says == "pending"

    # ── effects ──────────────────────────────────────────────────────────────

    def learn(self, facts: AccountNumberFacts, happened: Heard) -> Assign:
        """Believe it."""
        return Assign(
            says=happened.says,
            as_of=happened.as_of,
            by_read=happened.read,
            expires_on=expiry(happened),
        )

    def learn_blocked(self, facts: AccountNumberFacts, happened: NumberBlocked) -> Assign:
        """The number has lapsed, whatever its list said before."""
        return Assign(says="lapsed", as_of=happened.as_of, by_read=False, expires_on=None)

    def settle_contradiction(
        self, facts: AccountNumberFacts, happened: Heard | NumberBlocked
    ) -> Command:
        """Read the account as soon as the answer can't be in doubt itself (K4)."""
        return RetrieveAccount(
            account=facts.id,
            because="contradiction",
            occasion=happened.cause,
            after=when_doubt_is_over(facts, happened.as_of),
        )

    def tell(self, facts: AccountNumberFacts, happened: Heard) -> Command:
        """The account is told: it may be a reason to relink, or the end of one."""
        return _told(facts, happened, happened.says, expiry(happened))

    def tell_lapsed(self, facts: AccountNumberFacts, happened: NumberBlocked) -> Command:
        """The account is told that no payment gets through."""
        return _told(facts, happened, "lapsed", None)

    def note_open(self, facts: AccountNumberFacts, happened: RefreshStarted) -> Assign:
        """A relink session of the account is open."""
        return Assign(session_is_open=True)

    def note_over(
        self, facts: AccountNumberFacts, happened: RefreshEnded | RefreshSucceeded
    ) -> Assign:
        """It is over, and says nothing new of the number."""
        return Assign(session_is_open=False)

    def tell_again(self, facts: AccountNumberFacts, happened: RefreshSucceeded) -> Command:
        """The account, which was relinked, is told that its number fares as before."""
        return _told(facts, happened, facts.says or "transactable", facts.expires_on)

    def trust_new(self, facts: AccountNumberFacts, happened: RefreshSucceeded) -> Effects:
        """The old one still paid; it needs no relink any more."""
        return _relinked(facts, happened, "transactable")

    def await_new(self, facts: AccountNumberFacts, happened: RefreshSucceeded) -> Effects:
        """The old one did not pay; Stripe's word of the new one is still to come."""
        return _relinked(facts, happened, "pending")


def expiry(happened: Heard) -> int | None:
    """When the number stops paying, of an expiring one: the earliest date that is listed."""
    if happened.says != "expiring":
        return None
    dates = [n.expires_on for n in happened.word.numbers or () if n.expires_on is not None]
    return min(dates, default=None)


def _relinked(facts: AccountNumberFacts, happened: RefreshSucceeded, state: str) -> Effects:
    """What was said of the number before the relink says nothing about the new one."""
    as_of = max(facts.as_of, happened.as_of)
    return [
        Assign(says=state, as_of=as_of, by_read=False, expires_on=None, session_is_open=False),
        _told(facts, happened, state, None),
    ]


def _told(
    facts: AccountNumberFacts, happened: Happening, state: str, expires_on: int | None
) -> Command:
    event = happened.follow(NumberChanged, state=state, expires_on=expires_on)
    return Send(machine="account", key=facts.id, event=event)
