"""The fields of Stripe's objects that relink keeps: one allow-list for webhooks and reads.

The tables below name every field that is kept. All others are dropped: balances, owners, names of
people, account numbers, ``client_secret``, hosted ``url`` and bank account tokens.

A field is *absent* from a report if the payload lacks it or it is unreadable. It is ``None`` if
Stripe says that there is no value (null in a nullable field).
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
"""An object of the SDK, or plain JSON."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object comes from, and when it was current."""

    causation_id: str
    """The id of the webhook event, or of the command that read the object."""
    at: float
    """When it was received (Unix seconds, our clock)."""
    as_of: int
    """When it was current (Unix seconds): the event's ``created``, or the answer's ``Date``."""
    read: bool
    """Whether relink read it, rather than received it in a webhook."""
    policy: RelinkPolicy = DEFAULT_POLICY
    """The policy in force, which the events carry."""

    def common_fields(self) -> dict[str, Any]:
        """The fields that all events about the object share."""
        return {
            "causation_id": self.causation_id,
            "at": self.at,
            "as_of": self.as_of,
            "policy": self.policy,
        }


class Field(NamedTuple):
    """A field that is kept."""

    key: str
    """Its name in Stripe's object."""
    read: Callable[[Any], Any]
    field: str = ""
    """Its name in the report, if different."""
    nullable: bool = False
    """Whether null means that there is no value."""


COMMON = (
    Field("status", fields.text),
    Field("account_holder", fields.holder, "holder", nullable=True),
    Field("institution_name", fields.text),
)
ACCOUNT = (
    Field("authorization", fields.reference, nullable=True),
    Field("permissions", fields.texts, nullable=True),
    Field("category", fields.text),
    Field("subcategory", fields.text),
    Field("supported_payment_method_types", fields.texts, "payment_method_types"),
    Field("account_numbers", fields.numbers, "numbers", nullable=True),
    Field("last4", fields.last_four, nullable=True),
)
INACTIVE = (Field("action", fields.text), Field("cause", fields.text))
ACTIVE = (
    Field("expected_deactivation_date", fields.moment, "deactivates_on", nullable=True),
    Field("action", fields.text, "deactivation_action"),
)


def account_report(obj: Obj) -> StatusReport:
    """The report in an account object."""
    plain = _plain(obj)
    return StatusReport(**_read(plain, COMMON), **_read(plain, ACCOUNT), **_status_details(plain))


def authorization_report(obj: Obj) -> StatusReport:
    """The report in an authorization object."""
    plain = _plain(obj)
    return StatusReport(**_read(plain, COMMON), **_status_details(plain))


def reduce_account(obj: Obj, origin: Origin) -> AccountReported:
    """The event for an account object.

    Raises:
        UnreadableObject: it is not an account, or has no valid id.
    """
    plain = _plain(obj)
    return AccountReported(
        account=_id(plain, "financial_connections.account"),
        report=account_report(plain),
        read=origin.read,
        **origin.common_fields(),
    )


def reduce_authorization(obj: Obj, origin: Origin) -> AuthorizationReported:
    """The event for an authorization object.

    Raises:
        UnreadableObject: it is not an authorization, or has no valid id.
    """
    plain = _plain(obj)
    return AuthorizationReported(
        authorization=_id(plain, "financial_connections.authorization"),
        report=authorization_report(plain),
        read=origin.read,
        **origin.common_fields(),
    )


def reduce_session(obj: Obj, origin: Origin) -> SessionReported:
    """The event for a session object, without its secret and URL.

    Raises:
        UnreadableObject: it is not a session, or has no valid id.
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
        **origin.common_fields(),
    )


def reduce_payment_method(obj: Obj, origin: Origin) -> PaymentMethodReported | None:
    """The event for a payment method object; None if it was not made from an account, or does not
    say whether it is blocked.

    Raises:
        UnreadableObject: it is not a payment method, or has no valid id.
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
        # Without a readable reason it is still blocked.
        reason = fields.text(blocked.get("reason")) or "unspecified"
    elif blocked is not None:
        return None
    return PaymentMethodReported(
        account=account, payment_method=name, blocked=reason, **origin.common_fields()
    )


def reduce_external_account(obj: Obj, origin: Origin) -> ExternalAccountReported | None:
    """The event for an external account object; None if relink did not create it, or it has no
    status.

    A bank account does not name its Financial Connections account. When relink creates one, it
    stores the account in the metadata, as ``relink_account``.

    Raises:
        UnreadableObject: it is neither a bank account nor a card, or has no valid id.
    """
    plain = _plain(obj)
    name = _id(plain, "bank_account", "card")
    account = fields.reference(_part(plain, "metadata").get("relink_account"))
    status = fields.text(plain.get("status"))
    if account is None or status is None:
        return None
    return ExternalAccountReported(
        account=account, external_account=name, status=status, **origin.common_fields()
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
    """A hash within the object; empty if there is none."""
    part = plain.get(key)
    return part if isinstance(part, dict) else {}


def _details(plain: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """``status_details``: empty if null, None if absent or unreadable."""
    details = plain.get("status_details", "absent")
    if details is None:
        return {}
    return details if isinstance(details, dict) else None


def _read(plain: Mapping[str, Any], table: Iterable[Field]) -> dict[str, Any]:
    values = {}
    for field in table:
        if field.key not in plain:
            continue
        raw = plain[field.key]
        value = None if raw is None else field.read(raw)
        if value is not None or (raw is None and field.nullable):
            values[field.field or field.key] = value
    return values


def _status_details(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Stripe omits the parts of ``status_details`` that do not apply: without ``active``, no
    deactivation is announced."""
    details = _details(plain)
    if details is None:
        return {}
    values = _read(_part(details, "inactive"), INACTIVE)
    if details.get("active") is None:
        values |= {"deactivates_on": None, "deactivation_action": None}
    else:
        values |= _read(_part(details, "active"), ACTIVE)
    return values


def _accounts(raw: Any) -> tuple[SessionAccount, ...] | None:
    """The accounts of a session; None if one of them has no id."""
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
