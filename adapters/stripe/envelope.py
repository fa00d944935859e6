"""The envelope of an event: everything about it but its object's fields."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import fields
from .errors import WebhookRefused
from .versions import is_complete

_THIN = ("v1.", "v2.")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts of an event."""

    id: str
    type: str
    created: int
    """When it was created (Unix seconds, Stripe's clock)."""
    livemode: bool
    connected_account: str | None
    thin: bool
    """Whether it only names its object."""
    complete: bool
    """Whether its object says "none" by leaving a field out (K5). A thin one has no object."""
    object: dict[str, Any]
    """The object, or the reference to it in a thin notification."""

    @property
    def base_type(self) -> str:
        """The type, without the ``v1.`` of a thin notification."""
        return self.type.removeprefix("v1.")


def open_envelope(body: dict[str, Any]) -> Envelope:
    """Check the shape of an event.

    Args:
        body: the parsed body of a webhook.

    Raises:
        WebhookRefused: a part is missing or malformed.
    """
    name, kind = fields.identifier(body.get("id")), fields.text(body.get("type"))
    if name is None:
        raise WebhookRefused("the event has no valid id")
    if kind is None:
        raise WebhookRefused("the event has no valid type")
    livemode = body.get("livemode")
    if not isinstance(livemode, bool):
        raise WebhookRefused("the event has no valid livemode")
    thin = body.get("object") == "v2.core.event" or kind.startswith(_THIN)
    created = _timestamp(body.get("created")) if thin else fields.moment(body.get("created"))
    if created is None:
        raise WebhookRefused("the event has no valid creation time")
    return Envelope(
        id=name,
        type=kind,
        created=created,
        livemode=livemode,
        connected_account=_connected_account(body),
        thin=thin,
        complete=not thin and is_complete(body.get("api_version")),
        object=_object(body, thin),
    )


def _object(body: dict[str, Any], thin: bool) -> dict[str, Any]:
    if thin:
        # Not every notification is about an object.
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


def _connected_account(body: dict[str, Any]) -> str | None:
    """The account that the event belongs to, where it is not our own. Later calls use the same.

    Snapshots name it in ``account`` (Connect), ``context`` (organizations) or both, and thin
    notifications in ``context``. The two mean the same (K6).
    """
    raw = body.get("account")
    if raw is None:
        raw = body.get("context")
    if raw is None:
        return None
    # A context is a path that may begin with an organization.
    found = fields.identifier(raw.rpartition("/")[2]) if isinstance(raw, str) else None
    if found is None:
        raise WebhookRefused("the event has no valid connected account")
    return found
