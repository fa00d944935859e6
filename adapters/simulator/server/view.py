"""The objects as the pages show them, without secrets."""

from typing import Any

from ..resources import Account, Authorization, Holder, Session
from ..world import World

View = dict[str, Any]


def account_view(account: Account) -> View:
    """A linked account."""
    return {
        "id": account.id,
        "authorization": account.authorization.id if account.authorization else None,
        "institution": account.institution.name,
        "subcategory": account.subcategory,
        "last4": account.last4,
        "status": account.status,
        "open": account.open,
        "cause": account.inactive.cause if account.inactive else None,
        "action": account.inactive.action if account.inactive else None,
        "announced": account.announced is not None,
        "stops_on": account.announced.date if account.announced else None,
        "number": _number(account),
        "payment_methods": [
            {
                "id": method.id,
                "blocked": method.blocked,
                "attached": bool(method.customer or method.customer_account),
            }
            for method in account.payment_methods
        ],
        "external_accounts": [
            {"id": external.id, "status": external.status} for external in account.external_accounts
        ],
    }


def authorization_view(world: World, authorization: Authorization) -> View:
    """An authorization with its accounts."""
    return {
        "id": authorization.id,
        "institution": authorization.institution.name,
        "status": authorization.status,
        "holder": _holder_name(world, authorization.holder),
        "stops_on": authorization.announced.date if authorization.announced else None,
        "accounts": [account_view(account) for account in authorization.accounts],
    }


def session_view(world: World, session: Session) -> View:
    """A session, without its secret."""
    login = session.authorization
    return {
        "id": session.id,
        "status": session.status,
        "failure_reason": session.failure_reason,
        "relink": session.is_relink,
        "holder": _holder_name(world, session.holder),
        "institution": login.institution.name if login else None,
        "expected": account_view(session.account) if session.account else None,
        "linked": [account_view(account) for account in session.linked],
        "ui_mode": session.ui_mode,
        "delivery_method": session.delivery_method,
    }


def _holder_name(world: World, holder: Holder | None) -> str:
    if holder is None:
        return "No holder"
    if holder.field == "customer":
        return world.customers[holder.id].name or holder.id
    return world.connected_accounts[holder.id]


def _number(account: Account) -> str | None:
    """The status of its tokenized number; None if it has none."""
    tokenized = [number.status for number in account.numbers or () if number.tokenized]
    return tokenized[-1] if tokenized else None
