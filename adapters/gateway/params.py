"""The parameters of each request, named as in Stripe's types."""

from relink.adapters.stripe.metadata import ACCOUNT, COMMAND
from relink.machines.commands import AttachExternalAccount, CreatePaymentMethod, CreateRelinkSession
from relink.machines.report import Holder

from .secret import BankAccountToken
from .transport import Params


def session(command: CreateRelinkSession) -> Params:
    """A relink session for one account, limited to subcategories that support payments."""
    relink = {"authorization": command.authorization}
    if command.mode == "specific":
        relink["account"] = command.account
    return {
        "account_holder": _holder(command.holder),
        "permissions": command.permissions,
        "relink_options": relink,
        "limits": {"accounts": 1},
        "filters": {"account_subcategories": command.subcategories},
        **({} if command.delivery == "modal" else _hosted(command.delivery)),
        "return_url": command.return_url,
    }


def payment_method(command: CreatePaymentMethod, billing_name: str) -> Params:
    """A payment method for an account."""
    return {
        "type": "us_bank_account",
        "us_bank_account": {"financial_connections_account": command.account},
        "billing_details": {"name": billing_name},
        "metadata": {COMMAND: command.id},
    }


def external_account(command: AttachExternalAccount, token: BankAccountToken) -> Params:
    """A bank account for payouts. Only its metadata names the account behind it."""
    return {
        "external_account": token,
        "metadata": {COMMAND: command.id, ACCOUNT: command.account},
    }


def owner(holder: Holder) -> Params:
    """The owner of payment methods: ``customer`` or ``customer_account``."""
    return {holder.field: holder.id}


def _holder(holder: Holder | None) -> Params | None:
    """The account's own holder; omitted where it has none (R8)."""
    if holder is None:
        return None
    return {"type": "account" if holder.is_connect else "customer", holder.field: holder.id}


def _hosted(delivery: str) -> Params:
    """A page hosted by Stripe, reached from an email or by a URL."""
    return {"ui_mode": "hosted", "hosted": {"delivery_method": delivery}}
