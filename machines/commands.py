"""Commands: what the machines ask of the world.

A command is data. Its id is a pure function of that data, and the data is made of codes and ids,
never of sentences, so the same cause asked for twice is one command, and rewording a message
makes no second one.

Who carries a command out follows from its type:

- :class:`Read` and :class:`Build`: a gateway, from the outbox;
- :class:`CallerCommand`: a gateway, within the caller's own request, and never in the outbox;
- :class:`Notification`: the embedding service;
- :class:`Timer`: the clock, which brings an event back to a machine.

Every command is of exactly one of these families. The first two and ``CallerCommand`` are Stripe
commands, and sealed: gateways have to know how to carry each of them out, so they are declared
here and nowhere else.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from inspect import isabstract
from typing import Any, ClassVar, Literal, get_args

from pydantic import Field, SerializeAsAny

from relink.engine import Command, Event

from .reasons import Anomaly, ReadReason
from .report import Holder
from .vocabulary import Ask, Delivery, MandateReason, Mode, RelinkReason

# ── families ─────────────────────────────────────────────────────────────────


class StripeCommand(Command):
    """Carried out at Stripe by a gateway."""

    machine: ClassVar[str]
    """Which machine learns that it failed for good."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse commands that no gateway can know.

        Raises:
            TypeError: the class is declared outside of this module.
        """
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__module__ != __name__:
            raise TypeError(
                f"{cls.__module__}.{cls.__qualname__} is a StripeCommand that no gateway knows. "
                f"Declare Stripe commands in {__name__} and teach the gateways to carry them "
                "out, or derive from Notification to send it to the service."
            )

    @property
    @abstractmethod
    def subject(self) -> str:
        """The id of what it is about."""


class Read(StripeCommand):
    """Reads an object at Stripe; the answer is a report.

    Its id names the object and the number of the read. When a read that has not begun is asked
    for again, the machines may issue it once more with a later ``after``: the same id, and the
    later time counts (K10).
    """

    number: int
    """Which read of the object it is, from 1."""
    reason: ReadReason
    after: int = 0
    """The earliest time to begin (Unix seconds); 0 is at once."""

    machine = "read"

    @property
    def id(self) -> str:
        """The same for each version of one read."""
        return f"{self.name}_{self.subject}_{self.number}"


class Build(StripeCommand):
    """Makes something at Stripe on a new account."""

    account: str
    session: str
    """The relink session that linked the account."""
    holder: Holder

    machine = "build"


class CallerCommand(StripeCommand):
    """Carried out at Stripe within the caller's own request: never in the outbox."""


class Notification(Command):
    """For the embedding service, or for its operators."""

    @property
    @abstractmethod
    def subject(self) -> str:
        """The id of what it is about."""


class Timer(Command):
    """For the clock."""

    @property
    @abstractmethod
    def subject(self) -> str:
        """The id of what it is about."""


# ── for Stripe, from the outbox ──────────────────────────────────────────────


class RetrieveAccount(Read):
    """Read the account at Stripe, with the preview version."""

    account: str

    @property
    def subject(self) -> str:
        """The account."""
        return self.account


class RetrieveAuthorization(Read):
    """Read the authorization at Stripe: no webhook reports its status."""

    authorization: str

    @property
    def subject(self) -> str:
        """The authorization."""
        return self.authorization


class RetrieveSession(Read):
    """Read a relink session at Stripe."""

    session: str

    @property
    def subject(self) -> str:
        """The session."""
        return self.session


class RetrievePaymentMethod(Read):
    """Read a payment method at Stripe (K6, K11)."""

    payment_method: str

    @property
    def subject(self) -> str:
        """The payment method."""
        return self.payment_method


class RetrieveExternalAccount(Read):
    """Read an external account of a connected account at Stripe (K11)."""

    external_account: str
    connected_account: str
    """``acct_…``, whose external account it is."""

    @property
    def subject(self) -> str:
        """The external account."""
        return self.external_account


class CreatePaymentMethod(Build):
    """Create a payment method from the account, then attach it to its customer (N1)."""

    billing_name: str | None = None
    """None: the gateway takes the customer's name."""

    @property
    def subject(self) -> str:
        """The account."""
        return self.account


class AttachExternalAccount(Build):
    """Give a connected account its new bank account, from the session's token (N2)."""

    @property
    def subject(self) -> str:
        """The account."""
        return self.account


# ── for Stripe, within the caller's request ──────────────────────────────────


class CreateRelinkSession(CallerCommand):
    """Open a relink session; only the caller gets its secret."""

    account: str
    attempt: int
    """Sessions opened for this account so far, plus one: a repeat reaches the same session."""
    authorization: str
    outage: int | None = None
    """The outage of the account in which it was asked for, from 1; None while the account needed
    nothing (R4)."""
    mode: Mode
    reason: RelinkReason
    holder: Holder | None
    permissions: tuple[str, ...]
    subcategories: tuple[str, ...]
    delivery: Delivery
    return_url: str | None

    machine = "account"

    @property
    def subject(self) -> str:
        """The account."""
        return self.account


class RetrieveAccountForCaller(CallerCommand):
    """Read the account for a caller: before its relink is refused (R9), or to refresh it (P4)."""

    account: str
    dedup_key: str

    machine = "account"

    @property
    def subject(self) -> str:
        """The account."""
        return self.account


class RetrieveSessionForCaller(CallerCommand):
    """Read a relink session for a caller who wants its result, or its secret again (R1)."""

    session: str
    reason: Literal["asked_again", "result"]
    dedup_key: str

    machine = "session"

    @property
    def subject(self) -> str:
        """The session."""
        return self.session


# ── for the service and its operators ────────────────────────────────────────


