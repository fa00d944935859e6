"""Events that might happen, as they are asked about: a name, and some of the fields."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from relink.adapters.store import UnreadableRecordError
from relink.adapters.store.codec import domain_codec
from relink.machines import events
from relink.machines.events import DomainEvent, TimerFired

from .errors import fault, invalid

OUTSIDE_EVENTS: Mapping[str, type[DomainEvent]] = {
    kind.name: kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, DomainEvent) and kind is not DomainEvent
}
"""Everything that can happen outside the machines, by its name."""


def read_event(account: str, name: str, fields: Mapping[str, Any], now: float) -> DomainEvent:
    """The event.

    Args:
        account: whose it is, where the event is about an account.
        name: one of :data:`OUTSIDE_EVENTS`.
        fields: its own; ``account``, ``causation_id`` and ``at`` have defaults.
        now: the default for ``at`` (Unix seconds).

    Raises:
        Problem: there is no such event, its fields don't fit, or it is about another account.
    """
    kind = OUTSIDE_EVENTS.get(name)
    if kind is None:
        raise fault("body", "event", rule=f"must be one of {', '.join(OUTSIDE_EVENTS)}")
    given: dict[str, Any] = {"causation_id": "what-if", "at": now, **fields}
    if "account" in kind.model_fields and given.setdefault("account", account) != account:
        raise fault("body", "fields", "account", rule="must be the account of the path")
    if kind is TimerFired:
        given["event"] = _within(given.get("event"), now)
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    raise invalid([{**found, "loc": ("body", "fields", *found["loc"])} for found in faults])


def _within(raw: object, now: float) -> object:
    """The event that a timer brings back."""
    match raw:
        case {"name": str(name), "fields": dict(fields)}:
            try:
                return domain_codec().event(name, {"causation_id": "what-if", "at": now, **fields})
            except UnreadableRecordError:
                pass  # It quotes what was sent.
    rule = "must be an event that a machine is told, as {name, fields}"
    raise fault("body", "fields", "event", rule=rule)
