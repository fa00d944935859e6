"""The fields of Stripe's objects that relink keeps: one allow-list for webhooks and reads.

The tables below name every field that is kept. All others are dropped: balances, owners, names of
people, account numbers, ``client_secret``, hosted ``url`` and bank account tokens.

A field is *absent* from a report if the payload lacks it or it is unreadable. It is ``None`` if
Stripe says that there is no value (null in a nullable field).

Stripe has another way to say "none": it leaves an optional field out, such as ``authorization`` or
a part of ``status_details``. Only a *complete* object says that (K5): the answer to a read, or a
webhook of a version that has the fields (:mod:`.versions`). Here an event only carries whether
its object is complete, and the machines draw the conclusion. An object in which such a field is
unreadable is not complete: unreadable is not "none".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    MandateReported,
    SessionAccount,
    SessionReported,
)
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy
from relink.machines.report import StatusReport

from . import fields
from .errors import UnreadableObject


@runtime_checkable
class SdkObject(Protocol):
    """An object of Stripe's SDK, which is not imported for it: plain JSON needs no SDK."""

    def to_dict(self) -> dict[str, Any]:
        """The object as JSON."""
        ...


Obj = SdkObject | Mapping[str, Any]
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
    begun_at: float | None = None
    """When the read began (Unix seconds, our clock); None for a webhook."""
    complete: bool = False
    """Whether a webhook's version has all fields, so that an absent one means "none" (K5)."""

    @property
    def is_complete(self) -> bool:
        """Whether an absent field means "none". A read always uses a version with all fields."""
        return self.read or self.complete

    def common_fields(self) -> dict[str, Any]:
        """The fields that all events about the object share."""
        return {
            "causation_id": self.causation_id,
            "at": self.at,
            "as_of": self.as_of,
            "policy": self.policy,
            "read": self.read,
            "begun_at": self.begun_at,
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
AUTHORIZATION = (Field("authorization", fields.reference, nullable=True),)
ACCOUNT = (
    *AUTHORIZATION,
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
    found = plain(obj)
    return StatusReport(**_read(found, COMMON), **_read(found, ACCOUNT), **_status_details(found))


def authorization_report(obj: Obj) -> StatusReport:
    """The report in an authorization object."""
    found = plain(obj)
    return StatusReport(**_read(found, COMMON), **_status_details(found))


def reduce_account(obj: Obj, origin: Origin) -> AccountReported:
    """The event for an account object.

    Raises:
        UnreadableObject: it is not an account, or has no valid id.
    """
    found = plain(obj)
    return AccountReported(
        account=object_id(found, "financial_connections.account"),
        report=account_report(found),
        complete=origin.is_complete and _is_readable(found),
        **origin.common_fields(),
    )


def reduce_authorization(obj: Obj, origin: Origin) -> AuthorizationReported:
    """The event for an authorization object.

    Raises:
        UnreadableObject: it is not an authorization, or has no valid id.
    """
    found = plain(obj)
    return AuthorizationReported(
        authorization=object_id(found, "financial_connections.authorization"),
        report=authorization_report(found),
        complete=origin.is_complete and _is_readable(found),
        **origin.common_fields(),
    )


def reduce_session(obj: Obj, origin: Origin) -> SessionReported:
    """The event for a session object, without its secret and URL.

    Raises:
        UnreadableObject: it is not a session, or has no valid id.
    """
    found = plain(obj)
    result = part(found, "relink_result")
    accounts = part(found, "accounts").get("data")
    return SessionReported(
        session=object_id(found, "financial_connections.session"),
        status=fields.text(found.get("status")),
        failure_reason=fields.text(result.get("failure_reason")),
        relinked_account=fields.reference(result.get("account")),
        accounts=_session_accounts(accounts),
        complete=origin.is_complete and _are_readable(accounts),
        **origin.common_fields(),
    )


def reduce_mandate(obj: Obj, origin: Origin) -> MandateReported | None:
    """The event for a mandate object; None if it lacks its payment method or its status, without
    which it says nothing.

    Raises:
        UnreadableObject: it is not a mandate, or has no valid id.
    """
    found = plain(obj)
    object_id(found, "mandate")
    method = fields.reference(found.get("payment_method"))
    status = fields.text(found.get("status"))
    if method is None or status is None:
        return None
    return MandateReported(payment_method=method, status=status, **origin.common_fields())


def plain(obj: Obj) -> Mapping[str, Any]:
    """An object as JSON."""
    if type(obj) is dict:  # nearly always; to look for a method takes fifty times longer
        return obj
    return obj.to_dict() if isinstance(obj, SdkObject) else obj


def object_id(found: Mapping[str, Any], *kinds: str) -> str:
    """The id of an object.

    Args:
        found: the object.
        kinds: what it can be. Where the payload does not say, it is taken for one of them.

    Raises:
        UnreadableObject: it is of another kind, or has no valid id.
    """
    if found.get("object", kinds[0]) not in kinds:
        raise UnreadableObject(f"the object is not a {kinds[0]}")
    name = fields.identifier(found.get("id"))
    if name is None:
        raise UnreadableObject(f"the {kinds[0]} has no valid id")
    return name


def part(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A hash within the object; empty if there is none."""
    within = found.get(key)
    return within if isinstance(within, dict) else {}


def _read(found: Mapping[str, Any], table: Iterable[Field]) -> dict[str, Any]:
    values = {}
    for key, read, field, nullable in table:
        if key not in found:
            continue
        raw = found[key]
        value = None if raw is None else read(raw)
        if value is not None or (raw is None and nullable):
            values[field or key] = value
    return values


def _status_details(found: Mapping[str, Any]) -> dict[str, Any]:
    """What ``status_details`` holds. A part that it leaves out is absent from the report."""
    details = part(found, "status_details")
    return _read(part(details, "inactive"), INACTIVE) | _read(part(details, "active"), ACTIVE)


def _is_readable(found: Mapping[str, Any]) -> bool:
    """Whether every field that means "none" by its absence can be read where it is present."""
    details = found.get("status_details")
    if not isinstance(details, dict | None):
        return False
    within = details or {}
    return (
        _all_readable(found, AUTHORIZATION)
        and _all_readable(within.get("inactive"), INACTIVE)
        and _all_readable(within.get("active"), ACTIVE)
    )


def _all_readable(found: Any, table: Iterable[Field]) -> bool:
    if found is None:
        return True
    return isinstance(found, Mapping) and all(
        found.get(field.key) is None or field.read(found[field.key]) is not None for field in table
    )


def _are_readable(accounts: Any) -> bool:
    """The same for the accounts in a session. Of an account that is only an id, nothing is told."""
    return accounts is None or (
        isinstance(accounts, list)
        and all(isinstance(item, dict) and _is_readable(item) for item in accounts)
    )


def _session_accounts(accounts: Any) -> tuple[SessionAccount, ...] | None:
    """The accounts of a session; None if one of them has no id."""
    if not isinstance(accounts, list):
        return None
    found = []
    for item in accounts:
        name = fields.reference(item)
        if name is None:
            return None
        report = account_report(item) if isinstance(item, dict) else StatusReport()
        found.append(SessionAccount(account=name, report=report))
    return tuple(found)
