"""Which machines an outside event probably changes.

The writers lock and read them in one go, before anything is decided. An address that turns out to
be unneeded costs next to nothing; a missing one costs another round trip, never correctness.
"""

from collections.abc import Iterable, Iterator, Sequence

from relink.engine import Address, Event
from relink.machines import commands
from relink.machines.events import (
    AccountReplaced,
    AccountReported,
    AccountResumed,
    AccountRetired,
    AuthorizationReported,
    BillingNameAbsent,
    BillingNameGiven,
    CommandFailed,
    ExternalAccountMade,
    ExternalAccountReported,
    MandateCollected,
    MandateReported,
    PaymentMethodMade,
    PaymentMethodReported,
    ReadRequested,
    RelinkRequested,
    RelinkSessionCreated,
    SessionReported,
    TimerFired,
)
from relink.machines.report import StatusReport

_OBJECT_OF_READ: dict[type[commands.Read], str] = {
    commands.RetrieveAccount: "account",
    commands.RetrieveAuthorization: "authorization",
    commands.RetrieveSession: "session",
    commands.RetrievePaymentMethod: "payment_method",
    commands.RetrieveExternalAccount: "payment_method",
}
"""The machine of the object that a command reads."""


def likely_addresses(events: Sequence[Event]) -> Iterator[Address]:
    """The machines that the events probably change, in no particular order.

    Some of them may not exist.
    """
    for trigger in events:
        yield from _likely_addresses(trigger)


def related_addresses(address: Address) -> Iterable[Address]:
    """A machine, and those that mostly change together with it."""
    match address.machine:
        case "account" | "account_number":
            return [*_account(address.key), Address("read", address.key)]
        case "authorization" | "outage":
            return [address, *_authorization(address.key)]
        case _:
            return [address]


def _likely_addresses(trigger: Event) -> Iterable[Address]:
    match trigger:
        case AccountReported(account=account, report=report):
            yield from _reported_account(account, report)
        case AuthorizationReported(authorization=authorization):
            yield from _authorization(authorization)
        case SessionReported():
            yield Address("session", trigger.session)
            yield Address("read", trigger.session)
            if trigger.relinked_account:
                yield from related_addresses(Address("account", trigger.relinked_account))
            for found in trigger.accounts or ():
                yield from _reported_account(found.account, found.report)
        case (
            PaymentMethodReported(payment_method=key)
            | ExternalAccountReported(external_account=key)
        ):
            yield Address("payment_method", key)
            yield Address("read", key)
            if trigger.account:
                yield Address("account", trigger.account)
        case MandateReported(payment_method=key):
            yield Address("payment_method", key)
        case RelinkSessionCreated(session=session, request=request):
            yield Address("session", session)
            yield from _account(request.account)
            yield Address("authorization", request.authorization)
        case RelinkRequested() | AccountRetired() | AccountResumed() | AccountReplaced():
            yield Address("account", trigger.account)
        case MandateCollected(account=account, payment_method=key):
            yield Address("account", account)
            if key:
                yield Address("payment_method", key)
        case (
            PaymentMethodMade(account=account, payment_method=key)
            | ExternalAccountMade(account=account, external_account=key)
        ):
            yield Address("payment_method", key)
            yield from _build(account)
        case BillingNameAbsent(account=account) | BillingNameGiven(account=account):
            yield from _build(account)
        case ReadRequested(kind=kind, id=key):
            yield Address("read", key)
            if kind == "account":
                yield Address("account", key)
            if kind == "external_account":
                yield Address("payment_method", key)
        case CommandFailed(command=command, subject=subject):
            yield from _failed(commands.BY_NAME.get(command), subject)
        case TimerFired(machine=machine, key=key):
            yield Address(machine, key)


def _failed(kind: type | None, subject: str) -> Iterator[Address]:
    if kind is None:
        return
    if issubclass(kind, commands.Build):
        yield from _build(subject)
    elif issubclass(kind, commands.Read):
        yield Address("read", subject)
        yield Address(_OBJECT_OF_READ[kind], subject)


def _reported_account(account: str, report: StatusReport | None) -> Iterator[Address]:
    """An account, and all that its report names: its authorization, and who is written to."""
    yield from _account(account)
    yield Address("read", account)
    authorization = report.authorization if report else None
    if authorization:
        yield from _authorization(authorization)
    else:
        yield Address("outage", account)
    holder = report.holder if report else None
    yield Address("holder", holder.id if holder else authorization or account)


def _account(account: str) -> list[Address]:
    return [Address("account", account), Address("account_number", account)]


def _build(account: str) -> list[Address]:
    return [Address("build", account), Address("account", account)]


def _authorization(authorization: str) -> list[Address]:
    return [Address(machine, authorization) for machine in ("authorization", "outage", "read")]