class NotifyCustomer(Notification):
    """Prompt the customer, through the service: the first time, or as a reminder."""

    outage: str
    """The authorization that is out, or the account where there is none."""
    outage_number: int
    """Which outage of it this is, from 1."""
    number: int
    """Which message of this outage this is, from 1."""
    since: float
    """When the outage began (Unix seconds)."""
    accounts: tuple[str, ...] = Field(min_length=1)
    """Those that need it, in alphabetical order."""
    ask: Ask = "relink"
    """What to ask for."""
    reasons: tuple[str, ...]
    """Stripe's causes, and else relink's own reasons (``RelinkReason``), in alphabetical order."""
    reminder: int = 0
    """0 for a prompt, then 1, 2, …"""
    relink_by: int | None = None
    """When the first of them stops working, while all still work (Unix seconds)."""

    @property
    def subject(self) -> str:
        """The authorization, or the account where there is none."""
        return self.outage


class RequestNewPaymentMethod(Notification):
    """The link cannot be repaired, or nothing can be built on it: ask for another way to pay."""

    account: str
    reason: str
    """A code: one of relink's, or Stripe's own cause or error code."""
    dedup_key: str
    """Which request for the account it is: one for each cause (C4)."""

    @property
    def subject(self) -> str:
        """The account."""
        return self.account


class PaymentMethodGone(Notification):
    """What was built on an account has gone away at Stripe, and cannot be charged (N4)."""

    account: str
    payment_method: str
    """``pm_…``, or ``ba_…`` for a connected account."""

    @property
    def subject(self) -> str:
        """The account."""
        return self.account


class PaymentMethodBuilt(Notification):
    """relink made a payment method of a new account, or an external account (N1, N2).

    For a customer, debits need a mandate first: :class:`CollectMandate` follows.
    """

    account: str
    session: str | None
    """The relink session that linked the account, where it is known."""
    payment_method: str
    """``pm_…``, or ``ba_…`` for a connected account."""

    @property
    def subject(self) -> str:
        """The account."""
        return self.account


class CollectMandate(Notification):
    """Ask the customer to authorize debits; until then nothing may be debited from it (N3)."""

    account: str
    payment_method: str
    reason: MandateReason
    dedup_key: str
    """Which request for a mandate it is: one for each time that a mandate is missing."""

    @property
    def subject(self) -> str:
        """The account."""
        return self.account


class RequestBillingName(Notification):
    """Ask the service for the name that a payment method needs (N1)."""

    account: str
    session: str

    @property
    def subject(self) -> str:
        """The account."""
        return self.account


class ReportAnomaly(Notification):
    """Tell the operators of something that should not happen."""

    about: str
    """The id of what it is about."""
    anomaly: Anomaly
    value: str | None = None
    """The value that is not known, where there is one."""
    dedup_key: str

    @property
    def subject(self) -> str:
        """The id of what it is about."""
        return self.about


# ── for the clock ────────────────────────────────────────────────────────────


class Wake(Timer):
    """Bring ``event`` back to the machine at ``due`` (Unix seconds)."""

    machine: str
    key: str
    due: int
    event: SerializeAsAny[Event]

    @property
    def subject(self) -> str:
        """The machine's key."""
        return self.key


AnyCallerCommand = CreateRelinkSession | RetrieveAccountForCaller | RetrieveSessionForCaller
"""Every :class:`CallerCommand`, as a closed type."""

AnyStripeCommand = (
    RetrieveAccount
    | RetrieveAuthorization
    | RetrieveSession
    | RetrievePaymentMethod
    | RetrieveExternalAccount
    | CreatePaymentMethod
    | AttachExternalAccount
    | AnyCallerCommand
)
"""Every Stripe command, as a closed type: a gateway's ``match`` over it ends in
``assert_never``."""

StoredCommand = Read | Build | Notification | Timer
"""What the outbox holds: everything but :class:`CallerCommand`."""

_FAMILIES = (Read, Build, CallerCommand, Notification, Timer)


def concrete_commands(namespace: Mapping[str, object]) -> dict[str, type[Command]]:
    """The command classes of a module, by their names.

    Raises:
        TypeError: one of them is of no family, so nobody would carry it out.
    """
    found: dict[str, type[Command]] = {}
    for kind in namespace.values():
        if not (isinstance(kind, type) and issubclass(kind, Command)):
            continue
        if kind is Command or isabstract(kind):
            continue
        require_family(kind)
        found[kind.name] = kind
    return found


def require_family(kind: type[Command]) -> None:
    """Refuse a command class that nobody would carry out.

    Raises:
        TypeError: it derives from none of the families, or from several.
    """
    families = [family.__name__ for family in _FAMILIES if issubclass(kind, family)]
    if len(families) != 1:
        names = ", ".join(family.__name__ for family in _FAMILIES)
        raise TypeError(
            f"{kind.__qualname__} is of {' and '.join(families) or 'no command family'}. "
            f"Derive it from exactly one of {names}: that says who carries it out."
        )


def require_known(kinds: Iterable[type[Command]]) -> None:
    """Refuse a Stripe command that the closed type leaves out: gateways would not know it.

    Raises:
        TypeError: one is not in :data:`AnyStripeCommand`.
    """
    for kind in kinds:
        if issubclass(kind, StripeCommand) and kind not in get_args(AnyStripeCommand):
            raise TypeError(
                f"{kind.__qualname__} is a StripeCommand that no gateway knows. Add it to "
                "AnyStripeCommand; the type checker then names each gateway that has to carry it "
                "out."
            )


BY_NAME = concrete_commands(dict(globals()))
"""Every command, by its name."""

require_known(BY_NAME.values())
