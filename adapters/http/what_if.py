"""Hypothetical events, read from a name and some of the fields."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from relink.adapters.store import UnreadableRecordError
from relink.adapters.store.codec import domain_codec
from relink.machines import events
from relink.machines.events import DomainEvent, TimerFired

from .errors import fault, invalid

DOMAIN_EVENTS: Mapping[str, type[DomainEvent]] = {
    kind.name: kind
    for kind in vars(events).values()
    if isinstance(kind, type)
    and issubclass(kind, DomainEvent)
    and kind not in (DomainEvent, events.FromStripe)
}
"""Every domain event, by its name."""


def read_event(account: str, name: str, fields: Mapping[str, Any], now: float) -> DomainEvent:
    """Make the event.

    Args:
        account: the account of the path, used when the event is about an account.
        name: one of :data:`DOMAIN_EVENTS`.
        fields: the event's fields; ``account``, ``causation_id`` and ``at`` have defaults.
        now: the default for ``at`` (Unix seconds).

    Raises:
        Problem: the name is unknown, a field is invalid, or the event is about another account.
    """
    kind = DOMAIN_EVENTS.get(name)
    if kind is None:
        raise fault("body", "event", rule=f"must be one of {', '.join(DOMAIN_EVENTS)}")
    given: dict[str, Any] = {"causation_id": "what-if", "at": now, **fields}
    if "account" in kind.model_fields and given.setdefault("account", account) != account:
        raise fault("body", "fields", "account", rule="must be the account of the path")
    if kind is TimerFired:
        given["event"] = _timer_event(given.get("event"), now)
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
    raise invalid([{**found, "loc": ("body", "fields", *found["loc"])} for found in faults])


def _timer_event(raw: object, now: float) -> object:
    """Make the event that a timer brings back."""
    match raw:
        case {"name": str(name), "fields": dict(fields)}:
            try:
                return domain_codec().event(name, {"causation_id": "what-if", "at": now, **fields})
            except UnreadableRecordError:
                pass  # The error quotes what was sent, so it is not chained.
    rule = "must be a machine's event, as {name, fields}"
    raise fault("body", "fields", "event", rule=rule)
