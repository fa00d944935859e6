"""Events, and their way to the endpoints: signed, at least once, in no promised order.

An event's content is fixed when it is made, in each endpoint's API version. Every attempt is
signed anew, with its own time. A failed attempt is repeated with growing waits, for three
days; so are Stripe's.
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
from .versions import PREVIEW, SNAPSHOT_ONLY, exists_in, is_preview, seen_under

MINUTE, HOUR = 60, 3600
BACKOFF = (5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, *[12 * HOUR] * 4)
"""Waits between attempts, in seconds."""
KEPT_FOR = 30 * 24 * HOUR
"""How long an event can be retrieved (seconds)."""

_URLS = {
    "customer": "/v1/customers",
    "financial_connections.account": "/v1/financial_connections/accounts",
    "financial_connections.authorization": "/v1/financial_connections/authorizations",
    "payment_method": "/v1/payment_methods",
}


@dataclass(frozen=True)
class Endpoint:
    """Where webhooks are sent to."""

    id: str
    secrets: tuple[str, ...]
    """``whsec_…``; several during a rotation, and then every one signs."""
    version: str = PREVIEW
    thin: bool = False
    """Whether it gets thin notifications in place of snapshots."""
    url: str | None = None
    """None: whoever runs the simulator takes the webhooks and delivers them."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The request that caused an event, if one did."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as ``GET /v1/events`` tells it."""

    id: str
    type: str
    created: int
    owner: str | None
    cause: Cause
    object: str
    """The object as it was, in full, as JSON."""

    def rendered(self, version: str) -> Rendered:
        """The event, with its object as the version has it."""
        found: Rendered = json.loads(self.snapshot(version))
        return found

    def snapshot(self, version: str) -> str:
        """The event as JSON. The object is spliced in, as it was encoded already."""
        text = self.object
        if not is_preview(version):
            text = as_json(seen_under(version, json.loads(text)))
        owner = f'"account":"{self.owner}",' if self.owner else ""
        cause = self.cause
        key = as_json(cause.idempotency_key) if cause.idempotency_key else "null"
        request = as_json(cause.request_id) if cause.request_id else "null"
        return (
            f'{{"id":"{self.id}","object":"event",{owner}"api_version":"{version}",'
            f'"created":{self.created},"data":{{"object":{text}}},"livemode":false,'
            f'"pending_webhooks":1,"request":{{"id":{request},"idempotency_key":{key}}},'
            f'"type":"{self.type}"}}'
        )

    def notification(self) -> str:
        """The thin notification: it only names the object, if that has an address of its own."""
        made = datetime.fromtimestamp(self.created, UTC)
        notification: Rendered = {
            "id": self.id,
            "object": "v2.core.event",
            "context": self.owner,
            "created": made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "livemode": False,
            "reason": None,
            "type": f"v1.{self.type}",
        }
        about = json.loads(self.object)
        name, kind = about["id"], about["object"]
        if kind in _URLS:
            url = f"{_URLS[kind]}/{name}"
            notification["related_object"] = {"id": name, "type": kind, "url": url}
        return as_json(notification)


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
    """From 0."""
    endpoint: Endpoint

    @property
    def headers(self) -> dict[str, str]:
        """Those of the POST."""
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": self.signature,
            "User-Agent": "Stripe/1.0 (simulated)",
        }


@dataclass(slots=True)
class _Waiting:
    event: str
    type: str
    payload: bytes
    endpoint: Endpoint
    attempt: int


class Outbox:
    """Webhooks on their way, in the order in which they arrive."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, _Waiting]] = []
        self._queued = 0

    def put(self, due: float, waiting: _Waiting) -> None:
        """Let it arrive when it is ``due``."""
        heapq.heappush(self._queue, (due, self._queued, waiting))
        self._queued += 1

    @property
    def next_due(self) -> float | None:
        """When the next webhook arrives; None when none is on its way."""
        return self._queue[0][0] if self._queue else None

    def take(self, now: float) -> Delivery | None:
        """The next webhook that has arrived by now, signed now."""
        if not self._queue or self._queue[0][0] > now:
            return None
        waiting = heapq.heappop(self._queue)[2]
        return Delivery(
            event=waiting.event,
            type=waiting.type,
            payload=waiting.payload,
            signature=sign(waiting.payload, waiting.endpoint.secrets, int(now)),
            at=now,
            attempt=waiting.attempt,
            endpoint=waiting.endpoint,
        )


class Webhooks:
    """The events that were made, and those that are on their way."""

    def __init__(self, ids: Ids, faults: FaultSource) -> None:
        self._ids = ids
        self._faults = faults
        self.to_take = Outbox()
        """For endpoints without a URL."""
        self.to_post = Outbox()
        """For endpoints with one."""
        self.endpoints: list[Endpoint] = []
        self.events: dict[str, Event] = {}
        """Of the last 30 days, by id."""
        self.lost: list[str] = []
        """Events that an endpoint will never hear of."""

    def publish(self, kind: str, about: Resource, now: float, cause: Cause) -> Event:
        """Make an event of an object as it is, and send it to every endpoint."""
        event = Event(
            id=self._ids.new("evt"),
            type=kind,
            created=int(now),
            owner=about.owner,
            cause=cause,
            object=as_json(render(about)),
        )
        self.events[event.id] = event
        self._forget(now - KEPT_FOR)
        for endpoint in self.endpoints:
            if _gets(endpoint, kind):
                self._send(event, endpoint, now)
        return event

    def _send(self, event: Event, endpoint: Endpoint, now: float) -> None:
        late = self._faults.of_webhook()
        if not late:
            self.lost.append(event.id)
            return
        text = event.notification() if endpoint.thin else event.snapshot(endpoint.version)
        kind = f"v1.{event.type}" if endpoint.thin else event.type
        payload = text.encode()
        for seconds in late:
            self._queue_up(now + seconds, _Waiting(event.id, kind, payload, endpoint, 0))

    def _queue_up(self, due: float, waiting: _Waiting) -> None:
        outbox = self.to_take if waiting.endpoint.url is None else self.to_post
        outbox.put(due, waiting)

    def _forget(self, before: float) -> None:
        """Events come in order of time, so the oldest are first."""
        while self.events and next(iter(self.events.values())).created < before:
            del self.events[next(iter(self.events))]

    def failed(self, delivery: Delivery, now: float) -> None:
        """It was not answered with a 2xx: try again later, or give up after three days."""
        if delivery.attempt >= len(BACKOFF):
            self.lost.append(delivery.event)
            return
        again = _Waiting(
            delivery.event,
            delivery.type,
            delivery.payload,
            delivery.endpoint,
            delivery.attempt + 1,
        )
        self._queue_up(now + BACKOFF[delivery.attempt], again)


def sign(payload: bytes, secrets: tuple[str, ...], at: int) -> str:
    """The value of ``Stripe-Signature``: a signature for each secret."""
    signed = f"{at}.".encode() + payload
    each = [f"v1={hmac.digest(secret.encode(), signed, 'sha256').hex()}" for secret in secrets]
    return ",".join([f"t={at}", *each])


def _gets(endpoint: Endpoint, kind: str) -> bool:
    if endpoint.thin:
        return not kind.startswith(SNAPSHOT_ONLY)
    return exists_in(endpoint.version, kind)
