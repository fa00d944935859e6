"""Which machines an outside event probably changes.

The writers lock and read them in one go, before anything is decided. An address that turns out to
be unneeded costs next to nothing; a missing one costs another round trip, never correctness.
"""

from collections.abc import Iterable, Iterator, Sequence

from relink.engine import Address, Event
from relink.machines import commands
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    BillingNameAbsent,
    BillingNameGiven,
    CommandFailed,
    ExternalAccountMade,
    ExternalAccountReported,
    MandateCollected,
    PaymentMethodMade,
    PaymentMethodReported,
    RelinkRequested,
    RelinkSessionCreated,
    SessionReported,
    TimerFired,
)


def likely_addresses(events: Sequence[Event]) -> Iterator[Address]:
    """The machines that the events probably change, in no particular order.

    Some of them may not exist.
    """
    for trigger in events:
        yield from _likely_addresses(trigger)


def related_addresses(address: Address) -> Iterable[Address]:
    """A machine, and those that mostly change together with it."""
    match address.machine:
        case "account" | "account_number" | "payment_method":
            return [*_account(address.key), Address("payment_method", address.key)]
        case "authorization" | "outage":
            return [address, *_authorization(address.key)]
        case _:
            return [address]


def _likely_addresses(trigger: Event) -> Iterable[Address]:
    match trigger:
        case AccountReported(account=account, report=report):
            yield from _linked_account(account, report.authorization if report else None)
            yield Address("outage", account)
        case AuthorizationReported(authorization=authorization):
            yield from _authorization(authorization)
        case SessionReported():
            yield Address("session", trigger.session)
            for found in trigger.accounts or ():
                yield from _linked_account(found.account, found.report.authorization)
        case RelinkRequested(account=account):
            yield Address("account", account)
        case RelinkSessionCreated(session=session, request=request):
            yield Address("session", session)
            yield from _linked_account(request.account, request.authorization)
        case (
            PaymentMethodReported()
            | ExternalAccountReported()
            | PaymentMethodMade()
            | ExternalAccountMade()
            | MandateCollected()
            | BillingNameAbsent()
            | BillingNameGiven()
        ):
            yield Address("payment_method", trigger.account)
            yield from _account(trigger.account)
        case CommandFailed(command=command, subject=subject):
            kind = commands.BY_NAME.get(command)
            if kind is not None and issubclass(kind, commands.StripeCommand):
                yield Address(kind.machine, subject)
        case TimerFired(machine=machine, key=key):
            yield Address(machine, key)


def _linked_account(account: str, authorization: str | None) -> Iterator[Address]:
    yield from _account(account)
    if authorization:
        yield from _authorization(authorization)


def _account(account: str) -> Iterator[Address]:
    yield Address("account", account)
    yield Address("account_number", account)


def _authorization(authorization: str) -> Iterator[Address]:
    yield Address("authorization", authorization)
    yield Address("outage", authorization)
