"""Events, and their delivery to endpoints: signed, at least once, in no guaranteed order.

The content of an event is fixed when it is created, in each endpoint's API version. Every attempt
has its own signature and time. A failed attempt is retried with increasing delays for three days,
as Stripe does.
"""

import heapq
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from .faults import FaultSource
from .ids import Ids
from .render import Rendered, as_json, render
from .resources import Resource
from .shapes import Shapes
from .versions import PREVIEW, exists_in, in_version, is_preview, is_thin

MINUTE, HOUR = 60, 3600
BACKOFF = (5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, *[12 * HOUR] * 4)
"""The delays between attempts (seconds)."""
STORED_FOR = 30 * 24 * HOUR
"""How long an event can be retrieved (seconds)."""

_URLS = {
    "customer": "/v1/customers",
    "financial_connections.account": "/v1/financial_connections/accounts",
    "mandate": "/v1/mandates",
    "payment_method": "/v1/payment_methods",
}


@dataclass(frozen=True)
class Endpoint:
    """A webhook endpoint."""

    id: str
    secrets: tuple[str, ...]
    """The signing secrets (``whsec_…``). During a rotation, each of them signs."""
    version: str = PREVIEW
    """The API version of the objects in snapshots."""
    thin: bool = False
    """Whether it receives thin notifications instead of snapshots."""
    organization: bool = False
    """Whether it belongs to an organization. Its snapshots name the connected account as
    ``context`` instead of ``account``."""
    url: str | None = None
    """Where the server posts webhooks; None: ``Simulator.due_webhooks`` returns them."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The request that caused an event, if any."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event, as ``GET /v1/events`` returns it."""

    id: str
    type: str
    created: int
    owner: str | None
    cause: Cause
    object: str
    """The object at that time, with all fields, as JSON."""

    def rendered(self, version: str) -> Rendered:
        """The event in an API version."""
        found: Rendered = json.loads(self.snapshot(version))
        return found

    def snapshot(self, version: str, names_account_as: str = "account") -> str:
        """The event as JSON. The object is inserted as text, since it is already encoded."""
        text = self.object
        if not is_preview(version):
            text = as_json(in_version(version, json.loads(text)))
        owner = f'"{names_account_as}":"{self.owner}",' if self.owner else ""
        cause = self.cause
        key = as_json(cause.idempotency_key) if cause.idempotency_key else "null"
        request = as_json(cause.request_id) if cause.request_id else "null"
        return (
            f'{{"id":"{self.id}","object":"event",{owner}"api_version":"{version}",'
            f'"created":{self.created},"data":{{"object":{text}}},"livemode":false,'
            f'"pending_webhooks":1,"request":{{"id":{request},"idempotency_key":{key}}},'
            f'"type":"{self.type}"}}'
        )

    def thin(self) -> Rendered:
        """The thin notification, which names the object if that has a URL."""
        made = datetime.fromtimestamp(self.created, UTC)
        request, key = self.cause.request_id, self.cause.idempotency_key
        reason = {"type": "request", "request": {"id": request, "idempotency_key": key or ""}}
        notification: Rendered = {
            "id": self.id,
            "object": "v2.core.event",
            "context": self.owner,
            "created": made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "livemode": False,
            "reason": reason if request else None,
            "type": f"v1.{self.type}",
        }
        about = json.loads(self.object)
        name, kind = about["id"], about["object"]
        if kind in _URLS:
            url = f"{_URLS[kind]}/{name}"
            notification["related_object"] = {"id": name, "type": kind, "url": url}
        return notification


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver a webhook."""

    event: str
    type: str
    payload: bytes
    signature: str
    """The value of ``Stripe-Signature``."""
    at: float
    """When it arrives (Unix seconds)."""
    attempt: int
    """The number of the attempt, from 0."""
    endpoint: Endpoint

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the POST."""
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": self.signature,
            "User-Agent": "Stripe/1.0 (simulated)",
        }


@dataclass(slots=True)
class _InTransit:
    event: str
    type: str
    payload: bytes
    endpoint: Endpoint
    attempt: int


