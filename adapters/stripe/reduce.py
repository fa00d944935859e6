"""What is kept of Stripe's objects: an allow-list, the same for webhooks and reads.

The tables below name every field that passes. Nothing else does: no balances, owners,
names of people or account numbers, no ``client_secret``, no hosted ``url`` and no bank
account token.

A field is *absent* from the word where the payload lacked it or it can't be read, and
``None`` where Stripe says that there is none (a null in a field that may be null).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from stripe import StripeObject

from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    ExternalAccountReported,
    PaymentMethodReported,
    SessionAccount,
    SessionReported,
)
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy
from relink.machines.report import StatusReport

from . import fields
from .errors import UnreadableObject

Obj = StripeObject | Mapping[str, Any]
"""An object as the SDK gives it, or as plain JSON."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How an object came to us."""

    causation_id: str
    """Id of the webhook event, or of the command that read it."""
    at: float
    """When it came (Unix seconds, our clock)."""
    as_of: int
    """The event's ``created``, or the ``Date`` of the answer to a read (Unix seconds)."""
    read: bool
    policy: RelinkPolicy = DEFAULT_POLICY

    def told(self) -> dict[str, Any]:
        """The fields that every report has."""
        return {
            "causation_id": self.causation_id,
            "at": self.at,
            "as_of": self.as_of,
            "policy": self.policy,
        }


class Kept(NamedTuple):
    """One field that passes."""

    key: str
    """Its name in Stripe's object."""
    read: Callable[[Any], Any]
    field: str = ""
    """Its name in the word, where that is another."""
    nullable: bool = False
    """Whether null is Stripe's word for "there is none"."""


COMMON = (
    Kept("status", fields.text),
    Kept("account_holder", fields.holder, "holder", nullable=True),
    Kept("institution_name", fields.text),
)
ACCOUNT = (
    Kept("authorization", fields.reference, nullable=True),
    Kept("permissions", fields.texts, nullable=True),
    Kept("category", fields.text),
    Kept("subcategory", fields.text),
    Kept("supported_payment_method_types", fields.texts, "payment_method_types"),
    Kept("account_numbers", fields.numbers, "numbers", nullable=True),
    Kept("last4", fields.last_four, nullable=True),
)
INACTIVE = (Kept("action", fields.text), Kept("cause", fields.text))
ACTIVE = (
    Kept("expected_deactivation_date", fields.moment, "deactivates_on", nullable=True),
    Kept("action", fields.text, "deactivation_action"),
)


def account_report(obj: Obj) -> StatusReport:
    """Stripe's word about an account."""
    plain = _plain(obj)
    return StatusReport(**_said(plain, COMMON), **_said(plain, ACCOUNT), **_status_details(plain))


def authorization_report(obj: Obj) -> StatusReport:
    """Stripe's word about an authorization."""
    plain = _plain(obj)
    return StatusReport(**_said(plain, COMMON), **_status_details(plain))


def reduce_account(obj: Obj, origin: Origin) -> AccountReported:
    """An account, reported.

    Raises:
        UnreadableObject: it is no account, or has no valid id.
    """
    plain = _plain(obj)
    return AccountReported(
        account=_id(plain, "financial_connections.account"),
        report=account_report(plain),
        read=origin.read,
        **origin.told(),
    )


def reduce_authorization(obj: Obj, origin: Origin) -> AuthorizationReported:
    """An authorization, reported.

    Raises:
        UnreadableObject: it is no authorization, or has no valid id.
    """
    plain = _plain(obj)
    return AuthorizationReported(
        authorization=_id(plain, "financial_connections.authorization"),
        report=authorization_report(plain),
        read=origin.read,
        **origin.told(),
    )


def reduce_session(obj: Obj, origin: Origin) -> SessionReported:
    """A relink session, reported, without its secret and URL.

    Raises:
        UnreadableObject: it is no session, or has no valid id.
    """
    plain = _plain(obj)
    result = _part(plain, "relink_result")
    return SessionReported(
        session=_id(plain, "financial_connections.session"),
        status=fields.text(plain.get("status")),
        failure_reason=fields.text(result.get("failure_reason")),
        relinked_account=fields.reference(result.get("account")),
        accounts=_accounts(plain.get("accounts")),
        read=origin.read,
        **origin.told(),
    )


