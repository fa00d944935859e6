"""Stripe's objects as JSON, in the preview version, which has all fields.

:mod:`.versions` removes the fields that other versions lack. The SDK's types are the reference for
every key, and a test compares them.
"""

from collections.abc import Callable, Iterable
from json import JSONEncoder
from typing import Any

from .resources import (
    Account,
    Announcement,
    Authorization,
    Customer,
    ExternalAccount,
    Holder,
    InactiveDetails,
    Number,
    PaymentMethod,
    Resource,
    Session,
    Token,
)

Rendered = dict[str, Any]

as_json = JSONEncoder(separators=(",", ":")).encode
"""Encodes JSON. The encoder is created once, because creating one is slower than encoding."""

_ROUTING_NUMBER = "110000000"
_NETWORK_CODES = {
    "bank_account_closed": "R02",
    "bank_account_frozen": "R16",
    "bank_account_invalid_details": "R03",
    "bank_account_restricted": "R20",
    "bank_account_unusable": "R04",
    "debit_not_authorized": "R29",
}


def render(resource: Resource) -> Rendered:
    """The object as JSON, with all fields of the preview version."""
    return _RENDERERS[type(resource)](resource)


def listed(items: Iterable[Rendered], url: str, has_more: bool = False) -> Rendered:
    """A page of a list."""
    return {"object": "list", "data": list(items), "has_more": has_more, "url": url}


def _account(account: Account) -> Rendered:
    authorization = account.authorization
    return {
        "id": account.id,
        "object": "financial_connections.account",
        "account_holder": _holder(account.holder),
        "account_numbers": _numbers(account.numbers),
        "authorization": authorization.id if authorization else None,
        "balance": _balance(account),
        "balance_refresh": None,
        "category": account.category,
        "created": account.created,
        "display_name": f"{account.subcategory.replace('_', ' ').title()} account",
        "inferred_balances_refresh": None,
        "institution": account.institution.id,
        "institution_name": account.institution.name,
        "last4": account.last4,
        "livemode": False,
        "ownership": None,
        "ownership_refresh": None,
        "permissions": list(account.permissions),
        "status": account.status,
        "status_details": _status_details(account.announced, account.inactive),
        "subcategory": account.subcategory,
        "subscriptions": [],
        "supported_payment_method_types": list(account.payment_method_types),
        "transaction_refresh": None,
    }


def _authorization(authorization: Authorization) -> Rendered:
    details: Rendered = {}
    if authorization.announced:
        announced = authorization.announced
        details["active"] = {
            "action": announced.action,
            "expected_deactivation_date": announced.date,
        }
    if authorization.action:
        details["inactive"] = {"action": authorization.action}
    return {
        "id": authorization.id,
        "object": "financial_connections.authorization",
        "account_holder": _holder(authorization.holder),
        "institution": authorization.institution.id,
        "institution_name": authorization.institution.name,
        "livemode": False,
        "status": authorization.status,
        "status_details": details,
    }


def _session(session: Session) -> Rendered:
    hosted = session.ui_mode == "hosted"
    return {
        "id": session.id,
        "object": "financial_connections.session",
        "account_holder": _holder(session.holder),
        "accounts": listed(map(_account, session.linked), "/v1/financial_connections/accounts"),
        "bank_account_token": _token(session.token) if session.token else None,
        "client_secret": session.client_secret,
        "filters": session.filters,
        "hosted": _hosted(session) if hosted else None,
        "limits": {"accounts": session.limit} if session.limit else None,
        "livemode": False,
        "manual_entry": {"mode": session.manual_entry} if session.manual_entry else None,
        "permissions": list(session.permissions),
        "prefetch": list(session.prefetch),
        "relink_options": _relink_options(session),
        "relink_result": _relink_result(session),
        "return_url": session.return_url,
        "status": session.status,
        "status_details": (
            {"cancelled": {"reason": "other"}} if session.status == "cancelled" else {}
        ),
        "ui_mode": session.ui_mode,
        "url": session.hosted_url if session.status == "pending" else None,
    }


def _hosted(session: Session) -> Rendered:
    return {"delivery_method": session.delivery_method, "return_url": session.return_url}


def _relink_options(session: Session) -> Rendered | None:
    if session.authorization is None:
        return None
    options: Rendered = {"authorization": session.authorization.id}
    if session.account:
        options["account"] = session.account.id
    return options


def _relink_result(session: Session) -> Rendered | None:
    """It names the account only if the session was for a specific one."""
    if session.authorization is None or session.status == "pending":
        return None
    linked = session.linked[0] if session.linked else None
    authorization = linked.authorization if linked else None
    return {
        "account": linked.id if linked and session.account else None,
        "authorization": authorization.id if authorization else None,
        "failure_reason": session.failure_reason,
    }


