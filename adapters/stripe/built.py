"""What is built on accounts, reduced: payment methods and external accounts.

What tells that one is *gone* (N4):

- Its type of event: ``payment_method.detached``, ``account.external_account.deleted``. Neither can
  be undone at Stripe: a detached payment method cannot be attached again.
- ``deleted: true``, as Stripe answers for objects that do not exist any more.
- For a payment method, a *read* that shows no owner, but relink's command in its metadata. A
  payment method loses its owner in no other way than by detaching. That it has none says less:
  the service may use payment methods that it never attached, and those are not gone. relink
  attaches everything that it builds, in the same command, before the machines learn its id. So one
  of ours without an owner was detached. A webhook without an owner does not tell it: it may be
  older than the attachment.

Of a payment method that the service built, the event tells that it is gone, and a read does not.
But no object without an owner says that it can be charged. So neither a late webhook nor a read
brings back one that was detached.
"""

from collections.abc import Mapping
from typing import Any

from relink.machines.events import ExternalAccountReported, PaymentMethodReported
from relink.machines.report import ExternalAccountReport, PaymentMethodReport
from relink.machines.vocabulary import US_BANK_ACCOUNT

from . import fields
from .metadata import ACCOUNT, COMMAND
from .reduce import Obj, Origin, object_id, part, plain

UNSPECIFIED = "unspecified"
"""The reason of a block that names none: without a readable reason it is still blocked."""

_NOT_BLOCKED: dict[str, Any] = {"blocked": None}
_BLOCK = ("us_bank_account", "status_details", "blocked")
_ABSENT = object()


def reduce_payment_method(obj: Obj, origin: Origin, gone: bool = False) -> PaymentMethodReported:
    """The event for a payment method object.

    Its report is None if the object does not tell whether it can be charged. Of a webhook, that
    asks for a read.

    Args:
        obj: the payment method.
        origin: where it comes from.
        gone: whether the event says that it was detached.

    Raises:
        UnreadableObject: it is not a payment method, or has no valid id.
    """
    found = plain(obj)
    name = object_id(found, "payment_method")
    bank = part(found, "us_bank_account")
    told = _block(found, origin.is_complete)
    if _has_no_owner(found):
        gone = gone or (origin.read and COMMAND in part(found, "metadata"))
        told = None if told == _NOT_BLOCKED else told
    if gone or _is_deleted(found):
        told = {**(told or {}), "gone": True}
    return PaymentMethodReported(
        payment_method=name,
        account=fields.reference(bank.get("financial_connections_account")),
        report=None if told is None else PaymentMethodReport(**told),
        **origin.common_fields(),
    )


def is_of_an_account(obj: Obj) -> bool:
    """Whether a payment method can have been made from an account: false only if it says so."""
    found = plain(obj)
    kind = found.get("type")
    bank = part(found, "us_bank_account")
    return (
        not (isinstance(kind, str) and kind != US_BANK_ACCOUNT)
        and bank.get("financial_connections_account", _ABSENT) is not None
    )


def reduce_external_account(
    obj: Obj, origin: Origin, gone: bool = False
) -> ExternalAccountReported:
    """The event for an external account object.

    A bank account does not name its Financial Connections account. When relink creates one, it
    stores the account in the metadata. Without it the event names no account: the machines know
    by their own records whether it is one of ours.

    Its report is None if the object has no status. Of a webhook, that asks for a read.

    Args:
        obj: the external account.
        origin: where it comes from.
        gone: whether the event says that it was deleted.

    Raises:
        UnreadableObject: it is neither a bank account nor a card, or has no valid id.
    """
    found = plain(obj)
    name = object_id(found, "bank_account", "card")
    status = fields.text(found.get("status"))
    gone = gone or _is_deleted(found)
    told = gone or status is not None
    return ExternalAccountReported(
        external_account=name,
        account=fields.reference(part(found, "metadata").get(ACCOUNT)),
        report=ExternalAccountReport(status=status, gone=gone) if told else None,
        **origin.common_fields(),
    )


def is_bank_account(obj: Obj) -> bool:
    """Whether an external account can be one of ours: relink adds no cards."""
    return plain(obj).get("object") != "card"


def _block(found: Mapping[str, Any], complete: bool) -> dict[str, Any] | None:
    """``blocked`` for the report; None if the object does not tell it (K5)."""
    value: Any = found
    for key in _BLOCK:
        value = value.get(key, _ABSENT)
        if value is None or (value is _ABSENT and complete):
            return _NOT_BLOCKED
        if not isinstance(value, dict):
            return None
    return {"blocked": fields.text(value.get("reason")) or UNSPECIFIED}


def _is_deleted(found: Mapping[str, Any]) -> bool:
    return found.get("deleted") is True


def _has_no_owner(found: Mapping[str, Any]) -> bool:
    """Whether it says that it belongs to nobody. The customer is never left out, but null."""
    return found.get("customer", _ABSENT) is None and found.get("customer_account") is None
