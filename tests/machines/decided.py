"""Accounts in each state, and what they are told: for tests that ask one chart for a decision."""

from typing import Any

from relink.engine import Decision, Send, Snapshot
from relink.machines import relink_system
from relink.machines.account import AccountFacts
from relink.machines.commands import CreateRelinkSession
from relink.machines.report import StatusReport
from relink.machines.reported import (
    LinkReported,
    ReportedActive,
    ReportedDisconnected,
    ReportedInactive,
    ReportedRelinkable,
    ReportedUnrepairable,
)
from relink.machines.vocabulary import ReportedStatus

AT = 1_000_000
KNOWN_AT = AT - 1_000
YES_OR_NO = (False, True)
SENT: dict[str, Any] = {"causation_id": "evt_1", "at": AT}

KINDS: dict[str, type[LinkReported]] = {
    "active": ReportedActive,
    "relinkable": ReportedRelinkable,
    "unrepairable": ReportedUnrepairable,
    "inactive": ReportedInactive,
    "disconnected": ReportedDisconnected,
}
STATUS_IN = {
    "active": ReportedStatus.ACTIVE,
    "inactive_relinkable": ReportedStatus.RELINKABLE,
    "inactive_unrepairable": ReportedStatus.UNREPAIRABLE,
    "relinked": ReportedStatus.RELINKABLE,
    "disconnected": ReportedStatus.DISCONNECTED,
}
"""The latest report of an account that is in this state."""


def request(**fields: Any) -> CreateRelinkSession:
    asked = {"account": "fca_1", "attempt": 1, "authorization": "fcauth_1", "mode": "specific"}
    asked |= {"reason": "inactive", "holder": None, "permissions": (), "subcategories": ()}
    return CreateRelinkSession(**{"delivery": "modal", "return_url": None, **asked, **fields})


def account(state: str, **facts: Any) -> Snapshot[AccountFacts]:
    status = STATUS_IN.get(state, ReportedStatus.RELINKABLE)
    known = {"reported_status": status, "as_of": KNOWN_AT, "authorization": "fcauth_1"}
    known |= {"repairable": status.repairable if status.is_inactive else None}
    return Snapshot(state, AccountFacts(id="fca_1").after(known | facts), 1)


def decide(known: Snapshot[AccountFacts], trigger: Any) -> Decision:
    return relink_system().tables["account"].decide(known, trigger)


def report(kind: str, later: int = 10, **fields: Any) -> LinkReported:
    said = {"read": False, "report": StatusReport(), **fields}
    return KINDS[kind](as_of=KNOWN_AT + later, **SENT, **said)


def sends(decision: Decision) -> set[tuple[str, str]]:
    """Which event is sent to which machine."""
    return {(c.machine, c.event.name) for c in decision.commands if isinstance(c, Send)}


SESSION = {"session": "fcsess_1", "request": request()}
WITH_SESSION: dict[str, dict[str, Any]] = {
    "none": {},
    "opened while down": SESSION,
    "opened while active": {**SESSION, "opened_while_active": True},
}
