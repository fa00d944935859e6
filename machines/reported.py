"""Reports about accounts, authorizations and account numbers, sorted by what they say.

Routing makes them of what Stripe says, and sends them to the machines that they are about.
"""

from typing import ClassVar

from .events import DomainEvent
from .report import StatusReport
from .vocabulary import NumberStatus, ReportedStatus, Status


class Reported(DomainEvent):
    """A report, sorted by what it says."""

    reported_status: ClassVar[Status]
    as_of: int
    """When it was true (Unix seconds)."""
    read: bool
    """Whether it answers a read of ours."""
    decides: bool = False
    """It answers a read that began long enough after all that is known: nothing is ambiguous about
    it (K10)."""
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
    in_future: bool = False
    """The report's time lies ahead of our clock, so that it says nothing (K2)."""


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
