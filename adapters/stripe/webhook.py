"""Webhooks: bytes and a signature in, events for the machines out.

``receive`` has three outcomes. *Accepted*: a type that relink handles, in the expected mode.
*Ignored*: a genuine webhook that relink does not handle; answer 200, store nothing.
:class:`WebhookRefused`: not from Stripe, too old, or malformed; answer 400, store nothing. No other
exception is raised for any payload.

Stripe sends two kinds of events. *Snapshots* contain the object. *Thin* notifications (``v1.…``,
``v2.…``) only name it, and the machines then read it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    DomainEvent,
    SessionReported,
)
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

from . import fields
from .body import decode, parse
from .errors import UnreadableObject, WebhookRefused
from .reduce import (
    Origin,
    reduce_account,
    reduce_authorization,
    reduce_external_account,
    reduce_payment_method,
    reduce_session,
)
from .signature import verify

TOLERANCE = 300
"""The maximum age of a signature (seconds), as in the SDK."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A webhook that relink handles."""

    id: str
    """Stripe's ``evt_…``, the same for every delivery."""
    type: str
    created: int
    """When it was created (Unix seconds, Stripe's clock)."""
    connected_account: str | None
    """The connected account (``acct_…``) that it belongs to, if any. Calls that follow from it must
    be made for the same account."""
    events: tuple[DomainEvent, ...]
    """The events for the machines."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A genuine webhook that relink does not handle, and why."""

    id: str
    type: str
    reason: str


Received = Accepted | Ignored


class Handler(NamedTuple):
    """Handles one type of event."""

    reduce: Callable[[dict[str, Any], Origin], DomainEvent | None]
    """Makes the event from the object; returns None if the object does not concern relink."""
    reduce_thin: Callable[[str, Origin], DomainEvent] | None = None
    """Makes the event from a thin notification; None if reading the object is useless."""
    of_holder: bool = False
    """Whether it belongs to the account's holder, even if another account linked it."""


def _account_changed(name: str, origin: Origin) -> DomainEvent:
    return AccountReported(account=name, report=None, read=False, **origin.common_fields())


def _authorization_changed(name: str, origin: Origin) -> DomainEvent:
    return AuthorizationReported(
        authorization=name, report=None, read=False, **origin.common_fields()
    )


def _session_changed(name: str, origin: Origin) -> DomainEvent:
    return SessionReported(session=name, read=False, **origin.common_fields())


_ACCOUNT = Handler(reduce_account, _account_changed)
_AUTHORIZATION = Handler(reduce_authorization, _authorization_changed)

HANDLERS: dict[str, Handler] = {
    "financial_connections.account.created": _ACCOUNT,
    "financial_connections.account.deactivated": _ACCOUNT,
    "financial_connections.account.reactivated": _ACCOUNT,
    "financial_connections.account.disconnected": _ACCOUNT,
    "financial_connections.account.account_numbers_updated": _ACCOUNT,
    "financial_connections.account.upcoming_account_number_expiry": _ACCOUNT,
    "financial_connections.account.upcoming_deactivation": _ACCOUNT,
    "financial_connections.account.expected_deactivation_date_updated": _ACCOUNT,
    "financial_connections.account.supported_payment_method_types_updated": _ACCOUNT,
    "financial_connections.account.refreshed_balance": _ACCOUNT,
    "financial_connections.account.refreshed_inferred_balances": _ACCOUNT,
    "financial_connections.account.refreshed_ownership": _ACCOUNT,
    "financial_connections.account.refreshed_transactions": _ACCOUNT,
    "financial_connections.authorization.upcoming_deactivation": _AUTHORIZATION,
    "financial_connections.authorization.expected_deactivation_date_updated": _AUTHORIZATION,
    "financial_connections.session.updated": Handler(reduce_session, _session_changed),
    "payment_method.automatically_updated": Handler(reduce_payment_method),
    "account.external_account.updated": Handler(reduce_external_account, of_holder=True),
}
"""All event types that relink handles. The type itself, such as ``deactivated``, is no evidence: if
the object lacks its status, relink reads it."""


