"""Which machines an outside event will probably concern.

PostgreSQL locks and reads them in one round trip, before anything is decided. What is named in
vain costs next to nothing; what is missing costs another round trip, and never correctness.
"""

from collections.abc import Iterable, Iterator, Sequence

from relink.engine import Address, Event
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
from relink.machines.routing import READS


def concerned(events: Sequence[Event]) -> Iterator[Address]:
    """The machines, in no particular order; some of them may not exist."""
    for trigger in events:
        yield from _concerned(trigger)


def around(address: Address) -> Iterable[Address]:
    """A machine, and those that are mostly concerned together with it."""
    match address.machine:
        case "account" | "account_number" | "payment_method":
            return [*_account(address.key), Address("payment_method", address.key)]
        case "authorization" | "outage":
            return [address, *_authorization(address.key)]
        case _:
            return [address]


def _concerned(trigger: Event) -> Iterable[Address]:
    match trigger:
        case AccountReported(account=account, report=report):
            authorization = report.authorization if report else None
            yield from _account(account)
            yield from _authorization(authorization) if authorization else ()
            yield Address("outage", account)
        case AuthorizationReported(authorization=authorization):
            yield from _authorization(authorization)
        case SessionReported():
            yield Address("session", trigger.session)
            for reported in trigger.accounts or ():
                yield from _concerned_by_return(reported.account, reported.report.authorization)
        case RelinkRequested(account=account):
            yield Address("account", account)
        case RelinkSessionCreated(session=session, request=request):
            yield Address("session", session)
            yield from _concerned_by_return(request.account, request.authorization)
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
            yield Address(READS.get(command, "payment_method"), subject)
        case TimerFired(machine=machine, key=key):
            yield Address(machine, key)


def _concerned_by_return(account: str, authorization: str | None) -> Iterator[Address]:
    yield from _account(account)
    yield from _authorization(authorization) if authorization else ()


def _account(account: str) -> Iterator[Address]:
    yield Address("account", account)
    yield Address("account_number", account)


def _authorization(authorization: str) -> Iterator[Address]:
    yield Address("authorization", authorization)
    yield Address("outage", authorization)
