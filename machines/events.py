"""Events: what can happen outside of the machines.

They are reports from Stripe, requests of the service, answers to commands, and timers.
:mod:`relink.machines.routing` turns each into messages for the machines that it concerns. Every
event carries the time at which relink learned of it, the id of what caused it, and the policy in
force, since the machines have no clock and no settings.
"""

from typing import Any, TypeVar

from pydantic import Field, SerializeAsAny

from relink.engine import Event

from .commands import CreateRelinkSession
from .policy import DEFAULT_POLICY, RelinkPolicy
from .report import StatusReport
from .vocabulary import Delivery, Mode, Permission, RelinkReason

E = TypeVar("E", bound="DomainEvent")


class DomainEvent(Event):
    """What all events and messages have."""

    causation_id: str
    """The id of the outside event: Stripe's ``evt_…``, a command's id, or a request's key."""
    at: float
    """When relink learned of it (Unix seconds, our clock)."""
    policy: RelinkPolicy = DEFAULT_POLICY

    def follow(self, kind: type[E], **fields: Any) -> E:
        """A message that follows from this event: same causation id, time and policy."""
        return kind(causation_id=self.causation_id, at=self.at, policy=self.policy, **fields)


class AccountReported(DomainEvent):
    """A webhook or a read reports on an account."""

    account: str
    as_of: int
    """The event's ``created``, or the ``Date`` of the answer to a read (K2; Unix seconds)."""
    read: bool
    """Whether it answers a read of ours."""
    report: StatusReport | None
    """None where Stripe says only that something changed (K6)."""


class AuthorizationReported(DomainEvent):
    """A webhook or a read reports on an authorization."""

    authorization: str
    as_of: int
    read: bool
    report: StatusReport | None


class SessionAccount(Event):
    """An account object inside a session."""

    account: str
    report: StatusReport


class SessionReported(DomainEvent):
    """A webhook or a read reports on a relink session."""

    session: str
    as_of: int
    read: bool
    status: str | None = None
    failure_reason: str | None = None
    """``relink_result.failure_reason``."""
    relinked_account: str | None = None
    """``relink_result.account``."""
    accounts: tuple[SessionAccount, ...] | None = None
    """The session's ``accounts``; None where the payload lacked them."""


class PaymentMethodReported(DomainEvent):
    """A webhook reports on a payment method that was made from an account."""

    account: str
    payment_method: str
    as_of: int
    blocked: str | None
    """``us_bank_account.status_details.blocked.reason``; None when it is not blocked."""


class ExternalAccountReported(DomainEvent):
    """A webhook reports on an external account that relink attached to a connected account."""

    account: str
    external_account: str
    as_of: int
    status: str


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
    """The service says that the customer authorized debits of the new account."""

    account: str


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