class Outbox:
    """Webhooks in transit, in order of arrival."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, _InTransit]] = []
        self._queued = 0

    def put(self, due: float, webhook: _InTransit) -> None:
        """Add a webhook that arrives at ``due`` (Unix seconds)."""
        heapq.heappush(self._queue, (due, self._queued, webhook))
        self._queued += 1

    @property
    def next_due(self) -> float | None:
        """When the next webhook arrives (Unix seconds); None when there is none."""
        return self._queue[0][0] if self._queue else None

    def take(self, now: float) -> Delivery | None:
        """The next webhook that has arrived by now, with a new signature."""
        if not self._queue or self._queue[0][0] > now:
            return None
        webhook = heapq.heappop(self._queue)[2]
        return Delivery(
            event=webhook.event,
            type=webhook.type,
            payload=webhook.payload,
            signature=sign(webhook.payload, webhook.endpoint.secrets, int(now)),
            at=now,
            attempt=webhook.attempt,
            endpoint=webhook.endpoint,
        )


class Webhooks:
    """All events, and the webhooks in transit."""

    def __init__(self, ids: Ids, faults: FaultSource, shapes: Shapes) -> None:
        self._ids = ids
        self._faults = faults
        self._shapes = shapes
        self.to_take = Outbox()
        """Webhooks for endpoints without a URL."""
        self.to_post = Outbox()
        """Webhooks for endpoints with a URL."""
        self.endpoints: list[Endpoint] = []
        self.events: dict[str, Event] = {}
        """The events of the last 30 days, by id."""
        self.lost: list[str] = []
        """The ids of events that an endpoint never receives."""

    def publish(self, kind: str, about: Resource, now: float, cause: Cause) -> Event:
        """Create an event about an object in its current state, and send it to all endpoints."""
        event = Event(
            id=self._ids.new("evt"),
            type=kind,
            created=int(now),
            owner=about.owner,
            cause=cause,
            object=as_json(self._shapes.altered(render(about), "webhooks")),
        )
        self.events[event.id] = event
        self._expire(now - STORED_FOR)
        for endpoint in self.endpoints:
            if _receives(endpoint, kind):
                self._send(event, endpoint, now)
        return event

    def _send(self, event: Event, endpoint: Endpoint, now: float) -> None:
        delays = self._faults.of_webhook()
        if not delays:
            self.lost.append(event.id)
            return
        if endpoint.thin:
            text = as_json(event.thin())
        else:
            name = "context" if endpoint.organization else "account"
            text = event.snapshot(endpoint.version, name)
        kind = f"v1.{event.type}" if endpoint.thin else event.type
        payload = text.encode()
        for seconds in delays:
            self._enqueue(now + seconds, _InTransit(event.id, kind, payload, endpoint, 0))

    def _enqueue(self, due: float, webhook: _InTransit) -> None:
        outbox = self.to_take if webhook.endpoint.url is None else self.to_post
        outbox.put(due, webhook)

    def _expire(self, before: float) -> None:
        """Remove events older than a time. They are in order of time."""
        while self.events and next(iter(self.events.values())).created < before:
            del self.events[next(iter(self.events))]

    def failed(self, delivery: Delivery, now: float) -> None:
        """Retry a webhook that was not answered with a 2xx, or give up after three days."""
        if delivery.attempt >= len(BACKOFF):
            self.lost.append(delivery.event)
            return
        again = _InTransit(
            delivery.event,
            delivery.type,
            delivery.payload,
            delivery.endpoint,
            delivery.attempt + 1,
        )
        self._enqueue(now + BACKOFF[delivery.attempt], again)


def sign(payload: bytes, secrets: tuple[str, ...], at: int) -> str:
    """The value of ``Stripe-Signature``, with one signature for each secret."""
    signed = f"{at}.".encode() + payload
    each = [f"v1={hmac.digest(secret.encode(), signed, 'sha256').hex()}" for secret in secrets]
    return ",".join([f"t={at}", *each])


def _receives(endpoint: Endpoint, kind: str) -> bool:
    return is_thin(kind) if endpoint.thin else exists_in(endpoint.version, kind)