def _token(token: Token) -> Rendered:
    bank_account = _bank_account(token.bank_account_id, token.account)
    return {
        "id": token.id,
        "object": "token",
        "bank_account": bank_account,
        "client_ip": None,
        "created": token.created,
        "livemode": False,
        "redaction": None,
        "type": "bank_account",
        "used": token.used,
    }


def _customer(customer: Customer) -> Rendered:
    if customer.deleted:
        return {"id": customer.id, "object": "customer", "deleted": True}
    return {
        "id": customer.id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": customer.created,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": customer.description,
        "discount": None,
        "email": customer.email,
        "invoice_prefix": None,
        "livemode": False,
        "metadata": dict(customer.metadata),
        "name": customer.name,
        "next_invoice_sequence": 1,
        "phone": customer.phone,
        "preferred_locales": [],
        "redaction": None,
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def _payment_method(method: PaymentMethod) -> Rendered:
    account = method.account
    bank: Rendered = {
        "account_holder_type": "individual",
        "account_number": None,
        "account_type": account.subcategory,
        "bank_name": account.institution.name,
        "financial_connections_account": account.id,
        "fingerprint": _fingerprint(account),
        "last4": account.last4,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": _ROUTING_NUMBER,
        "status_details": {},
    }
    if method.blocked:
        network_code = _NETWORK_CODES.get(method.blocked)
        blocked = {"network_code": network_code, "reason": method.blocked}
        bank["status_details"] = {"blocked": blocked}
    address = ("city", "country", "line1", "line2", "postal_code", "state")
    return {
        "id": method.id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": dict.fromkeys(address),
            "email": method.billing.get("email"),
            "name": method.billing.get("name"),
            "phone": method.billing.get("phone"),
            "tax_id": None,
        },
        "created": method.created,
        "customer": method.customer,
        "customer_account": method.customer_account,
        "livemode": False,
        "metadata": dict(method.metadata),
        "redaction": None,
        "type": "us_bank_account",
        "us_bank_account": bank,
    }


def _external_account(external: ExternalAccount) -> Rendered:
    nothing: Rendered = {
        "currently_due": [],
        "errors": [],
        "past_due": [],
        "pending_verification": [],
    }
    return {
        **_bank_account(external.id, external.account),
        "account": external.owner,
        "available_payout_methods": ["standard"],
        "default_for_currency": external.is_default,
        "future_requirements": nothing,
        "metadata": dict(external.metadata),
        "requirements": nothing,
        "status": external.status,
    }


def _bank_account(name: str, account: Account) -> Rendered:
    return {
        "id": name,
        "object": "bank_account",
        "account_holder_name": None,
        "account_holder_type": None,
        "account_type": account.subcategory,
        "bank_name": account.institution.name,
        "country": "US",
        "currency": "usd",
        "fingerprint": _fingerprint(account),
        "last4": account.last4,
        "routing_number": _ROUTING_NUMBER,
        "status": "new",
    }


def _holder(holder: Holder | None) -> Rendered | None:
    return {holder.field: holder.id, "type": holder.type} if holder else None


def _numbers(numbers: list[Number] | None) -> list[Rendered] | None:
    if numbers is None:
        return None
    return [
        {
            "expected_expiry_date": number.expires_on,
            "identifier_type": (
                "tokenized_account_number" if number.tokenized else "account_number"
            ),
            "status": number.status,
            "supported_networks": ["ach"],
        }
        for number in numbers
    ]


def _balance(account: Account) -> Rendered | None:
    """The balance, if the permissions include it. Tests check that it never leaks."""
    if "balances" not in account.permissions or account.category != "cash":
        return None
    amount = {"usd": 100 * int(account.last4)}
    cash = {"available": amount}
    return {
        "as_of": account.created,
        "cash": cash,
        "credit": None,
        "current": amount,
        "type": "cash",
    }


def _status_details(announced: Announcement | None, inactive: InactiveDetails | None) -> Rendered:
    """``status_details`` with only the part that applies."""
    details: Rendered = {}
    if announced:
        details["active"] = {
            "action": announced.action,
            "cause": announced.cause,
            "expected_deactivation_date": announced.date,
        }
    if inactive:
        details["inactive"] = {"action": inactive.action, "cause": inactive.cause}
    return details


def _fingerprint(account: Account) -> str:
    return account.id[-16:]


_RENDERERS: dict[type, Callable[[Any], Rendered]] = {
    Account: _account,
    Authorization: _authorization,
    Customer: _customer,
    ExternalAccount: _external_account,
    PaymentMethod: _payment_method,
    Session: _session,
}
