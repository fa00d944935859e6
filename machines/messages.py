"""Messages: what the machines are told, by routing and by each other.

Words about accounts, authorizations and numbers, sorted by what they say; then what sessions,
accounts, authorizations, numbers, payment methods and outages tell each other. Each is delivered
within the step of the outside event that caused it.
"""

from typing import ClassVar, Literal

from pydantic import Field

from .commands import CreateRelinkSession, RelinkReason
from .events import DomainEvent
from .report import Holder, StatusReport

# ── words, for accounts, authorizations and account numbers ──────────────────


class Reported(DomainEvent):
    """Stripe's word, sorted by what it says."""

    reported_status: ClassVar[str] = ""
    as_of: int
    read: bool
    report: StatusReport


class ReportedActive(Reported):
    """It works."""

    reported_status = "active"


class ReportedRelinkable(Reported):
    """Inactive, and the customer can repair it."""

    reported_status = "relinkable"


class ReportedUnrepairable(Reported):
    """Inactive, and nobody can repair it now; or with an action that we don't know (S2)."""

    reported_status = "unrepairable"


class ReportedInactive(Reported):
    """Inactive, without an action: repairable or not is left open (K5)."""

    reported_status = "inactive"


class ReportedDisconnected(Reported):
    """The customer or the service ended it for good."""

    reported_status = "disconnected"


class ReportedUnclear(DomainEvent):
    """Only "look" (K6), or a status that is missing or that we don't know (K5)."""

    as_of: int
    read: bool
    status: str | None = None


class ReportedTransactable(Reported):
    """An account number can pay, or none is listed."""

    reported_status = "transactable"


class ReportedPending(Reported):
    """A number is coming."""

    reported_status = "pending"


class ReportedExpiring(Reported):
    """The number still pays, and is known to stop."""

    reported_status = "expiring"


class ReportedLapsed(Reported):
    """No number pays."""

    reported_status = "lapsed"


# ── between the machines ─────────────────────────────────────────────────────


class SessionOpened(DomainEvent):
    """To session, account and authorization: a relink session is open."""

    session: str
    request: CreateRelinkSession


class SessionSuperseded(DomainEvent):
    """To the session: another was opened in its stead."""

    by: str


class SessionPending(DomainEvent):
    """To the session: the customer is not through."""

    as_of: int
    read: bool


class SessionSucceeded(DomainEvent):
    """To the session: the customer linked these accounts."""

    as_of: int
    read: bool
    relinked_account: str | None
    accounts: tuple[str, ...] | None


class SessionFailed(DomainEvent):
    """To the session: Stripe says why not."""

    as_of: int
    failure_reason: str


class SessionCancelled(DomainEvent):
    """To the session: the customer closed it."""

    as_of: int


class SessionUnclear(DomainEvent):
    """To the session: only "look", or a status that we don't know."""

    as_of: int
    read: bool
    status: str | None


class SessionDeadline(DomainEvent):
    """To the session: it has been open for as long as the policy lets it."""


class ReadFailed(DomainEvent):
    """To account, authorization or session: Stripe refused the read for good."""

    error: str


class ReturnedBySession(DomainEvent):
    """To the account: a session returned it in place of the one that was expected."""

    session: str
    expected: str
    holder: Holder | None
    opened_at: float
    as_of: int
    read: bool


class ReturnedAccountJudged(DomainEvent):
    """To the session: the account that came back is known, new, or somebody else's (K7, R6)."""

    account: str
    verdict: Literal["known", "new", "other_holder"]
    as_of: int
    read: bool


class MemberSessionEnded(DomainEvent):
    """To the authorization: a session for an account of it is over, without its repair."""

    session: str


class SessionRelinked(DomainEvent):
    """To account and authorization: the expected account was relinked."""

    session: str
    account: str
    as_of: int
    read: bool


class SessionUnsuccessful(DomainEvent):
    """To the account: the session ended, or was given up, without a repair."""

    session: str
    outcome: Literal["failed", "cancelled", "abandoned"]
    failure_reason: str | None


class KnownAccountLinked(DomainEvent):
    """To the account: the customer picked another account that we hold."""

    session: str
    other: str
    as_of: int


class NewAccountLinkedInstead(DomainEvent):
    """To the account: the customer linked an account that is new to us."""

    session: str
    new: str
    as_of: int
    read: bool


class MemberReported(DomainEvent):
    """To the authorization: an account of it was heard of."""

    account: str
    inactive: bool
    as_of: int


class MemberLeft(DomainEvent):
    """To the authorization: an account of it came back under another one (K8)."""

    account: str
    as_of: int


class NumberChanged(DomainEvent):
    """To the account: how its tokenized number fares."""

    state: str
    expires_on: int | None


class ReviewDue(DomainEvent):
    """To the account itself: all that this report tells is known by now, so tell the outage."""


class NumberBlocked(DomainEvent):
    """To the account number: a payment method or external account says it was deactivated."""

    as_of: int


class RefreshStarted(DomainEvent):
    """To the account number: a relink session of the account is open, which may bring a new one."""


class RefreshEnded(DomainEvent):
    """To the account number: that session is over, and brought none."""


class RefreshSucceeded(DomainEvent):
    """To the account number: that session relinked the account, and a new number is to come."""

    as_of: int


class NeedsChanged(DomainEvent):
    """To the outage: who needs a relink, and what for, has changed."""

    subject: str
    is_account: bool = True
    """False: it is the authorization itself."""
    needs: tuple[RelinkReason, ...]
    """Empty: nothing any more."""
    cause: str | None = None
    """Stripe's ``cause`` of the inactivity."""
    ask: Literal["relink", "new_payment_method"] = "relink"
    relink_by: int | None = None
    prompted_since: float | None = None
    """Set when the account brings a prompted outage along from where it was (K8)."""
    in_peace: bool = False
    """And its customer was not to be reminded there."""


class NeedsMoved(DomainEvent):
    """To the outage: this account's needs go on elsewhere (K8)."""

    subject: str
    to: str
    successor: NeedsChanged


class StripeWrites(DomainEvent):
    """To the outage: Stripe itself sent the customer the link, so we don't (P2)."""


class PromptDue(DomainEvent):
    """To the outage: it is time for the first prompt of an announced one."""

    outage: int
    """Which outage of its authorization the timer was set for."""


class ReminderDue(DomainEvent):
    """To the outage: it is time for reminder ``number``."""

    outage: int
    number: int = Field(ge=1)


class BuildRequested(DomainEvent):
    """To the payment method: a new account was linked; build on it if that can be done."""

    session: str
    holder: Holder | None
    obstacle: str | None
    """Why it can't be built on; None when it can (N1)."""


class BuildResumed(DomainEvent):
    """To the payment method: the service supplied the name; go on if that can still be done."""

    holder: Holder | None
    """Whose account it is by now."""
    obstacle: str | None
    billing_name: str = Field(default="", exclude=True, repr=False)
    """Never journaled."""


class PaymentMethodChecked(DomainEvent):
    """To the payment method: is it blocked?"""

    as_of: int
    blocked: str | None


class BuildFailed(DomainEvent):
    """To the payment method: Stripe refused for good."""

    error: str


class PaymentMethodChanged(DomainEvent):
    """To the account: how what was built on it fares."""

    state: str
    reason: str | None
