"""The event types that relink handles, and what each of them means.

The type itself, such as ``deactivated``, is no evidence: events arrive late and in any order, so
the object in it counts, and if that lacks its status, relink reads it. The exceptions are the two
types that say that something is gone for good.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    DomainEvent,
    PaymentMethodReported,
    SessionReported,
)
from relink.machines.report import PaymentMethodReport

from .built import (
    is_bank_account,
    is_of_an_account,
    reduce_external_account,
    reduce_payment_method,
)
from .reduce import (
    Origin,
    reduce_account,
    reduce_authorization,
    reduce_mandate,
    reduce_session,
)


class Handler(NamedTuple):
    """Handles one type of event."""

    reduce: Callable[[dict[str, Any], Origin], DomainEvent | None]
    """Makes the event from the object; returns None if the object does not concern relink."""
    reduce_thin: Callable[[str, Origin], DomainEvent] | None = None
    """Makes the event from the id in a thin notification; None if relink cannot read what a thin
    one of this type names."""
    tells: str = ""
    """What relink learns from it, for the documentation."""
    of_holder: bool = False
    """Whether it belongs to the account's holder, even if another account linked it."""


def _account_changed(name: str, origin: Origin) -> DomainEvent:
    return AccountReported(account=name, report=None, **origin.common_fields())


def _authorization_changed(name: str, origin: Origin) -> DomainEvent:
    return AuthorizationReported(authorization=name, report=None, **origin.common_fields())


def _session_changed(name: str, origin: Origin) -> DomainEvent:
    return SessionReported(session=name, **origin.common_fields())


def _payment_method_changed(name: str, origin: Origin) -> DomainEvent:
    return PaymentMethodReported(
        payment_method=name, account=None, report=None, **origin.common_fields()
    )


def _payment_method_detached(name: str, origin: Origin) -> DomainEvent:
    report = PaymentMethodReport(gone=True)
    return PaymentMethodReported(
        payment_method=name, account=None, report=report, **origin.common_fields()
    )


def _payment_method(obj: dict[str, Any], origin: Origin, gone: bool = False) -> DomainEvent | None:
    event = reduce_payment_method(obj, origin, gone)
    return event if is_of_an_account(obj) else None


def _external_account(
    obj: dict[str, Any], origin: Origin, gone: bool = False
) -> DomainEvent | None:
    event = reduce_external_account(obj, origin, gone)
    return event if is_bank_account(obj) else None


_ACCOUNT = Handler(
    reduce_account,
    _account_changed,
    "the account: its status, numbers, permissions, and when it stops working",
)
_AUTHORIZATION = Handler(
    reduce_authorization,
    _authorization_changed,
    "the authorization: its status, and when it stops working",
)
_PAYMENT_METHOD = Handler(
    _payment_method,
    _payment_method_changed,
    "the payment method: whether it is blocked, and of which account it is",
)

HANDLERS: dict[str, Handler] = {
    "financial_connections.account.created": _ACCOUNT,
    "financial_connections.account.deactivated": _ACCOUNT,
    "financial_connections.account.reactivated": _ACCOUNT,
    "financial_connections.account.disconnected": _ACCOUNT,
    "financial_connections.account.account_numbers_updated": _ACCOUNT,
    "financial_connections.account.upcoming_account_number_expiry": _ACCOUNT,
    "financial_connections.account.upcoming_deactivation": _ACCOUNT,
    "financial_connections.account.expected_deactivation_date_updated": _ACCOUNT,
    "financial_connections.account.supported_payment_method_types_updated": _ACCOUNT,
    "financial_connections.account.refreshed_balance": _ACCOUNT,
    "financial_connections.account.refreshed_inferred_balances": _ACCOUNT,
    "financial_connections.account.refreshed_ownership": _ACCOUNT,
    "financial_connections.account.refreshed_transactions": _ACCOUNT,
    # Stripe sends these as thin notifications only.
    **{
        f"financial_connections.account.{what}_refresh_{how}": _ACCOUNT
        for what in (
            "balance",
            "inferred_balances",
            "ownership",
            "risk_intelligence",
            "transactions",
        )
        for how in ("failed", "succeeded")
    },
    "financial_connections.authorization.upcoming_deactivation": _AUTHORIZATION,
    "financial_connections.authorization.expected_deactivation_date_updated": _AUTHORIZATION,
    "financial_connections.session.updated": Handler(
        reduce_session, _session_changed, "the relink session: its result, and what was linked"
    ),
    "payment_method.automatically_updated": _PAYMENT_METHOD,
    "payment_method.updated": _PAYMENT_METHOD,
    "payment_method.detached": Handler(
        lambda obj, origin: _payment_method(obj, origin, gone=True),
        _payment_method_detached,
        "the payment method is gone for good",
    ),
    # Thin notifications of external accounts name no object, and those of mandates name an object
    # that says nothing about an account.
    "account.external_account.updated": Handler(
        _external_account,
        tells="the external account of a connected account: its status",
        of_holder=True,
    ),
    "account.external_account.deleted": Handler(
        lambda obj, origin: _external_account(obj, origin, gone=True),
        tells="the external account is gone for good",
        of_holder=True,
    ),
    "mandate.updated": Handler(reduce_mandate, tells="whether a mandate is still active"),
}
"""All event types that relink handles, without the ``v1.`` of thin notifications."""