class StripeWebhooks:
    """A webhook endpoint.

    Args:
        secrets: the signing secrets (``whsec_…``), both during a rotation.
        livemode: whether live events are expected, rather than test events.
        tolerance: the maximum age of a signature (seconds).
        policy: the service's policy, which the events carry.

    Raises:
        ValueError: there is no secret, an empty one, or the tolerance is not positive.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        livemode: bool,
        tolerance: float = TOLERANCE,
        policy: RelinkPolicy = DEFAULT_POLICY,
    ) -> None:
        if isinstance(secrets, str):
            raise ValueError("secrets must be a sequence of strings, got a string")
        if not secrets or not all(secret.strip() for secret in secrets):
            raise ValueError("secrets must contain at least one secret, and no empty ones")
        if tolerance <= 0:
            raise ValueError(f"tolerance must be positive, got {tolerance}")
        self._secrets = tuple(secrets)
        self._livemode = livemode
        self._tolerance = tolerance
        self._policy = policy

    def receive(self, payload: bytes, signature: str | None, at: float) -> Received:
        """Verify and reduce one webhook.

        Args:
            payload: the raw body.
            signature: the value of the ``Stripe-Signature`` header; None if it is missing.
            at: now (Unix seconds).

        Raises:
            WebhookRefused: it is not from Stripe, too old, or malformed.
        """
        text = decode(payload)
        verify(text, signature, self._secrets, at, self._tolerance)
        body = parse(text)
        envelope = _envelope(body)
        if envelope.livemode is not self._livemode:
            return Ignored(
                envelope.id, envelope.type, "the event is of the other mode (live or test)"
            )
        handler = HANDLERS.get(envelope.type.removeprefix("v1."))
        if handler is None:
            return Ignored(envelope.id, envelope.type, "the event type is not handled")
        origin = Origin(envelope.id, at, envelope.created, read=False, policy=self._policy)
        report = _report(handler, envelope, origin)
        if report is None:
            return Ignored(
                envelope.id, envelope.type, "the object does not belong to a known account"
            )
        return Accepted(
            id=envelope.id,
            type=envelope.type,
            created=envelope.created,
            connected_account=None if handler.of_holder else envelope.connected_account,
            events=(report,),
        )


@dataclass(frozen=True, slots=True)
class _Envelope:
    """The parts of an event."""

    id: str
    type: str
    created: int
    livemode: bool
    connected_account: str | None
    thin: bool
    object: dict[str, Any]
    """The object, or the reference to it in a thin notification."""


def _envelope(body: dict[str, Any]) -> _Envelope:
    name, kind = fields.identifier(body.get("id")), fields.text(body.get("type"))
    if name is None:
        raise WebhookRefused("the event has no valid id")
    if kind is None:
        raise WebhookRefused("the event has no valid type")
    livemode = body.get("livemode")
    if not isinstance(livemode, bool):
        raise WebhookRefused("the event has no valid livemode")
    thin = body.get("object") == "v2.core.event" or kind.startswith(("v1.", "v2."))
    created = _timestamp(body.get("created")) if thin else fields.moment(body.get("created"))
    if created is None:
        raise WebhookRefused("the event has no valid creation time")
    return _Envelope(
        id=name,
        type=kind,
        created=created,
        livemode=livemode,
        connected_account=_connected_account(body, thin),
        thin=thin,
        object=_object(body, thin),
    )


def _object(body: dict[str, Any], thin: bool) -> dict[str, Any]:
    if thin:
        # Not every notification is about an object, but those that relink handles are.
        found = body.get("related_object") or {}
    else:
        data = body.get("data")
        found = data.get("object") if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise WebhookRefused("the event has no object")
    return found


def _timestamp(raw: Any) -> int | None:
    """The time of a thin notification, in the format of RFC 3339."""
    if not isinstance(raw, str):
        return fields.moment(raw)
    try:
        found = datetime.fromisoformat(raw)
        return fields.moment(int(found.timestamp())) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _connected_account(body: dict[str, Any], thin: bool) -> str | None:
    """The connected account of an event, for platforms. Later calls use the same account."""
    raw = body.get("context" if thin else "account")
    if raw is None:
        return None
    if thin and isinstance(raw, str):
        # The context is a path that may begin with an organization.
        raw = raw.rpartition("/")[2]
    found = fields.identifier(raw)
    if found is None:
        raise WebhookRefused("the event has no valid connected account")
    return found


def _report(handler: Handler, envelope: _Envelope, origin: Origin) -> DomainEvent | None:
    if not envelope.thin:
        try:
            return handler.reduce(envelope.object, origin)
        except UnreadableObject as error:
            raise WebhookRefused(str(error)) from None
    if handler.reduce_thin is None:
        return None
    name = fields.identifier(envelope.object.get("id"))
    if name is None:
        raise WebhookRefused("the notification has no valid object id")
    return handler.reduce_thin(name, origin)
