"""Webhooks: bytes and a signature in, events for the machines out.

``receive`` has three outcomes. *Accepted*: a type that relink handles, in the expected mode.
*Ignored*: a genuine webhook that relink does not handle; answer 200, store nothing.
:class:`WebhookRefused`: not from Stripe, too old, or malformed; answer 400, store nothing. No other
exception is raised for any payload.

Stripe's dashboard and command line can send test events that all have the same id. Their content
becomes a part of their id here, so that they are told apart. Two with the same content, which no
machine could tell apart, are one.

Stripe sends two kinds of events. *Snapshots* contain the object. *Thin* notifications (``v1.…``,
``v2.…``) only name it, and the machines then read it.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from relink.machines.events import DomainEvent
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

from . import fields
from .body import Payload, decode, parse
from .envelope import Envelope, open_envelope
from .errors import UnreadableObject, WebhookRefused
from .handlers import HANDLERS, Handler
from .ignored import ON_PURPOSE, IgnoreReason
from .reduce import Origin
from .signature import verify

TOLERANCE = 300
"""The maximum age of a signature (seconds), as in the SDK."""

_PLACEHOLDER = re.compile(r"evt_(0+|test_webhook)")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A webhook that relink handles."""

    id: str
    """Stripe's ``evt_…``, the same for every delivery. Where several test events share one, it ends
    with a digest of the content."""
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
    reason: IgnoreReason


Received = Accepted | Ignored


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

    def receive(self, payload: Payload, signature: str | None, at: float) -> Received:
        """Verify and reduce one webhook.

        Args:
            payload: the raw body, as the framework hands it over: bytes, or text that it decoded
                from UTF-8.
            signature: the value of the ``Stripe-Signature`` header; None if it is missing.
            at: now (Unix seconds).

        Raises:
            WebhookRefused: it is not from Stripe, too old, or malformed.
        """
        text = decode(payload)
        verify(text, signature, self._secrets, at, self._tolerance)
        envelope = _told_apart(open_envelope(parse(text)), text)
        handler = HANDLERS.get(envelope.base_type)
        if envelope.livemode is not self._livemode:
            return _ignored(envelope, IgnoreReason.OTHER_MODE)
        if handler is None:
            is_known = envelope.base_type in ON_PURPOSE
            reason = IgnoreReason.ON_PURPOSE if is_known else IgnoreReason.UNKNOWN_TYPE
            return _ignored(envelope, reason)
        if envelope.thin and handler.reduce_thin is None:
            return _ignored(envelope, IgnoreReason.TOO_THIN)
        event = _event(handler, envelope, self._origin(envelope, at))
        if event is None:
            return _ignored(envelope, IgnoreReason.FOREIGN)
        return Accepted(
            id=envelope.id,
            type=envelope.type,
            created=envelope.created,
            connected_account=None if handler.of_holder else envelope.connected_account,
            events=(event,),
        )

    def _origin(self, envelope: Envelope, at: float) -> Origin:
        return Origin(
            causation_id=envelope.id,
            at=at,
            as_of=envelope.created,
            read=False,
            policy=self._policy,
            complete=envelope.complete,
        )


def _told_apart(envelope: Envelope, text: str) -> Envelope:
    if envelope.livemode or not _PLACEHOLDER.fullmatch(envelope.id):
        return envelope
    return replace(envelope, id=f"{envelope.id}.{hashlib.sha256(text.encode()).hexdigest()[:16]}")


def _ignored(envelope: Envelope, reason: IgnoreReason) -> Ignored:
    return Ignored(envelope.id, envelope.type, reason)


def _event(handler: Handler, envelope: Envelope, origin: Origin) -> DomainEvent | None:
    if envelope.thin and handler.reduce_thin is not None:
        name = fields.identifier(envelope.object.get("id"))
        if name is None:
            raise WebhookRefused("the notification has no valid object id")
        return handler.reduce_thin(name, origin)
    try:
        return handler.reduce(envelope.object, origin)
    except UnreadableObject as error:
        raise WebhookRefused(str(error)) from None