def reduce_payment_method(obj: Obj, origin: Origin) -> PaymentMethodReported | None:
    """A payment method, reported; None where it was not made from an account, or where it does
    not say whether it is blocked.

    Raises:
        UnreadableObject: it is no payment method, or has no valid id.
    """
    plain = _plain(obj)
    name = _id(plain, "payment_method")
    bank = _part(plain, "us_bank_account")
    account = fields.reference(bank.get("financial_connections_account"))
    details = _details(bank)
    if account is None or details is None:
        return None
    blocked, reason = details.get("blocked"), None
    if isinstance(blocked, dict):
        # Blocked for a reason that can't be read is blocked all the same.
        reason = fields.text(blocked.get("reason")) or "unspecified"
    elif blocked is not None:
        return None
    return PaymentMethodReported(
        account=account, payment_method=name, blocked=reason, **origin.told()
    )


def reduce_external_account(obj: Obj, origin: Origin) -> ExternalAccountReported | None:
    """An external account, reported; None where we did not attach it, or it has no status.

    A bank account names no Financial Connections account: when relink attaches one, it
    writes the account to the metadata, as ``relink_account``.

    Raises:
        UnreadableObject: it is neither bank account nor card, or has no valid id.
    """
    plain = _plain(obj)
    name = _id(plain, "bank_account", "card")
    account = fields.reference(_part(plain, "metadata").get("relink_account"))
    status = fields.text(plain.get("status"))
    if account is None or status is None:
        return None
    return ExternalAccountReported(
        account=account, external_account=name, status=status, **origin.told()
    )


def _plain(obj: Obj) -> Mapping[str, Any]:
    return obj.to_dict() if isinstance(obj, StripeObject) else obj


def _id(plain: Mapping[str, Any], *kinds: str) -> str:
    if plain.get("object", kinds[0]) not in kinds:
        raise UnreadableObject(f"the object is not a {kinds[0]}")
    name = fields.identifier(plain.get("id"))
    if name is None:
        raise UnreadableObject(f"the {kinds[0]} has no valid id")
    return name


def _part(plain: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A hash within the object; empty when there is none."""
    part = plain.get(key)
    return part if isinstance(part, dict) else {}


def _details(plain: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """``status_details``, empty where they are null; None where they are absent or unreadable."""
    details = plain.get("status_details", "absent")
    if details is None:
        return {}
    return details if isinstance(details, dict) else None


def _said(plain: Mapping[str, Any], table: Iterable[Kept]) -> dict[str, Any]:
    said = {}
    for kept in table:
        if kept.key not in plain:
            continue
        raw = plain[kept.key]
        value = None if raw is None else kept.read(raw)
        if value is not None or (raw is None and kept.nullable):
            said[kept.field or kept.key] = value
    return said


def _status_details(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Stripe leaves out the parts of ``status_details`` that don't apply: where it is there and
    has no ``active``, no deactivation is announced, or it is no longer."""
    details = _details(plain)
    if details is None:
        return {}
    said = _said(_part(details, "inactive"), INACTIVE)
    if details.get("active") is None:
        said |= {"deactivates_on": None, "deactivation_action": None}
    else:
        said |= _said(_part(details, "active"), ACTIVE)
    return said


def _accounts(raw: Any) -> tuple[SessionAccount, ...] | None:
    """A session's list of accounts; None as a whole when one of them has no id."""
    items = raw.get("data") if isinstance(raw, dict) else None
    if not isinstance(items, list):
        return None
    found = []
    for item in items:
        name = fields.reference(item)
        if name is None:
            return None
        report = account_report(item) if isinstance(item, dict) else StatusReport()
        found.append(SessionAccount(account=name, report=report))
    return tuple(found)
