"""The parameters of each request, as Stripe's types name them."""

from relink.machines.commands import AttachExternalAccount, CreatePaymentMethod, CreateRelinkSession
from relink.machines.report import Holder

from .secret import BankAccountToken
from .transport import Params

COMMAND = "relink_command"
"""The key in ``metadata`` under which what a command made can be found."""

ACCOUNT = "relink_account"
"""The key in ``metadata`` of an external account that names the account it was made from."""


def session(command: CreateRelinkSession) -> Params:
    """A relink session: of one account at most, and only one that can be paid from."""
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
    """A payment method that is made from an account."""
    return {
        "type": "us_bank_account",
        "us_bank_account": {"financial_connections_account": command.account},
        "billing_details": {"name": billing_name},
        "metadata": {COMMAND: command.id},
    }


def external_account(command: AttachExternalAccount, token: BankAccountToken) -> Params:
    """A bank account for payouts. It would not name the account that it was made from."""
    return {
        "external_account": token,
        "metadata": {COMMAND: command.id, ACCOUNT: command.account},
    }


def owner(holder: Holder) -> Params:
    """Whose payment methods: ``customer`` or ``customer_account``."""
    return {holder.field: holder.id}


def _holder(holder: Holder | None) -> Params | None:
    """The account's own holder; left out where it has none (R8)."""
    if holder is None:
        return None
    return {"type": "account" if holder.is_connect else "customer", holder.field: holder.id}


def _hosted(delivery: str) -> Params:
    """On a page of Stripe's, to which an email or the service leads the customer."""
    return {"ui_mode": "hosted", "hosted": {"delivery_method": delivery}}
