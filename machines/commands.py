"""Commands: what the machines ask of the world.

A command is data; its id follows from its data alone, so the same cause asked for
twice is one command. ``after`` is the earliest time to carry it out (Unix seconds;
0 is at once). :class:`CreateRelinkSession` and reads marked ``for_caller`` are
carried out within the service's own request and never put in the outbox.
"""

from typing import Literal

from pydantic import SerializeAsAny

from relink.engine import Command, Event

from .report import Holder

Mode = Literal["specific", "any_eligible"]
"""A relink of exactly this account, or of any eligible one at the same institution."""

Delivery = Literal["modal", "email", "url"]
"""In the service's own page, or hosted by Stripe (which writes the email itself)."""

RelinkReason = Literal[
    "inactive", "number_lapsed", "number_expiring", "announced_deactivation", "new_permissions"
]


class RetrieveAccount(Command):
    """Read the account at Stripe, with the preview version."""

    account: str
    reason: str
    """The question, in a word or two."""
    dedup_key: str
    """What raised it: an event or a session. Asked again for the same, it is the same command."""
    after: int = 0
    for_caller: bool = False
    """Read within the service's request, before it is refused (R9)."""


class RetrieveAuthorization(Command):
    """Read the authorization at Stripe: no webhook tells how it fares."""

    authorization: str
    reason: str
    dedup_key: str
    after: int = 0


class RetrieveSession(Command):
    """Read a relink session at Stripe."""

    session: str
    reason: str
    dedup_key: str
    for_caller: bool = False
    """Asked for by the service, which wants the client secret again (R1)."""


class CreateRelinkSession(Command):
    """Open a relink session: carried out in the caller's request, who gets the secret."""

    account: str
    attempt: int
    """Sessions opened for this account so far, plus one: a repeat reaches the same session."""
    authorization: str
    mode: Mode
    reason: RelinkReason
    holder: Holder | None
    permissions: tuple[str, ...]
    subcategories: tuple[str, ...]
    delivery: Delivery
    return_url: str | None


class NotifyCustomer(Command):
    """Prompt the customer, through the service: the first time, or as a reminder."""

    outage: str
    """The authorization that is out, or the account where there is none."""
    count: int
    """Its how-manieth outage; with ``reminder`` it tells messages apart."""
    since: float
    """When the outage began (Unix seconds)."""
    accounts: tuple[str, ...]
    """Those that need it; none where Stripe announced it for the authorization alone."""
    ask: Literal["relink", "new_payment_method"]
    """What to ask for; without an authorization nothing can be relinked."""
    reason: str
    reminder: int = 0
    """0 for the first prompt, then 1, 2, …"""
    relink_by: int | None = None
    """When it stops working, where Stripe announced it (Unix seconds)."""


class RequestNewPaymentMethod(Command):
    """The link can't be repaired, or not be built on: ask for another way to pay."""

    account: str
    reason: str
    dedup_key: str
    """What brought it up: a session, or the time of a word."""


class RequestBillingName(Command):
    """Ask the service for the name that a payment method needs (N1)."""

    account: str
    session: str


class CreatePaymentMethod(Command):
    """Create a payment method from the account, then attach it to its customer (N1)."""

    account: str
    session: str
    holder: Holder
    billing_name: str | None = None
    """None: the gateway takes the customer's name."""


class AttachExternalAccount(Command):
    """Give a connected account its new bank account, from the session's token (N2)."""

    account: str
    session: str
    holder: Holder


class ReportAnomaly(Command):
    """Tell the operators of something that should not be."""

    subject: str
    what: str
    dedup_key: str


class Wake(Command):
    """A timer: bring ``event`` back to the machine at ``due`` (Unix seconds)."""

    machine: str
    key: str
    due: int
    event: SerializeAsAny[Event]


IN_REQUEST: tuple[type[Command], ...] = (CreateRelinkSession,)
"""Never in the outbox; so are reads that say ``for_caller``."""
