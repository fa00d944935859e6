"""Quiet time: what has to have happened by now, though nothing arrives (R2, R3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relink.engine import Address

from .service import OPEN_SESSIONS, Record

if TYPE_CHECKING:
    from .memory import Session
    from .oracle import Oracle

TEN_MINUTES = 600
TOLERANCE = 5
"""Timers fire at whole seconds, one after the other (seconds)."""


def check_sessions(oracle: Oracle, record: Record) -> None:
    """R1 to R3: one session is open; past its deadline it is read, and abandoned if not over."""
    is_open: dict[str, str] = {}
    for name, session in oracle.memory.sessions.items():
        state = record.states.get(Address("session", name))
        gone = "disconnected" in oracle.tracks[session.account].known.statuses
        # No rule says what becomes of a session that is opened for an account that is gone.
        if state in OPEN_SESSIONS and not gone:
            if (other := is_open.setdefault(session.account, name)) != name:
                oracle.say("R1", f"{other} and {name} of {session.account} are open")
            _check_open(oracle, record, session, str(state))
        elif state in ("succeeded", "cancelled") and not _may_have_ended(session, str(state)):
            oracle.say("R3", f"{name} is {state}, and nobody said so")
        elif state == "abandoned":
            _check_abandoned(oracle, session)
        elif state == "failed" and not _may_have_failed(session):
            oracle.say("R3", f"{name} failed, and nobody said so")


def _deadline(oracle: Oracle, session: Session) -> float:
    return session.created_at + oracle.policy.session_open_for


def _check_open(oracle: Oracle, record: Record, session: Session, state: str) -> None:
    wanted = {session.id, *session.linked()}
    is_read = any(read.subject in wanted for read in record.waiting.values())
    if session.outcome() is not None and not session.is_vague() and not is_read:
        oracle.say("R3", f"{session.id} is {state}, and it {session.outcome()}")
    if not record.is_punctual or oracle.now <= _deadline(oracle, session) + TOLERANCE:
        return
    if not is_read:
        oracle.say("R2", f"{session.id} is {state} past its deadline, and nobody reads it")


def _check_abandoned(oracle: Oracle, session: Session) -> None:
    deadline = _deadline(oracle, session)
    if oracle.now < deadline - 2:
        oracle.say("R2", f"{session.id} is abandoned before its deadline")
    failed = oracle.memory.failed.get(("retrieve_session", session.id), 0.0)
    is_read = any(s.read and s.at >= deadline - 2 for s in session.said)
    if not is_read and failed < deadline - 2:
        oracle.say("R2", f"{session.id} is abandoned, and was not read before")


def _may_have_ended(session: Session, state: str) -> bool:
    return any(s.status == state or (state == "succeeded" and s.linked) for s in session.said)


def _may_have_failed(session: Session) -> bool:
    return any(s.status in ("failed", "cancelled") or s.linked or s.relinked for s in session.said)


def check_causes(oracle: Oracle, record: Record) -> None:
    """C4, K9: what relink cannot mend is asked of the service, ten minutes later at the latest."""
    read = {each.subject for each in record.waiting.values()}
    for name, track in oracle.tracks.items():
        # Whether a second cause is asked for while another stands is left open.
        is_free = not any(cause.is_requested for cause in track.causes.values())
        for key, cause in track.causes.items():
            if not is_free or not cause.is_sure or key == "disconnected" or name in read:
                cause.ready_since = None
            elif cause.ready_since is None:
                cause.ready_since = oracle.now
            elif oracle.now > cause.ready_since + TEN_MINUTES + TOLERANCE:
                oracle.say("C4", f"nobody asks for another payment method for {name} ({key})")
                cause.is_requested = True  # said once
