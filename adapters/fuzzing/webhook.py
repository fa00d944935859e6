"""Webhooks as a fuzzed service gets them: JSON, signed when it is delivered."""

import json
from dataclasses import dataclass
from typing import Any

from relink.adapters.simulator.webhooks import sign


@dataclass(frozen=True, slots=True)
class Sent:
    """A webhook as Stripe sends it."""

    id: str
    type: str
    created: int
    """When the event was created (Unix seconds)."""
    payload: bytes
    """The event as JSON, in the preview version."""

    @property
    def object(self) -> dict[str, Any]:
        """The object in the event."""
        found: dict[str, Any] = json.loads(self.payload)["data"]["object"]
        return found

    @property
    def account(self) -> str | None:
        """The account that the event is about; None if it is about something else."""
        found = self.object
        is_account = found["object"] == "financial_connections.account"
        return found["id"] if is_account else None


@dataclass(frozen=True, slots=True)
class Webhook:
    """One delivery of a webhook: what to POST to the service."""

    id: str
    """The event's id (``evt_…``), the same for each copy."""
    type: str
    """Such as ``financial_connections.account.deactivated``."""
    payload: bytes
    """The body."""
    signature: str
    """The value of the header ``Stripe-Signature``."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the POST."""
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": self.signature,
        }


def signed(sent: Sent, secret: str, now: float) -> Webhook:
    """A webhook, signed at a time (Unix seconds)."""
    return Webhook(sent.id, sent.type, sent.payload, sign(sent.payload, (secret,), int(now)))
