"""Decisions: those that were made, and those that would be."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from relink.adapters.service import Service
from relink.adapters.store import JournalEntry
from relink.adapters.store.codec import domain_codec
from relink.engine import Command, Delivery, EngineError, Step

from . import ids
from .answers import shown
from .errors import fault
from .problems import documented
from .what_if import OUTSIDE_EVENTS, read_event

MOST = 100
"""Decisions on a page."""

LATEST_VERSION = 2**31 - 1

_ENTRY: dict[str, Any] = {
    "version": 2,
    "at": 1767225600.0,
    "causation_id": "evt_1",
    "event": {"name": "reported_relinkable", "fields": {"as_of": 1767225598, "read": False}},
    "outcome": "moved",
    "from_state": "active",
    "to_state": "inactive_relinkable",
    "transition": "active --reported_relinkable--> inactive_relinkable",
    "guards": [{"guard": "is_ambiguous", "answer": False}],
    "anomaly": False,
    "changes": {"reported_status": {"before": "active", "after": "relinkable"}},
    "commands": [],
}


class EventAnswer(BaseModel):
    """What happened. Fields that have their default are left out."""

    name: str
    fields: dict[str, Any]


class GuardAnswer(BaseModel):
    """A guard that was asked, and what it answered."""

    guard: str
    answer: bool


class UnitOfWork(BaseModel):
    """A fact that changed."""

    before: Any
    after: Any


class HistoryEntry(BaseModel):
    """One event, and what the account made of it."""

    model_config = shown(_ENTRY)

    version: int
    """The account's version after it."""
    at: float
    """When it came (Unix seconds)."""
    causation_id: str
    """Id of what arrived."""
    event: EventAnswer
    outcome: str
    from_state: str
    to_state: str
    transition: str | None = None
    guards: tuple[GuardAnswer, ...]
    reason: str | None = None
    """Why it was ignored."""
    anomaly: bool
    changes: dict[str, UnitOfWork]
    commands: tuple[str, ...]
    """Ids of the commands that it asked for."""

    @classmethod
    def of(cls, entry: JournalEntry) -> "HistoryEntry":
        """An entry of the journal."""
        event = EventAnswer(name=entry.event.name, fields=domain_codec().fields(entry.event))
        return cls(
            version=entry.version,
            at=entry.at,
            causation_id=entry.causation_id,
            event=event,
            outcome=entry.outcome,
            from_state=entry.from_state,
            to_state=entry.to_state,
            transition=entry.transition,
            guards=tuple(GuardAnswer(guard=name, answer=said) for name, said in entry.guards),
            reason=entry.reason,
            anomaly=entry.anomaly,
            changes={
                name: UnitOfWork(before=old, after=new)
                for name, (old, new) in entry.changes.items()
            },
            commands=entry.commands,
        )


class HistoryAnswer(BaseModel):
    """A page of an account's decisions, the newest last."""

    model_config = shown({"entries": [_ENTRY]})

    entries: tuple[HistoryEntry, ...]
    next_after: int | None = None
    """The next page comes after it; null when this is the last."""


class CommandAnswer(BaseModel):
    """Something that would be done."""

    name: str
    id: str
    data: dict[str, Any]

    @classmethod
    def of(cls, command: Command) -> "CommandAnswer":
        """A command."""
        return cls(name=command.name, id=command.id, data=command.model_dump(mode="json"))


class DecisionAnswer(BaseModel):
    """What one machine would decide."""

    machine: str
    key: str
    decision: dict[str, Any]
    """Before and after, guards asked, effects, commands."""

    @classmethod
    def of(cls, delivery: Delivery) -> "DecisionAnswer":
        """A decision."""
        (machine, key), decision = delivery.address, delivery.decision
        return cls(machine=machine, key=key, decision=decision.to_json())


class WhatIfAnswer(BaseModel):
    """What would follow from an event, in order."""

    model_config = shown(
        {
            "decisions": [
                {
                    "machine": "account",
                    "key": "fca_1",
                    "decision": {
                        "outcome": "ignored",
                        "reason": "refused: it is active, and nothing that a relink mends is named "
                        "or known",
                    },
                }
            ],
            "commands": [],
        }
    )

    decisions: tuple[DecisionAnswer, ...]
    commands: tuple[CommandAnswer, ...]

    @classmethod
    def of(cls, step: Step) -> "WhatIfAnswer":
        """The answer for a step."""
        return cls(
            decisions=tuple(map(DecisionAnswer.of, step.deliveries)),
            commands=tuple(map(CommandAnswer.of, step.commands)),
        )


class WhatIf(BaseModel):
    """An event, such as a request or a timer."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {"event": "relink_requested", "fields": {"mode": "specific"}},
                {
                    "event": "account_reported",
                    "fields": {
                        "as_of": 1767225700,
                        "read": False,
                        "report": {"status": "disconnected"},
                    },
                },
            ]
        },
    )

    event: Annotated[str, WithJsonSchema({"type": "string", "enum": list(OUTSIDE_EVENTS)})]
    """Something that can happen outside the machines."""
    fields: dict[str, Any] = {}
    """Its fields; account, causation_id and at need not be among them."""


class Page(BaseModel):
    """A page of a history."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    after: Annotated[int, Field(ge=0, le=LATEST_VERSION)] = 0
    """The last version of the page before."""
    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST


def add_decision_routes(router: APIRouter, service: Service) -> None:
    """Add the routes to a router that asks for the token."""

    @router.get(
        "/accounts/{id}/history",
        response_description="A page of its history.",
        responses=documented(401, 404, 422, 503),
        tags=["decisions"],
    )
    def get_history(id: ids.AccountInPath, page: Annotated[Page, Query()]) -> HistoryAnswer:
        """List what an account decided, and why."""
        found = service.history(id, page.after, page.limit)
        is_full = len(found) == page.limit
        return HistoryAnswer(
            entries=tuple(map(HistoryEntry.of, found)),
            next_after=found[-1].version if is_full else None,
        )

    @router.post(
        "/accounts/{id}/what-if",
        response_description="What would be decided.",
        responses=documented(401, 404, 413, 422, 503),
        tags=["decisions"],
    )
    def ask_what_if(id: ids.AccountInPath, asked: WhatIf) -> WhatIfAnswer:
        """Ask what would be decided if something happened. Nothing is stored, and nothing done."""
        event = read_event(id, asked.event, asked.fields, service.clock())
        try:
            step = service.what_if(id, event)
        except EngineError:
            pass
        else:
            return WhatIfAnswer.of(step)
        raise fault("body", "fields", rule="must not send a machine what it does not take")
