"""Webhooks: bytes and a signature in, outside events out.

``receive`` ends in one of three ways. *Accepted*: a type that we handle, for the mode
that we expect, as events for the machines. *Ignored*: genuine, but not for us; answer
200, store nothing. :class:`WebhookRefused`: not Stripe's, not fresh or not of the
documented shape; answer 400, store nothing. It raises nothing else, whatever comes.

Stripe sends two kinds. *Snapshots* carry the object as it was; *thin* notifications
(``v1.…``, ``v2.…``) only name it, which the machines answer with a read.
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
"""Seconds; the SDK's own default."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A webhook for us."""

    id: str
    """Stripe's ``evt_…``, the same each time it is delivered."""
    type: str
    created: int
    """When it was made (Unix seconds, Stripe's clock)."""
    connected_account: str | None
    """The connected account in whose name it came, and any call for it has to be made
    (``acct_…``), if there is one."""
    events: tuple[DomainEvent, ...]
    """What it tells the machines."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A genuine webhook that is not for us, and why."""

    id: str
    type: str
    reason: str


Received = Accepted | Ignored


class Handled(NamedTuple):
    """What is done with one type of event."""

    reduce: Callable[[dict[str, Any], Origin], DomainEvent | None]
    """The report that its object makes; None when the object is not of ours."""
    look: Callable[[str, Origin], DomainEvent] | None = None
    """The report of a thin notification; None when there is no use in reading the object."""
    of_holder: bool = False
    """Whether it comes in the name of the account's holder, whoever linked the account."""


def _look_at_account(name: str, origin: Origin) -> DomainEvent:
    return AccountReported(account=name, report=None, read=False, **origin.told())


def _look_at_authorization(name: str, origin: Origin) -> DomainEvent:
    return AuthorizationReported(authorization=name, report=None, read=False, **origin.told())


def _look_at_session(name: str, origin: Origin) -> DomainEvent:
    return SessionReported(session=name, read=False, **origin.told())


_ACCOUNT = Handled(reduce_account, _look_at_account)
_AUTHORIZATION = Handled(reduce_authorization, _look_at_authorization)

HANDLED: dict[str, Handled] = {
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
    "financial_connections.session.updated": Handled(reduce_session, _look_at_session),
    "payment_method.automatically_updated": Handled(reduce_payment_method),
    "account.external_account.updated": Handled(reduce_external_account, of_holder=True),
}
"""Every type that we act on. What an account's type says beyond its object (that it was
deactivated, say) is not used: where the object lacks its status, Stripe is asked."""


class StripeWebhooks:
    """One webhook endpoint.

    Args:
        secrets: its signing secrets (``whsec_…``); during a rotation both.
        livemode: whether live events are expected, or those of test mode.
        tolerance: how old a signature may be, in seconds.
        policy: the service's choices, which travel in the events.

    Raises:
        ValueError: no secret, an empty one, or a tolerance that accepts nothing.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        livemode: bool,
        tolerance: float = TOLERANCE,
        policy: RelinkPolicy = DEFAULT_POLICY,
    ) -> None:
        if isinstance(secrets, str):
            raise ValueError("secrets must be a sequence of secrets, got a single one")
        if not secrets or not all(secret.strip() for secret in secrets):
            raise ValueError("secrets must hold at least one, and none that is empty")
        if tolerance <= 0:
            raise ValueError(f"tolerance must be positive, got {tolerance}")
        self._secrets = tuple(secrets)
        self._livemode = livemode
        self._tolerance = tolerance
        self._policy = policy

    def receive(self, payload: bytes, signature: str | None, at: float) -> Received:
        """Verify and reduce one webhook.

        Args:
            payload: the body, byte for byte as it came.
            signature: the value of the ``Stripe-Signature`` header, None without one.
            at: now (Unix seconds).

        Raises:
            WebhookRefused: it is not Stripe's, not fresh, or not of the documented shape.
        """
        text = decode(payload)
        verify(text, signature, self._secrets, at, self._tolerance)
        body = parse(text)
        envelope = _envelope(body)
        if envelope.livemode is not self._livemode:
            return Ignored(envelope.id, envelope.type, "an event of the other mode")
        handled = HANDLED.get(envelope.type.removeprefix("v1."))
        if handled is None:
            return Ignored(envelope.id, envelope.type, "a type that is not handled")
        origin = Origin(envelope.id, at, envelope.created, read=False, policy=self._policy)
        report = _report(handled, envelope, origin)
        if report is None:
            return Ignored(envelope.id, envelope.type, "not of an account of ours")
        return Accepted(
            id=envelope.id,
            type=envelope.type,
            created=envelope.created,
            connected_account=None if handled.of_holder else envelope.connected_account,
            events=(report,),
        )


@dataclass(frozen=True, slots=True)
class _Envelope:
    """An event around its object."""

    id: str
    type: str
    created: int
    livemode: bool
    connected_account: str | None
    thin: bool
    object: dict[str, Any]
    """The object, or what names it in a thin notification."""


def _envelope(body: dict[str, Any]) -> _Envelope:
    name, kind = fields.identifier(body.get("id")), fields.text(body.get("type"))
    if name is None:
        raise WebhookRefused("the event has no valid id")
    if kind is None:
        raise WebhookRefused("the event has no valid type")
    livemode = body.get("livemode")
    if not isinstance(livemode, bool):
        raise WebhookRefused("the event does not say its mode")
    thin = body.get("object") == "v2.core.event" or kind.startswith(("v1.", "v2."))
    created = _timestamp(body.get("created")) if thin else fields.moment(body.get("created"))
    if created is None:
        raise WebhookRefused("the event has no valid time of creation")
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
        # Not every notification is about an object; those that we handle are.
        found = body.get("related_object") or {}
    else:
        data = body.get("data")
        found = data.get("object") if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise WebhookRefused("the event has no object")
    return found


def _timestamp(raw: Any) -> int | None:
    """The time of a thin notification, which is in RFC 3339."""
    if not isinstance(raw, str):
        return fields.moment(raw)
    try:
        found = datetime.fromisoformat(raw)
        return fields.moment(int(found.timestamp())) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _connected_account(body: dict[str, Any], thin: bool) -> str | None:
    """Whose event it is, for platforms: a later call must be made in the same account's name."""
    raw = body.get("context" if thin else "account")
    if raw is None:
        return None
    if thin and isinstance(raw, str):
        # A path, which may begin with an organization.
        raw = raw.rpartition("/")[2]
    found = fields.identifier(raw)
    if found is None:
        raise WebhookRefused("the event names no valid connected account")
    return found


def _report(handled: Handled, envelope: _Envelope, origin: Origin) -> DomainEvent | None:
    if not envelope.thin:
        try:
            return handled.reduce(envelope.object, origin)
        except UnreadableObject as error:
            raise WebhookRefused(str(error)) from None
    if handled.look is None:
        return None
    name = fields.identifier(envelope.object.get("id"))
    if name is None:
        raise WebhookRefused("the notification does not name its object")
    return handled.look(name, origin)
