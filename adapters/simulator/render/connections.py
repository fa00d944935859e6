"""Financial Connections: accounts, authorizations, sessions and institutions."""

from typing import Any

from ..resources import (
    Account,
    Announcement,
    Authorization,
    Holder,
    Institution,
    Number,
    Session,
    Token,
)
from .common import Rendered, leaves_out_empty, listed, put_if_any
from .payments import bank_account


def account(account: Account) -> Rendered:
    """A linked account. Without an authorization, it has no such key."""
    rendered: Rendered = {
        "id": account.id,
        "object": "financial_connections.account",
        "account_holder": _holder(account.holder),
        "account_numbers": _numbers(account),
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
        "subcategory": account.subcategory,
        "subscriptions": [],
        "supported_payment_method_types": list(account.payment_method_types),
        "transaction_refresh": None,
    }
    if account.authorization:
        rendered["authorization"] = account.authorization.id
    details: Rendered = {}
    if account.announced:
        details["active"] = {**_announced(account.announced), "cause": account.announced.cause}
    if account.inactive:
        details["inactive"] = {"action": account.inactive.action, "cause": account.inactive.cause}
    put_if_any(rendered, "status_details", details)
    return rendered


def authorization(authorization: Authorization) -> Rendered:
    """An authorization. Its ``status_details`` is never left out."""
    details: Rendered = {}
    if authorization.announced:
        details["active"] = _announced(authorization.announced)
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


def session(session: Session) -> Rendered:
    """A session. What it was created without, it has no key for."""
    hosted = session.ui_mode == "hosted"
    accounts = listed(map(account, session.linked), "/v1/financial_connections/accounts")
    rendered: Rendered = {
        "id": session.id,
        "object": "financial_connections.session",
        "account_holder": _holder(session.holder),
        "accounts": accounts,
        "client_secret": session.client_secret,
        "livemode": False,
        "permissions": list(session.permissions),
        "prefetch": list(session.prefetch),
        "status": session.status,
        "ui_mode": session.ui_mode,
    }
    given: Rendered = {
        "bank_account_token": _token(session.token) if session.token else None,
        "filters": _filters(session.filters),
        "limits": {"accounts": session.limit} if session.limit else None,
        "manual_entry": {"mode": session.manual_entry} if session.manual_entry else None,
        "relink_options": _relink_options(session),
        "relink_result": _relink_result(session),
        "return_url": session.return_url,
    }
    rendered |= {key: value for key, value in given.items() if value is not None}
    cancelled = {"cancelled": {"reason": "other"}} if session.status == "cancelled" else {}
    put_if_any(rendered, "status_details", cancelled)
    put_if_any(rendered, "hosted", _hosted(session) if hosted else None)
    put_if_any(rendered, "url", session.hosted_url if session.status == "pending" else None)
    return rendered


def institution(institution: Institution) -> Rendered:
    """A bank."""
    features = ("balances", "ownership", "payment_method", "transactions")
    return {
        "id": institution.id,
        "object": "financial_connections.institution",
        "countries": ["US"],
        "features": {feature: {"supported": True} for feature in features},
        "livemode": False,
        "name": institution.name,
        "routing_numbers": [],
        "status": "active",
        "url": None,
    }


def _hosted(session: Session) -> Rendered:
    return {"delivery_method": session.delivery_method, "return_url": session.return_url}


def _filters(filters: dict[str, Any] | None) -> Rendered | None:
    """The filters. Two of them are always there; the others only if they were given."""
    if filters is None:
        return None
    return {"account_subcategories": None, "country": None, **filters}


def _relink_options(session: Session) -> Rendered | None:
    if session.authorization is None:
        return None
    options: Rendered = {"authorization": session.authorization.id}
    if session.account:
        options["account"] = session.account.id
    elif not leaves_out_empty(session.id):
        options["account"] = None
    return options


def _relink_result(session: Session) -> Rendered | None:
    """It names the account only if the session was for a specific one."""
    if session.authorization is None or not session.ended:
        return None
    linked = session.linked[0] if session.linked else None
    login = linked.authorization if linked else None
    return {
        "account": linked.id if linked and session.account else None,
        "authorization": login.id if login else None,
        "failure_reason": session.failure_reason,
    }


def _token(token: Token) -> Rendered:
    return {
        "id": token.id,
        "object": "token",
        "bank_account": bank_account(token.bank_account_id, token.account),
        "client_ip": None,
        "created": token.created,
        "livemode": False,
        "redaction": None,
        "type": "bank_account",
        "used": token.used,
    }


def _holder(holder: Holder | None) -> Rendered | None:
    return {holder.field: holder.id, "type": holder.type} if holder else None


def _numbers(account: Account) -> list[Rendered] | None:
    """The account's numbers: empty or null where it has none to name."""
    if not account.numbers:
        return None if leaves_out_empty(account.id) else []
    return [_number(number) for number in account.numbers]


def _number(number: Number) -> Rendered:
    return {
        "expected_expiry_date": number.expires_on,
        "identifier_type": "tokenized_account_number" if number.tokenized else "account_number",
        "status": number.status,
        "supported_networks": ["ach"],
    }


def _balance(account: Account) -> Rendered | None:
    """The balance, if the permissions include it. Tests check that it never leaks."""
    if "balances" not in account.permissions:
        return None
    amount = {"usd": 100 * int(account.last4)}
    kind, part = ("cash", "available") if account.category == "cash" else ("credit", "used")
    return {"as_of": account.created, kind: {part: amount}, "current": amount, "type": kind}


def _announced(announced: Announcement) -> Rendered:
    """``status_details.active``. Where no day is announced, it has no key for it."""
    rendered: Rendered = {"action": announced.action}
    if announced.date is not None:
        rendered["expected_deactivation_date"] = announced.date
    return rendered
