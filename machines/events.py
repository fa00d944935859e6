"""Events: what can happen outside the machines.

They are facts from Stripe, requests of the service, answers to commands, and timers;
:mod:`relink.machines.routing` turns each into the messages that the machines get.
Every event carries the time at which we learned of it, what caused it, and the
policy in force, since the machines have no clock and no settings.
"""

from typing import Any, TypeVar

from pydantic import Field, SerializeAsAny

from relink.engine import Event

from .commands import CreateRelinkSession, Delivery, Mode, RelinkReason
from .policy import DEFAULT_POLICY, Permission, RelinkPolicy
from .report import StatusReport

E = TypeVar("E", bound="DomainEvent")


class DomainEvent(Event):
    """What all events have."""

    causation_id: str
    """The outside event's id: Stripe's ``evt_…``, a command's id, a request's key."""
    at: float
    """When we learned of it (Unix seconds, our clock)."""
    policy: RelinkPolicy = DEFAULT_POLICY

    def follow(self, kind: type[E], **fields: Any) -> E:
        """A follow-up event for another machine: same cause, time and policy."""
        return kind(causation_id=self.causation_id, at=self.at, policy=self.policy, **fields)


class AccountReported(DomainEvent):
    """A webhook or a read told of an account. ``report`` is None where it only says "look" (K6)."""

    account: str
    as_of: int
    """The event's ``created``, or the ``Date`` of the answer to a read (K2; Unix seconds)."""
    read: bool
    report: StatusReport | None


class AuthorizationReported(DomainEvent):
    """A webhook or a read told of an authorization."""

    authorization: str
    as_of: int
    read: bool
    report: StatusReport | None


class SessionAccount(Event):
    """An account object inside a session."""

    account: str
    report: StatusReport


class SessionReported(DomainEvent):
    """A webhook or a read told of a relink session."""

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
    """A webhook told of a payment method made from an account."""

    account: str
    payment_method: str
    as_of: int
    blocked: str | None
    """``us_bank_account.status_details.blocked.reason``; None when it is not blocked."""


class ExternalAccountReported(DomainEvent):
    """A webhook told of a connected account's external account that we attached."""

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
    """Stripe answered a :class:`CreateRelinkSession`."""

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
    """Neither the command nor the customer object had a name."""

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
    """What it was about: the account, authorization or session."""
    error: str


class TimerFired(DomainEvent):
    """A :class:`~relink.machines.commands.Wake` came due."""

    machine: str
    key: str
    event: SerializeAsAny[Event]
