"""What operators are told (S2, K2, K12): times that lie ahead, and values that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from relink.machines.commands import ReportAnomaly
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    FromStripe,
    SessionReported,
)

from .memory import PAYABLE
from .said import FUTURE, TAN_BLOCK, UNKNOWN
from .service import Record

if TYPE_CHECKING:
    from .oracle import Oracle

ACTIONS = ("relink_required", "none", None)
NUMBERS = ("transactable", "pending", "expired", "deactivated")
SESSIONS = ("pending", "succeeded", "failed", "cancelled", None)
EXTERNAL = (*PAYABLE, "errored", "verification_failed", TAN_BLOCK, None)


def check_anomalies(oracle: Oracle, record: Record) -> None:
    """K2: a time that lies ahead is reported. K12: a value is reported once."""
    _forget(oracle)
    told = [c for c in record.commands if isinstance(c, ReportAnomaly)]
    _check_time(oracle, record, told)
    for command in told:
        if command.anomaly == "future_time":
            continue
        key = (command.about, str(command.anomaly), command.value)
        if key in oracle.anomalies:
            what = command.value or command.anomaly
            oracle.say("K12", f"{what} of {command.about} is reported again")
        oracle.anomalies.add(key)


def _forget(oracle: Oracle) -> None:
    """A repair that is left open again, in a later outage, is another one."""
    for key in list(oracle.anomalies):
        track = oracle.tracks.get(key[0])
        if key[1] == "repair_left_open" and track and "open" not in track.known.repairs:
            oracle.anomalies.discard(key)


def _check_time(oracle: Oracle, record: Record, told: list[ReportAnomaly]) -> None:
    event = record.trigger
    is_ahead = isinstance(event, FromStripe) and event.as_of > event.at + FUTURE
    is_told = any(command.anomaly == "future_time" for command in told)
    if is_told and not is_ahead:
        oracle.say("K2", f"the time of {event.name} is reported, and does not lie ahead")
    if isinstance(event, AccountReported | AuthorizationReported | SessionReported):
        about = getattr(event, event.name.removesuffix("_reported"))
        is_ours = not isinstance(event, SessionReported) or about in oracle.memory.sessions
        is_final = about in oracle.tracks and "disconnected" in oracle.tracks[about].known.statuses
        if is_ahead and is_ours and not is_final and not is_told:
            oracle.say("K2", f"the time of {event.name} about {about} is not reported")


def check_unknown_values(oracle: Oracle, record: Record) -> None:
    """S2, K12: each value that nobody knows has been reported, unless a read is due."""
    reported = {(about, value) for about, _, value in oracle.anomalies}
    read = {each.subject for each in record.waiting.values()}
    for about, value in _unknown_values(oracle):
        if (about, value) not in reported and about not in read:
            oracle.say("K12", f"{value} of {about} is not reported")
            oracle.anomalies.add((about, "said once", value))


def _unknown_values(oracle: Oracle) -> Iterator[tuple[str, str]]:
    memory = oracle.memory
    for name, track in oracle.tracks.items():
        history = memory.accounts[name]
        if "disconnected" in track.known.statuses or track.known.is_replaced is not False:
            continue  # S7: nothing is left to learn of it; S6: it needs nothing
        actions = history.values("action")
        if len(actions) == 1 and track.known.statuses == {"inactive"}:
            yield from ((name, a) for a in track.known.repairs if _is_odd_action(a))
        listed = history.values("numbers")
        if len(listed) == 1 and isinstance(numbers := next(iter(listed)), tuple):
            yield from ((name, n.status) for n in numbers if n.status not in NUMBERS)
    for name, told in memory.made.items():
        values = told.values("blocked")
        if True in told.values("gone"):
            continue  # N4: nobody has to look at it any more
        if name.startswith("ba_") and name in memory.made_for and len(values) == 1:
            yield from ((name, v) for v in values if v not in (*EXTERNAL, UNKNOWN))
    for name, session in memory.sessions.items():
        if session.outcome() is None and session.said:
            last = max(session.said, key=lambda s: s.as_of)
            # Whether a webhook alone tells it, is left open.
            if last.read and last.status not in SESSIONS:
                yield name, str(last.status)


def _is_odd_action(action: str) -> bool:
    return action not in (*ACTIONS, "open", UNKNOWN)
