"""Events: what can happen outside of the machines.

They are reports from Stripe, requests of the service, answers to commands, and timers.
:mod:`relink.machines.routing` turns each into messages for the machines that it concerns. Every
event carries the time at which relink learned of it, the id of what caused it, and the policy in
force, since the machines have no clock and no settings.
"""

from typing import Any, TypeVar

from pydantic import Field, SerializeAsAny

from relink.engine import Event
from relink.engine.record_class import make

from .commands import CreateRelinkSession
from .policy import DEFAULT_POLICY, RelinkPolicy
from .report import ExternalAccountReport, PaymentMethodReport, StatusReport
from .vocabulary import Delivery, Mode, ObjectKind, Permission, RelinkReason

E = TypeVar("E", bound="DomainEvent")


class DomainEvent(Event):
    """What all events and messages have."""

    causation_id: str
    """The id of the outside event: Stripe's ``evt_…``, a command's id, or a request's key."""
    at: float
    """When relink learned of it (Unix seconds, our clock). Give the fraction too: of a read and a
    question in the same whole second, nothing tells which came first."""
    policy: RelinkPolicy = DEFAULT_POLICY

    def follow(self, kind: type[E], **fields: Any) -> E:
        """A message that follows from this event: same causation id, time and policy."""
        own = self.__dict__
        fields["causation_id"], fields["at"] = own["causation_id"], own["at"]
        fields["policy"] = own["policy"]
        return make(kind, fields)


class FromStripe(DomainEvent):
    """What all reports have."""

    as_of: int
    """When it was true: the event's ``created``, or the ``Date`` of the answer to a read (K2; Unix
    seconds)."""
    read: bool
    """Whether it answers a read of ours."""
    begun_at: float | None = None
    """When that read began (Unix seconds, our clock)."""


class AccountReported(FromStripe):
    """A webhook or a read reports on an account."""

    account: str
    complete: bool = False
    """Whether what the object leaves out is known to be none: a webhook of a preview version that
    has all fields (K5). The answer to a read always is complete."""
    report: StatusReport | None
    """None where Stripe says only that something changed (K6)."""


class AuthorizationReported(FromStripe):
    """A webhook or a read reports on an authorization."""

    authorization: str
    complete: bool = False
    """As for an account."""
    report: StatusReport | None


class SessionAccount(Event):
    """An account object inside a session."""

    account: str
    report: StatusReport


class SessionReported(FromStripe):
    """A webhook or a read reports on a relink session."""

    session: str
    complete: bool = False
    """Whether the account objects inside are complete, as above."""
    status: str | None = None
    failure_reason: str | None = None
    """``relink_result.failure_reason``."""
    relinked_account: str | None = None
    """``relink_result.account``."""
    accounts: tuple[SessionAccount, ...] | None = None
    """The session's ``accounts``; None where the payload lacked them."""


class PaymentMethodReported(FromStripe):
    """A webhook or a read reports on a payment method."""

    payment_method: str
    account: str | None
    """``us_bank_account.financial_connections_account``; None where the payload lacks it."""
    report: PaymentMethodReport | None
    """None where Stripe says only that something changed (K6)."""


class ExternalAccountReported(FromStripe):
    """A webhook or a read reports on an external account of a connected account."""

    external_account: str
    account: str | None
    """The account that relink attached it for; None where the payload does not name it."""
    report: ExternalAccountReport | None
    """None where Stripe says only that something changed (K6)."""


class MandateReported(FromStripe):
    """A webhook reports on the mandate of a payment method (N3)."""

    payment_method: str
    status: str
    """Stripe's ``status``: ``active``, ``inactive``, ``pending``, or an unknown value."""


class ReadRequested(DomainEvent):
    """Something is to be read again: the reconciliation sweep, or the service, asks (K11, P4)."""

    kind: ObjectKind
    id: str


class RelinkRequested(DomainEvent):
    """The service asks for a relink session."""

    account: str
    mode: Mode | None = None
    """None: the policy chooses (R4)."""
    reason: RelinkReason | None = None
    """None: inferred from what is known."""
    permissions: tuple[Permission, ...] | None = None
    """None: the account's own (R7)."""
    delivery: Delivery = "modal"
    return_url: str | None = None
    has_read: bool = False
    """Whether the account was read just for this request (R9)."""


class RelinkSessionCreated(DomainEvent):
    """Stripe created the session of a :class:`CreateRelinkSession`."""

    session: str
    request: CreateRelinkSession


class PaymentMethodMade(DomainEvent):
    """A payment method was created and attached."""

    account: str
    payment_method: str


class ExternalAccountMade(DomainEvent):
    """A bank account was added to a connected account."""

    account: str
    external_account: str


class BillingNameAbsent(DomainEvent):
    """The payment method needs a billing name, and the customer object has none."""

    account: str


class BillingNameGiven(DomainEvent):
    """The service supplied the name. It is never journaled."""

    account: str
    billing_name: str = Field(default="", exclude=True, repr=False)


class MandateCollected(DomainEvent):
    """The service says that the customer authorized debits of the new account (P4)."""

    account: str
    payment_method: str | None = None
    """Which one; None: every one of the account that needs a mandate."""


class AccountRetired(DomainEvent):
    """The service says that nobody has a use for the account any more (P4)."""

    account: str


class AccountResumed(DomainEvent):
    """The service takes a retired account up again (P4)."""

    account: str


class AccountReplaced(DomainEvent):
    """The service says that another account of ours stands in for this one (P4, S6)."""

    account: str
    by: str
    """The account that is used instead."""


class CommandFailed(DomainEvent):
    """A command failed for good."""

    command: str
    """Its name, such as ``retrieve_account``."""
    subject: str
    """The id of what it was about."""
    error: str
    """A code: Stripe's, or one of relink's."""


class TimerFired(DomainEvent):
    """A :class:`~relink.machines.commands.Wake` came due."""

    machine: str
    key: str
    event: SerializeAsAny[Event]
