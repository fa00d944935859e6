"""Messages: what the machines tell each other, and what routing tells them.

Each is delivered within the step of the outside event that caused it. Reports about accounts,
authorizations and numbers are in :mod:`.reported`.
"""

from typing import Literal

from pydantic import Field

from .commands import CreateRelinkSession
from .events import DomainEvent
from .reasons import ReadReason
from .report import Holder
from .vocabulary import (
    BuildState,
    MandateReason,
    NeedStanding,
    NumberStatus,
    ObjectKind,
    Ownership,
    PaymentMethodState,
    RelinkReason,
)

# ── sessions ─────────────────────────────────────────────────────────────────


class SessionOpened(DomainEvent):
    """To the session, account and authorization: a relink session is open."""

    session: str
    request: CreateRelinkSession


class SessionSuperseded(DomainEvent):
    """To the session: another session replaced this one."""

    by: str


class SessionPending(DomainEvent):
    """To the session: the customer has not finished."""

    as_of: int
    read: bool


class SessionSucceeded(DomainEvent):
    """To the session: the session succeeded, and returned what the customer linked."""

    as_of: int
    read: bool
    relinked_account: str | None
    accounts: tuple[str, ...] | None
    gone: frozenset[str] = frozenset()
    """Those of them that are disconnected by now (R6)."""
    old_holder: Holder | None = None
    """Whose the expected account is, as far as is known (R6)."""


class SessionFailed(DomainEvent):
    """To the session: the session failed, and Stripe says why."""

    as_of: int
    failure_reason: str


class SessionCancelled(DomainEvent):
    """To the session: the customer cancelled."""

    as_of: int


class SessionUnclear(DomainEvent):
    """To the session: Stripe reports a change, without a status that relink knows."""

    as_of: int
    read: bool
    status: str | None
    in_future: bool = False
    """Whether its time lies ahead, so that it changes nothing (K2)."""


class SessionDeadline(DomainEvent):
    """To the session: the session has been open for as long as the policy allows."""


# ── reads ────────────────────────────────────────────────────────────────────


class ReadWanted(DomainEvent):
    """To the read of an object: something cannot be decided without Stripe's answer."""

    of: ObjectKind
    reason: ReadReason
    after: int = 0
    """The earliest time to begin (Unix seconds); 0 is at once."""
    connected_account: str | None = None
    """For an external account: whose it is (``acct_…``)."""


class ReadAnswered(DomainEvent):
    """To the read of an object: Stripe's answer is here."""

    begun_at: float | None
    """When the read began (Unix seconds, our clock); None where nobody knows."""


class ReadDueChanged(DomainEvent):
    """To the account, or to the outage of an authorization: a read of it is due, or not any more,
    so that it holds up prompts (K9)."""

    since: float | None
    """When it was first asked for (Unix seconds); None when it is over."""


class ReadFailed(DomainEvent):
    """To the read of an object, and from there to the object: Stripe refused the read for good."""

    error: str


# ── what follows from sessions and reports ───────────────────────────────────


class ReturnedBySession(DomainEvent):
    """To the account: a session returned this account instead of the expected one."""

    session: str
    expected: str
    holder: Holder | None
    old_holder: Holder | None
    """Whose the expected account is, where the session has no holder (R6)."""
    opened_at: float
    as_of: int
    read: bool


class OwnershipChecked(DomainEvent):
    """To the session: it is settled whether the returned account is new, and whose (K7, R6)."""

    account: str
    ownership: Ownership
    as_of: int
    read: bool


class MemberSessionEnded(DomainEvent):
    """To the authorization: a session for one of its accounts ended without a repair."""

    session: str


class SessionRelinked(DomainEvent):
    """To the account and the authorization: the customer relinked the expected account."""

    session: str
    attempt: int
    """Which session of the account it is: the later one has the higher number."""
    account: str
    as_of: int
    read: bool


class SessionUnsuccessful(DomainEvent):
    """To the account: the session ended without a repair."""

    session: str
    outcome: Literal["failed", "cancelled", "abandoned"]
    failure_reason: str | None
    as_of: int
    """The time of the report that says so (Unix seconds)."""
    counts: bool = True
    """Whether it counts as an attempt; not where nothing tells what the customer did (R3)."""


class KnownAccountLinked(DomainEvent):
    """To the account: the customer picked another account, which relink knows."""

    session: str
    other: str
    as_of: int


class NewAccountLinkedInstead(DomainEvent):
    """To the account: the customer linked a new account instead (S6), as a session or the service
    says."""

    session: str | None
    """None where only the service knows (P4)."""
    attempt: int | None
    """Which session of the account it is; None where only the service knows."""
    new: str
    as_of: int


class MemberReported(DomainEvent):
    """To the authorization: Stripe reported one of its accounts."""

    account: str
    inactive: bool
    as_of: int
    is_read: bool
    """Whether it was read, or is being read, so that it need not be read again for this."""
    is_late: bool
    """Whether the account is as it was known to be, and only what it was before is news."""


class MembersReviewDue(DomainEvent):
    """To the authorization: one of its accounts begins to need a relink, so all of them review what
    they need."""

    account: str


class MemberLeft(DomainEvent):
    """To the authorization: one of its accounts moved to another authorization (K8)."""

    account: str
    as_of: int


