"""Routes that show decisions: an account's history, and what-if."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from relink.adapters.service import Service
from relink.adapters.store import JournalEntry
from relink.adapters.store.codec import domain_codec
from relink.engine import Command, Delivery, EngineError, Event, Step
from relink.machines.reasons import NO_REASON_TO_RELINK, sentence

from . import ids
from .answers import shown
from .errors import fault
from .problems import documented
from .what_if import DOMAIN_EVENTS, read_event

MAX_PAGE = 100
"""Decisions on a page."""

LATEST_VERSION = 2**31 - 1

_ENTRY: dict[str, Any] = {
    "version": 2,
    "at": 1767225600.0,
    "causation_id": "evt_1",
    "trigger": {"name": "reported_relinkable", "fields": {"as_of": 1767225598, "read": False}},
    "outcome": "moved",
    "from_state": "active",
    "to_state": "inactive_relinkable",
    "transition": "active --reported_relinkable--> inactive_relinkable",
    "guards": [{"guard": "is_ambiguous", "answer": False}],
    "anomaly": False,
    "changes": {"reported_status": {"before": "active", "after": "relinkable"}},
    "commands": [],
}


class TriggerAnswer(BaseModel):
    """The event that was decided. Fields that were not set are left out."""

    name: str
    fields: dict[str, Any]


class GuardAnswer(BaseModel):
    """A guard that was evaluated, and its answer."""

    guard: str
    answer: bool


class FactChange(BaseModel):
    """A fact before and after a decision."""

    before: Any
    after: Any


class HistoryEntry(BaseModel):
    """One decision of an account."""

    model_config = shown(_ENTRY)

    version: int
    """The account's version after the decision."""
    at: float
    """When the event was received (Unix seconds)."""
    causation_id: str
    """The id of the webhook, request, command or timer that led to it."""
    trigger: TriggerAnswer
    outcome: str
    from_state: str
    to_state: str
    transition: str | None = None
    guards: tuple[GuardAnswer, ...]
    reason: str | None = None
    """Why the trigger was ignored, as a code."""
    detail: str | None = None
    """The reason in a sentence, for people."""
    anomaly: bool
    """Whether the trigger should not happen in this state."""
    changes: dict[str, FactChange]
    commands: tuple[str, ...]
    """The ids of the commands that it led to."""

    @classmethod
    def of(cls, entry: JournalEntry) -> "HistoryEntry":
        """Make the response for an entry of the journal."""
        event = entry.event
        return cls(
            version=entry.version,
            at=entry.at,
            causation_id=entry.causation_id,
            trigger=TriggerAnswer(name=event.name, fields=domain_codec().fields(event)),
            outcome=entry.outcome,
            from_state=entry.from_state,
            to_state=entry.to_state,
            transition=entry.transition,
            guards=tuple(GuardAnswer(guard=name, answer=answer) for name, answer in entry.guards),
            reason=entry.reason,
            detail=None if entry.reason is None else sentence(entry.reason),
            anomaly=entry.anomaly,
            changes={
                name: FactChange(before=old, after=new)
                for name, (old, new) in entry.changes.items()
            },
            commands=entry.commands,
        )


class HistoryAnswer(BaseModel):
    """A page of an account's decisions, oldest first."""

    model_config = shown({"entries": [_ENTRY]})

    entries: tuple[HistoryEntry, ...]
    next_after: int | None = None
    """Pass it as after to get the next page; null on the last page."""


class CommandAnswer(BaseModel):
    """A command that would be performed."""

    name: str
    id: str
    data: dict[str, Any]
    """Its fields. The event in a timer is an object with its name and its fields."""

    @classmethod
    def of(cls, command: Command) -> "CommandAnswer":
        """Make the response for a command."""
        data = command.model_dump(mode="json")
        held = {name for name, value in command if isinstance(value, Event)}
        if held:
            written = domain_codec().fields(command)
            data.update({name: written[name] for name in held})
        return cls(name=command.name, id=command.id, data=data)


class DecisionAnswer(BaseModel):
    """The decision of one machine."""

    machine: str
    key: str
    decision: dict[str, Any]
    """The trigger, the machine before and after, the guards with their answers, the effects and
    the commands. For an ignored trigger, reason is a code, and detail the sentence for it."""

    @classmethod
    def of(cls, delivery: Delivery) -> "DecisionAnswer":
        """Make the response for a decision."""
        (machine, key), decision = delivery.address, delivery.decision
        shown = decision.to_json()
        reason = decision.reason
        shown["reason"] = reason and reason.code
        shown["detail"] = reason and reason.sentence
        return cls(machine=machine, key=key, decision=shown)


class WhatIfAnswer(BaseModel):
    """The decisions and commands that would follow from an event, in order."""

    model_config = shown(
        {
            "decisions": [
                {
                    "machine": "account",
                    "key": "fca_1",
                    "decision": {
                        "outcome": "ignored",
                        "reason": NO_REASON_TO_RELINK.code,
                        "detail": NO_REASON_TO_RELINK.sentence,
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
        """Make the response for a step."""
        return cls(
            decisions=tuple(map(DecisionAnswer.of, step.deliveries)),
            commands=tuple(map(CommandAnswer.of, step.commands)),
        )


class WhatIf(BaseModel):
    """A hypothetical event, such as a request or a timer."""

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

    event: Annotated[str, WithJsonSchema({"type": "string", "enum": list(DOMAIN_EVENTS)})]
    """The name of a domain event."""
    fields: dict[str, Any] = {}
    """Its fields. account, causation_id and at have defaults."""


class Page(BaseModel):
    """Which page of a history."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    after: Annotated[int, Field(ge=0, le=LATEST_VERSION)] = 0
    """The last version of the previous page."""
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = MAX_PAGE


def add_decision_routes(router: APIRouter, service: Service) -> None:
    """Add the routes to a guarded router."""

    @router.get(
        "/accounts/{id}/history",
        response_description="A page of the history.",
        responses=documented(401, 404, 422, 503),
        tags=["decisions"],
    )
    def get_history(id: ids.AccountInPath, page: Annotated[Page, Query()]) -> HistoryAnswer:
        """List the decisions of an account, with the reasons."""
        found = service.history(id, page.after, page.limit)
        is_full = len(found) == page.limit
        return HistoryAnswer(
            entries=tuple(map(HistoryEntry.of, found)),
            next_after=found[-1].version if is_full else None,
        )

    @router.post(
        "/accounts/{id}/what-if",
        response_description="The decisions.",
        responses=documented(401, 404, 413, 422, 503),
        tags=["decisions"],
    )
    def ask_what_if(id: ids.AccountInPath, asked: WhatIf) -> WhatIfAnswer:
        """Decide a hypothetical event. Nothing is stored, and no command is performed."""
        event = read_event(id, asked.event, asked.fields, service.clock())
        try:
            step = service.what_if(id, event)
        except EngineError:
            pass
        else:
            return WhatIfAnswer.of(step)
        raise fault("body", "fields", rule="must carry a message that its machine takes")
