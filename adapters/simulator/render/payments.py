"""Customers, payment methods, mandates, and the external accounts of connected accounts."""

from ..resources import Account, Customer, ExternalAccount, Mandate, PaymentMethod
from .common import Rendered, leaves_out_empty

_NETWORK_CODES = {
    "bank_account_closed": "R02",
    "bank_account_frozen": "R16",
    "bank_account_invalid_details": "R03",
    "bank_account_restricted": "R20",
    "bank_account_unusable": "R04",
    "debit_not_authorized": "R29",
}
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def customer(customer: Customer) -> Rendered:
    """A customer; only its id, if it is deleted."""
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
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
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
        **customer.shown,
    }


def payment_method(method: PaymentMethod) -> Rendered:
    """A payment method of type ``us_bank_account``."""
    numbers = method.numbers
    details: Rendered | None = None if leaves_out_empty(method.id) else {}
    if method.blocked:
        network_code = _NETWORK_CODES.get(method.blocked)
        details = {"blocked": {"network_code": network_code, "reason": method.blocked}}
    return {
        "id": method.id,
        "object": "payment_method",
        "allow_redisplay": method.allow_redisplay,
        "billing_details": {
            "email": method.billing.get("email"),
            "name": method.billing.get("name"),
            "phone": method.billing.get("phone"),
            "tax_id": method.billing.get("tax_id"),
            "address": dict.fromkeys(_ADDRESS) | (method.billing.get("address") or {}),
        },
        "created": method.created,
        "customer": method.customer,
        "customer_account": method.customer_account,
        "livemode": False,
        "metadata": dict(method.metadata),
        "redaction": None,
        "type": "us_bank_account",
        "us_bank_account": {
            "account_holder_type": numbers.holder_type,
            "account_number": None,
            "account_type": numbers.account_type,
            "bank_name": numbers.bank_name,
            "financial_connections_account": method.account.id if method.account else None,
            "fingerprint": numbers.fingerprint,
            "last4": numbers.last4,
            "networks": {"preferred": "ach", "supported": ["ach"]},
            "routing_number": numbers.routing_number,
            "status_details": details,
        },
    }


def mandate(mandate: Mandate) -> Rendered:
    """A mandate for any number of debits, accepted online."""
    return {
        "id": mandate.id,
        "object": "mandate",
        "customer_acceptance": {
            "accepted_at": mandate.created,
            "online": {"ip_address": "192.0.2.1", "user_agent": "a browser"},
            "type": "online",
        },
        "livemode": False,
        "multi_use": {},
        "payment_method": mandate.payment_method.id,
        "payment_method_details": {"type": "us_bank_account", "us_bank_account": {}},
        "status": mandate.status,
        "type": "multi_use",
    }


def external_account(external: ExternalAccount) -> Rendered:
    """A bank account for payouts. It does not name the account that it was made from."""
    nothing: Rendered = {
        "currently_due": [],
        "errors": [],
        "past_due": [],
        "pending_verification": [],
    }
    return {
        **bank_account(external.id, external.account),
        "account": external.owner,
        "available_payout_methods": ["standard"],
        "default_for_currency": external.is_default,
        "future_requirements": nothing,
        "metadata": dict(external.metadata),
        "requirements": nothing,
        "status": external.status,
    }


def bank_account(name: str, account: Account) -> Rendered:
    """A bank account that is not attached to anything yet."""
    numbers = account.bank_numbers
    return {
        "id": name,
        "object": "bank_account",
        "account_holder_name": None,
        "account_holder_type": None,
        "account_type": numbers.account_type,
        "bank_name": numbers.bank_name,
        "country": "US",
        "currency": "usd",
        "fingerprint": numbers.fingerprint,
        "last4": numbers.last4,
        "routing_number": numbers.routing_number,
        "status": "new",
    }
