"""The journal: each decision, as it was made."""

import functools
import json
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy import RowMapping

from relink.engine import Address, Delivery, Event, Leaf, Send

from .codec import Codec


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One event, and what one machine made of it."""

    address: Address
    version: int
    """The machine's version after it."""
    causation_id: str
    """Id of the arrival that led to it."""
    at: float
    """When that came (Unix seconds)."""
    event: Event
    outcome: str
    from_state: str
    to_state: str
    transition: str | None
    guards: tuple[tuple[str, bool], ...]
    reason: str | None
    anomaly: bool
    changes: dict[str, tuple[Any, Any]]
    """Facts that changed, by field: old and new value, as JSON."""
    commands: tuple[str, ...]
    """Ids of the commands that it asked for."""


def to_row(delivery: Delivery, cause: str, at: float, codec: Codec) -> dict[str, Any]:
    """A decision as a row of the journal; JSON as text."""
    address, decision = delivery.address, delivery.decision
    asked = [c.id for c in decision.commands if not isinstance(c, Send)]
    return {
        "machine": address.machine,
        "key": address.key,
        "version": decision.before.version + 1,
        "cause": cause,
        "at": at,
        "event": decision.trigger.name,
        "fields": codec.text(decision.trigger),
        **_of_leaf(decision.leaf),
        "changes": to_json(decision.changes).decode(),
        "commands": json.dumps(asked) if asked else "[]",
    }


@functools.cache
def _of_leaf(leaf: Leaf) -> dict[str, Any]:
    """What is the same for all decisions that end in this leaf."""
    return {
        "outcome": leaf.outcome,
        "from_state": leaf.source,
        "to_state": leaf.target,
        "transition": leaf.transition,
        "guards": json.dumps(leaf.guards),
        "reason": leaf.reason and (leaf.reason.code or leaf.reason.sentence),
        "anomaly": leaf.anomaly,
    }


def from_row(row: RowMapping, codec: Codec) -> JournalEntry:
    """A row of the journal as an entry."""
    return JournalEntry(
        address=Address(row["machine"], row["key"]),
        version=row["version"],
        causation_id=row["cause"],
        at=row["at"],
        event=codec.event(row["event"], row["fields"]),
        outcome=row["outcome"],
        from_state=row["from_state"],
        to_state=row["to_state"],
        transition=row["transition"],
        guards=tuple((name, answer) for name, answer in row["guards"]),
        reason=row["reason"],
        anomaly=row["anomaly"],
        changes={field: (old, new) for field, (old, new) in row["changes"].items()},
        commands=tuple(row["commands"]),
    )
