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
    """Stripe reports that it works."""

    reported_status = ReportedStatus.ACTIVE


class ReportedRelinkable(LinkReported):
    """Stripe reports that it is inactive, and that the customer can repair it."""

    reported_status = ReportedStatus.RELINKABLE


class ReportedUnrepairable(LinkReported):
    """Stripe reports that it is inactive, and names no action that repairs it (S2)."""

    reported_status = ReportedStatus.UNREPAIRABLE


class ReportedInactive(LinkReported):
    """Stripe reports that it is inactive, and leaves out whether it can be repaired (K5)."""

    reported_status = ReportedStatus.INACTIVE


class ReportedDisconnected(LinkReported):
    """Stripe reports that it was disconnected, for good."""

    reported_status = ReportedStatus.DISCONNECTED


class ReportedUnclear(DomainEvent):
    """Stripe reports that something changed, with no status that relink knows (K5, K6)."""

    as_of: int
    read: bool
    status: str | None = None


class NumbersReported(Reported):
    """A report about the numbers of an account."""

    reported_status: ClassVar[NumberStatus]


class ReportedTransactable(NumbersReported):
    """Stripe reports that an account number can pay, or lists none."""

    reported_status = NumberStatus.TRANSACTABLE


class ReportedPending(NumbersReported):
    """Stripe reports that an account number is coming."""

    reported_status = NumberStatus.PENDING


class ReportedExpiring(NumbersReported):
    """Stripe reports that the account number still pays, and when it stops."""

    reported_status = NumberStatus.EXPIRING


class ReportedLapsed(NumbersReported):
    """Stripe reports that no account number pays."""

    reported_status = NumberStatus.LAPSED


# ── between the machines ─────────────────────────────────────────────────────


class SessionOpened(DomainEvent):
    """To the session, account and authorization: a relink session is open."""

    session: str
    request: CreateRelinkSession


class SessionSuperseded(DomainEvent):
    """To the session: another session replaced it."""

    by: str


class SessionPending(DomainEvent):
    """To the session: the customer has not finished."""

    as_of: int
    read: bool


class SessionSucceeded(DomainEvent):
    """To the session: the customer linked these accounts."""

    as_of: int
    read: bool
    relinked_account: str | None
    accounts: tuple[str, ...] | None


class SessionFailed(DomainEvent):
    """To the session: it failed, and Stripe says why."""

    as_of: int
    failure_reason: str


class SessionCancelled(DomainEvent):
    """To the session: the customer closed it."""

    as_of: int


class SessionUnclear(DomainEvent):
    """To the session: Stripe reports that something changed, with no status that relink knows."""

    as_of: int
    read: bool
    status: str | None


class SessionDeadline(DomainEvent):
    """To the session: it has been open for as long as the policy allows."""


class ReadFailed(DomainEvent):
    """To the account, authorization or session: Stripe refused the read for good."""

    error: str


class ReturnedBySession(DomainEvent):
    """To the account: a session returned it instead of the expected account."""

    session: str
    expected: str
    holder: Holder | None
    opened_at: float
    as_of: int
    read: bool


class OwnershipChecked(DomainEvent):
    """To the session: the returned account is known, new, or another holder's (K7, R6)."""

    account: str
    ownership: Ownership
    as_of: int
    read: bool


class MemberSessionEnded(DomainEvent):
    """To the authorization: a session for an account of it ended without repairing it."""

    session: str


class SessionRelinked(DomainEvent):
    """To the account and the authorization: the customer relinked the expected account."""

    session: str
    account: str
    as_of: int
    read: bool


class SessionUnsuccessful(DomainEvent):
    """To the account: the session ended, or was abandoned, without a repair."""

    session: str
    outcome: Literal["failed", "cancelled", "abandoned"]
    failure_reason: str | None


class KnownAccountLinked(DomainEvent):
    """To the account: the customer picked another account that relink knows."""

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
    """To the authorization: an account of it was reported."""

    account: str
    inactive: bool
    as_of: int


class MemberLeft(DomainEvent):
    """To the authorization: an account of it moved to another authorization (K8)."""

    account: str
    as_of: int


class NumberChanged(DomainEvent):
    """To the account: the status of its numbers changed."""

    status: NumberStatus
    expires_on: int | None


class ReviewDue(DomainEvent):
    """To the account itself: everything in this report is known by now, so tell the outage."""


class NumberBlocked(DomainEvent):
    """To the account number: a payment method or external account reports it deactivated."""

    as_of: int


class RefreshStarted(DomainEvent):
    """To the account number: a relink session of the account is open, and may bring a new one."""


class RefreshEnded(DomainEvent):
    """To the account number: that session ended, and brought no new one."""


class RefreshSucceeded(DomainEvent):
    """To the account number: that session relinked the account; a new number is to come."""

    as_of: int


class NeedsChanged(DomainEvent):
    """To the outage: who needs a relink, or what for, changed."""

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
    """To the outage: this account moved, and its needs continue at another outage (K8)."""

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
    """To the payment method: a new account was linked; build on it if possible."""

    session: str
    holder: Holder | None
    obstacle: str | None
    """Why nothing can be built on it (a code); None when it can be (N1)."""


class BuildResumed(DomainEvent):
    """To the payment method: the service supplied the name; continue if still possible."""

    holder: Holder | None
    """Whose account it is now."""
    obstacle: str | None
    billing_name: str = Field(default="", exclude=True, repr=False)
    """Never journaled."""


class PaymentMethodChecked(DomainEvent):
    """To the payment method: a report says whether it is blocked."""

    as_of: int
    blocked: str | None


class BuildFailed(DomainEvent):
    """To the payment method: Stripe refused to build it, for good."""

    error: str


class PaymentMethodChanged(DomainEvent):
    """To the account: the state of what was built on it changed."""

    state: PaymentMethodState
    reason: str | None
