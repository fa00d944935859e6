"""Attempts (R4): how many sessions of an outage failed, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .memory import Session

if TYPE_CHECKING:
    from .oracle import Oracle


def count_failures(oracle: Oracle, name: str) -> tuple[int, int]:
    """How many attempts were used up in the outage that is under way: at least, and at most."""
    track = oracle.tracks[name]
    least = most = 0
    for session in oracle.memory.sessions_of(name):
        if not _may_count(oracle, name, session):
            continue
        surely, possibly = _is_failure(oracle, session)
        most += possibly
        least += surely and session.stint is track.outage and track.is_out()
    return least, most


def _may_count(oracle: Oracle, name: str, session: Session) -> bool:
    track = oracle.tracks[name]
    if not track.is_out():
        return session.stint is not None
    # A session that was asked for at a moment at which nobody could tell counts, or not.
    return session.stint is track.outage or session.stint == "maybe"


def _is_failure(oracle: Oracle, session: Session) -> tuple[bool, bool]:
    outcome = session.outcome()
    if outcome is None:
        is_late = oracle.now >= session.created_at + oracle.policy.session_open_for - 2
        # R3: one that succeeded without its accounts is abandoned without counting, unless an
        # earlier read had shown it pending past its deadline.
        said = sorted(session.said, key=lambda s: s.at)
        succeeded = bool(said) and said[0].status == "succeeded"
        return False, is_late and not succeeded
    if outcome == "relinked":
        # No rule says whether an attempt is taken back that was abandoned before (R2).
        deadline = session.created_at + oracle.policy.session_open_for - 2
        return False, min(s.at for s in session.results()) >= deadline
    if outcome == "other":
        # R3, R6: whether a session counts that returned a known account, another holder's, or a
        # disconnected one, is left open.
        return False, True
    # No rule says whether a failure counts that became known after the session was superseded or
    # past its deadline.
    is_last = session is oracle.memory.last_session(session.account)
    ended = min(s.at for s in session.said if s.status in ("failed", "cancelled"))
    in_time = ended < session.created_at + oracle.policy.session_open_for - 2
    later = [s for s in oracle.memory.sessions_of(session.account) if s.order > session.order]
    return in_time and (is_last or all(s.created_at > ended for s in later)), True


def given_up(oracle: Oracle, name: str) -> bool | None:
    """Whether the attempts of its outage are used up; None where that is left open."""
    track = oracle.tracks[name]
    if track.is_well():
        return False
    least, most = count_failures(oracle, name)
    if track.is_out() and least >= oracle.policy.attempts:
        return True
    return False if most < oracle.policy.attempts else None


def next_modes(oracle: Oracle, name: str) -> set[str]:
    """The modes that are next by default (R4)."""
    track = oracle.tracks[name]
    if track.is_well():
        return {"specific"}
    if not track.is_out():
        return {"specific", "any_eligible"}
    sessions = [s for s in oracle.memory.sessions_of(name) if _may_count(oracle, name, s)]
    if not sessions:
        return {"specific"}
    if any(s.stint == "maybe" or s.request.mode == "any_eligible" for s in sessions):
        # "The same again" may be that of the session, or of the default; and of several results,
        # no rule says which is the last.
        return {"specific", "any_eligible"}
    outcomes = [s.outcome() for s in sessions]
    if any(outcome == "other" for outcome in outcomes) or len(set(outcomes)) > 1:
        return {"specific", "any_eligible"}
    if "failed: no_account" not in outcomes:
        return {"specific"}
    surely = all(_is_failure(oracle, s)[0] for s in sessions)
    return {"any_eligible"} if surely else {"specific", "any_eligible"}
