"""The journal: each decision, as it was made."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import RowMapping

from relink.engine import Address, Delivery, Event, Send

from .codec import Codec


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One event, and what one machine made of it."""

    address: Address
    version: int
    """The machine's version after it."""
    cause: str
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
    """A decision as a row of the journal."""
    decision = delivery.decision
    return {
        "machine": delivery.address.machine,
        "key": delivery.address.key,
        "version": decision.snapshot.version,
        "cause": cause,
        "at": at,
        "event": decision.happened.name,
        "fields": codec.fields(decision.happened),
        "outcome": decision.outcome,
        "from_state": decision.before.state,
        "to_state": decision.state,
        "transition": decision.transition,
        "guards": [list(answer) for answer in decision.guards],
        "reason": decision.reason,
        "anomaly": decision.anomaly,
        "changes": to_jsonable_python(decision.changes),
        "commands": [c.id for c in decision.commands if not isinstance(c, Send)],
    }


def from_row(row: RowMapping, codec: Codec) -> JournalEntry:
    """A row of the journal as an entry."""
    return JournalEntry(
        address=Address(row["machine"], row["key"]),
        version=row["version"],
        cause=row["cause"],
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
