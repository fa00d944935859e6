"""Messages: what the machines are sent, by routing and by each other.

Reports about accounts, authorizations and numbers, sorted by what they say; then what sessions,
accounts, authorizations, numbers, payment methods and outages tell each other. Each is delivered
within the step of the outside event that caused it.
"""

from typing import ClassVar, Literal

from pydantic import Field

from .commands import CreateRelinkSession
from .events import DomainEvent
from .report import Holder, StatusReport
from .vocabulary import (
    Ask,
    NumberStatus,
    Ownership,
    PaymentMethodState,
    RelinkReason,
    ReportedStatus,
    Status,
)

# ── reports, for accounts, authorizations and account numbers ────────────────


class Reported(DomainEvent):
    """A report, sorted by what it says."""

    reported_status: ClassVar[Status]
    as_of: int
    """When it was true (Unix seconds)."""
    read: bool
    """Whether it answers a read of ours."""
    report: StatusReport


class LinkReported(Reported):
    """A report about an account or an authorization."""

    reported_status: ClassVar[ReportedStatus]


class ReportedActive(LinkReported):
    """Stripe reports it active."""

    reported_status = ReportedStatus.ACTIVE


class ReportedRelinkable(LinkReported):
    """Stripe reports it inactive, and says that the customer can repair it."""

    reported_status = ReportedStatus.RELINKABLE


class ReportedUnrepairable(LinkReported):
    """Stripe reports it inactive, and names no action that repairs it (S2)."""

    reported_status = ReportedStatus.UNREPAIRABLE


class ReportedInactive(LinkReported):
    """Stripe reports it inactive, and does not say whether the customer can repair it (K5)."""

    reported_status = ReportedStatus.INACTIVE


class ReportedDisconnected(LinkReported):
    """Stripe reports it disconnected for good."""

    reported_status = ReportedStatus.DISCONNECTED


class ReportedUnclear(DomainEvent):
    """Stripe reports a change, without a status that relink knows (K5, K6)."""

    as_of: int
    read: bool
    status: str | None = None


class NumbersReported(Reported):
    """A report about the numbers of an account."""

    reported_status: ClassVar[NumberStatus]


class ReportedTransactable(NumbersReported):
    """Stripe reports a usable account number, or lists none."""

    reported_status = NumberStatus.TRANSACTABLE


class ReportedPending(NumbersReported):
    """Stripe reports that a new account number is pending."""

    reported_status = NumberStatus.PENDING


class ReportedExpiring(NumbersReported):
    """Stripe reports that the account number still works, and when it will stop."""

    reported_status = NumberStatus.EXPIRING


class ReportedLapsed(NumbersReported):
    """Stripe reports no usable account number."""

    reported_status = NumberStatus.LAPSED


# ── between the machines ─────────────────────────────────────────────────────


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


class SessionDeadline(DomainEvent):
    """To the session: the session has been open for as long as the policy allows."""


class ReadFailed(DomainEvent):
    """To the account, authorization or session: Stripe refused the read for good."""

    error: str


class ReturnedBySession(DomainEvent):
    """To the account: a session returned this account instead of the expected one."""

    session: str
    expected: str
    holder: Holder | None
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
    account: str
    as_of: int
    read: bool


class SessionUnsuccessful(DomainEvent):
    """To the account: the session ended without a repair."""

    session: str
    outcome: Literal["failed", "cancelled", "abandoned"]
    failure_reason: str | None


class KnownAccountLinked(DomainEvent):
    """To the account: the customer picked another account, which relink knows."""

    session: str
    other: str
    as_of: int


class NewAccountLinkedInstead(DomainEvent):
    """To the account: the customer linked a new account instead."""

    session: str
    new: str
    as_of: int
    read: bool


class MemberReported(DomainEvent):
    """To the authorization: Stripe reported one of its accounts."""

    account: str
    inactive: bool
    as_of: int


class MemberLeft(DomainEvent):
    """To the authorization: one of its accounts moved to another authorization (K8)."""

    account: str
    as_of: int


class NumberChanged(DomainEvent):
    """To the account: the status of its account numbers changed."""

    status: NumberStatus
    expires_on: int | None


class ReviewDue(DomainEvent):
    """To the account itself: the whole report is applied, so what the account needs is reviewed."""


class NumberBlocked(DomainEvent):
    """To the account number: a payment method or external account reports it deactivated."""

    as_of: int


class RefreshStarted(DomainEvent):
    """To the account number: a relink session is open, and may bring a new number."""


class RefreshEnded(DomainEvent):
    """To the account number: the relink session ended, and brought no new number."""


class RefreshSucceeded(DomainEvent):
    """To the account number: the account was relinked, and a new number will follow."""

    as_of: int


class NeedsChanged(DomainEvent):
    """To the outage: the needs of an account, or of the authorization, changed."""

    subject: str
    is_account: bool = True
    """False: it is the authorization itself."""
    needs: tuple[RelinkReason, ...]
    """Empty: nothing any more."""
    cause: str | None = None
    """Stripe's ``cause`` of the inactivity."""
    ask: Ask = "relink"
    relink_by: int | None = None
    prompted_since: float | None = None
    """Since when its customer is prompted, where the account moved from a prompted outage (K8)."""
    reminders_ended: bool = False
    """And no reminders were left there."""


class NeedsMoved(DomainEvent):
    """To the outage: an account moved to another authorization, and so to its outage (K8)."""

    subject: str
    to: str
    successor: NeedsChanged


class StripeWrites(DomainEvent):
    """To the outage: Stripe itself writes to the customer, so relink does not (P2)."""


class PromptDue(DomainEvent):
    """To the outage: the announced end is close enough to prompt."""

    outage: int
    """Which outage of its authorization the timer was set for."""


class ReminderDue(DomainEvent):
    """To the outage: a reminder is due."""

    outage: int
    number: int = Field(ge=1)


class BuildRequested(DomainEvent):
    """To the payment method: a new account was linked, and needs a payment method."""

    session: str
    holder: Holder | None
    obstacle: str | None
    """Why nothing can be built on it (a code); None when it can be (N1)."""


class BuildResumed(DomainEvent):
    """To the payment method: the service supplied the billing name."""

    holder: Holder | None
    """Whose account it is now."""
    obstacle: str | None
    billing_name: str = Field(default="", exclude=True, repr=False)
    """Never journaled."""


class PaymentMethodChecked(DomainEvent):
    """To the payment method: Stripe reports whether it is blocked."""

    as_of: int
    blocked: str | None


class BuildFailed(DomainEvent):
    """To the payment method: Stripe refused to create it, for good."""

    error: str


class PaymentMethodChanged(DomainEvent):
    """To the account: the state of its payment method changed."""

    state: PaymentMethodState
    reason: str | None