class AnnouncementChanged(DomainEvent):
    """To the account: what Stripe announces for its authorization (P3)."""

    authorization: str
    announced: bool
    """Whether its deactivation is announced, and a relink prevents it."""
    day: int | None
    """When (Unix seconds); None where no day is known."""
    as_of: int
    """When the authorization was last reported active (Unix seconds)."""


class NumberChanged(DomainEvent):
    """To the account: the status of its account numbers changed, or the day on which they lapse."""

    status: NumberStatus
    expires_on: int | None


class ReviewDue(DomainEvent):
    """To the account, outage or holder itself: everything is taken in, so it looks at what
    follows."""


class NumberBlocked(DomainEvent):
    """To the account number: a payment method or external account reports it deactivated."""

    as_of: int


class NumberUnblocked(DomainEvent):
    """To the account number: such a block was lifted, so it pays again (C3)."""

    as_of: int


class RefreshStarted(DomainEvent):
    """To the account number: a relink session is open, and may bring a new number."""


class RefreshEnded(DomainEvent):
    """To the account number: the relink session ended, and brought no new number."""


class RefreshSucceeded(DomainEvent):
    """To the account number: the account was relinked, and a new number will follow."""

    as_of: int


class NeedsChanged(DomainEvent):
    """To the outage: what an account needs changed."""

    subject: str
    number: int = 0
    """Which outage of the account it is, from 1 (R4)."""
    needs: tuple[RelinkReason, ...]
    """Empty: nothing any more."""
    standing: NeedStanding = "needed"
    cause: str | None = None
    """Stripe's ``cause`` of the inactivity."""
    relink_by: int | None = None
    """When it stops working, while it still works (Unix seconds)."""
    holder: str = ""
    """The key of the machine that holds back prompts while reads are due (K9)."""
    mailed_at: float | None = None
    """When Stripe itself wrote to the customer in this outage, or before it by a session that was
    open when it began: that mail is the prompt (P2)."""
    stripe_writes_since: float | None = None
    """Since when a session is open by which Stripe itself writes to the customer (P2)."""
    read_due_since: float | None = None
    """Since when a read of it is due (Unix seconds)."""
    prompted_at: float | None = None
    """When it was named first, where the account moved from another outage (K8)."""
    reminded: int = 0
    """And how many reminders of the policy had passed there."""


class NeedsMoved(DomainEvent):
    """To the outage: an account moved to another authorization, and so to its outage (K8)."""

    subject: str
    to: str
    successor: NeedsChanged


class PromptAllowed(DomainEvent):
    """To the outage: no due read stands in the way of a message any more (K9)."""


class ReadAwaited(DomainEvent):
    """To the holder: a read of one of their accounts is due, or not any more (K9)."""

    account: str
    authorization: str | None
    """The account's, as far as is known."""
    since: float | None
    """When it was first asked for (Unix seconds); None when it is over."""


class MayPrompt(DomainEvent):
    """To the holder: an outage has a message to send."""

    outage: str


class BuildRequested(DomainEvent):
    """To the build: a new account was linked, and needs a payment method."""

    session: str
    holder: Holder | None
    obstacle: str | None
    """Why nothing can be built on it (a code); None when it can be (N1)."""


class BuildResumed(DomainEvent):
    """To the build: the service supplied the billing name."""

    holder: Holder | None
    """Whose account it is now."""
    obstacle: str | None
    billing_name: str = Field(default="", exclude=True, repr=False)
    """Never journaled."""


class BuildFailed(DomainEvent):
    """To the build: Stripe refused to create it, for good."""

    error: str


class BuildChanged(DomainEvent):
    """To the account: how far the making of its payment method is."""

    state: BuildState
    reason: str | None


class Built(DomainEvent):
    """To the payment method: relink made it."""

    account: str
    connected_account: str | None
    """``acct_…`` for an external account; payouts need no mandate (N3)."""


class PaymentMethodWorks(DomainEvent):
    """To the payment method: Stripe reports nothing against it."""

    account: str
    as_of: int
    read: bool


class PaymentMethodBlocked(DomainEvent):
    """To the payment method: Stripe reports that it cannot be charged, and why (C3)."""

    account: str
    as_of: int
    read: bool
    reason: str
    is_unknown: bool = False
    """The reason is a status that relink does not know (K12)."""


class PaymentMethodDetached(DomainEvent):
    """To the payment method: it is gone (N4)."""

    account: str
    as_of: int
    read: bool


class PaymentMethodUnclear(DomainEvent):
    """To the payment method: Stripe says only that something changed (K6)."""

    as_of: int
    read: bool
    in_future: bool = False


class MandateEnded(DomainEvent):
    """To the payment method: its mandate is inactive (N3)."""

    as_of: int


class MandateGiven(DomainEvent):
    """To the payment method: the service collected the customer's authorization of debits."""


class PaymentMethodChanged(DomainEvent):
    """To the account: the state of one of its payment methods changed."""

    payment_method: str
    state: PaymentMethodState
    reason: str | None
    """Why it is blocked, or why it needs a mandate (a code)."""
    mandate_due: MandateReason | None = None
    """Why it needs a mandate, blocked or not."""
    lost_number: bool = False
    """It is blocked because the account number was deactivated, which a relink repairs."""
    is_external: bool = False
    """It is an external account."""
