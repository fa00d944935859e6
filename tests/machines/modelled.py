"""What a model of the rules expects of one decision, and how the two are compared: as a whole."""

from dataclasses import dataclass, field
from typing import Any

from relink.engine import Command, Decision, Event, Send, Snapshot
from relink.machines import RelinkPolicy, relink_system
from relink.machines.messages import ReadWanted
from relink.machines.phases import NEEDS
from relink.machines.reasons import ReadReason
from relink.machines.vocabulary import ObjectKind

from .decided import AT

POLICY = RelinkPolicy(attempts=3, session_open_for=500, announcement_lead=2_000)
SENT: dict[str, Any] = {"causation_id": "evt_1", "at": AT + 0.5, "policy": POLICY}


@dataclass
class Expected:
    """What the rules say of one event."""

    state: str
    changes: dict[str, Any] = field(default_factory=dict)
    """What is remembered from now on, where it differs from before."""
    commands: list[Command] = field(default_factory=list)
    """What is sent and asked for, in any order."""
    is_ignored: bool = False
    is_anomaly: bool = False


def send(machine: str, key: str, kind: type[Any], **fields: Any) -> Send:
    """A message that follows from the event."""
    return Send(machine=machine, key=key, event=kind(**fields, **SENT))


def review(machine: str, key: str, kind: type[Any]) -> Send:
    """The same, after everything is taken in (K9)."""
    return Send(machine=machine, key=key, event=kind(**SENT), phase=NEEDS)


def read(key: str, of: ObjectKind, reason: str, after: int = 0, whose: str | None = None) -> Send:
    """A question to Stripe."""
    asked = {"of": of, "reason": ReadReason(reason), "after": after, "connected_account": whose}
    return send("read", key, ReadWanted, **asked)


def compare(machine: str, now: Snapshot[Any], event: Event, expected: Expected) -> Decision:
    """The chart decides what the model expects: state, facts, and each command with its data."""
    decision = relink_system().tables[machine].decide(now, event)
    case = (now, event)
    assert decision.state == expected.state, case
    assert decision.facts == now.facts.after(expected.changes), case
    assert [c for c in decision.commands if c not in expected.commands] == [], case
    assert len(decision.commands) == len(expected.commands), case
    assert (decision.outcome == "ignored") == expected.is_ignored, case
    assert decision.anomaly == expected.is_anomaly, case
    return decision
