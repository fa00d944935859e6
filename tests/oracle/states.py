"""The states that an account can be in (S1 to S7), and the session that is open for it (R1, R2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relink.engine import Address

from .known import Known
from .memory import Session
from .said import UNKNOWN
from .service import OPEN_SESSIONS, Record

if TYPE_CHECKING:
    from .oracle import Oracle


def open_session(oracle: Oracle, name: str) -> tuple[Session | None, bool]:
    """The session of an account that may be open, and whether it surely is (R1, R2)."""
    sessions = oracle.memory.sessions_of(name)
    last = oracle.memory.last_session(name)
    if last:
        is_open = oracle.memory.is_open(last, oracle.now, oracle.policy)
        # No rule says what the late success of an older one does to a younger one.
        late = any(
            s.at > last.created_at
            for session in sessions
            if session is not last
            for s in [*session.results(), *session.hints()]
        )
        return (None, False) if is_open is False else (last, is_open is True and not late)
    return next(iter(may_be_open(oracle, name)), None), False


def may_be_open(oracle: Oracle, name: str) -> list[Session]:
    """The sessions of an account of which nobody has said that they are over."""
    memory = oracle.memory
    return [
        session
        for session in memory.sessions_of(name)
        if memory.is_open(session, oracle.now, oracle.policy) is not False
    ]


def is_disputed(oracle: Oracle, name: str) -> bool:
    """Whether nobody can tell if a result or a report came last: the state may wait (K4).

    Where Stripe refuses to tell, no rule says which of the two decides (K9).
    """
    is_read = name in oracle.memory.read_now or ("retrieve_account", name) in oracle.memory.failed
    return oracle.tracks[name].known.is_relinked is None and is_read


def states(oracle: Oracle, name: str) -> set[str]:
    """S1 to S7: the states that an account can be in."""
    track = oracle.tracks[name]
    known = track.known
    allowed: set[str] = set()
    if known.is_replaced is not False:
        allowed.add("new_account_linked")
    if known.is_replaced is True:
        # S6 and S7 do not say which of the two is the stronger.
        return allowed | ({"disconnected"} if "disconnected" in known.statuses else set())
    session, is_sure = open_session(oracle, name)
    if session and oracle.memory.last_session(name) is None:
        allowed |= {"active"} if "active" in known.statuses else set()
        allowed |= {"relinking"}  # two side by side: left open which of them counts
    since = frozenset().union(*track.kinds[session.log_from :]) if session else frozenset()
    if is_disputed(oracle, name):
        # It may have been so before.
        allowed |= {"active", "relinking"} if session else {"active"}
    for kind in known.kinds():
        if kind == "disconnected":
            allowed.add("disconnected")
        elif kind == "active":
            allowed |= _states_while_active(oracle, session, is_sure, since)
        elif kind == "unrepairable":
            allowed.add("inactive_unrepairable")
            if known.is_relinked is not False:
                allowed.add("relinked")
        elif kind == "unclear":
            # K5: the previous repairability, else unrepairable.
            allowed |= {"inactive_relinkable", "inactive_unrepairable"}
            allowed |= {"relinking"} if session else set()
            allowed |= {"relinked"} if known.is_relinked is not False else set()
        elif kind == "relinkable":
            allowed |= _states_while_down(known, session, is_sure, since)
    return allowed


def _states_while_active(
    oracle: Oracle, session: Session | None, is_sure: bool, since: frozenset[str]
) -> set[str]:
    if session is None:
        return {"active"}
    if since == {"active"} and is_sure:
        return {"relinking"}
    is_opened_while_down = not session.is_opened_in_doubt and "active" not in _at_creation(
        oracle, session
    )
    if "active" in since and len(since) == 2 and is_opened_while_down:
        return {"active"}  # S4: opened from inactive, and a newer active report came
    return {"active", "relinking"}


def _at_creation(oracle: Oracle, session: Session) -> frozenset[str]:
    return oracle.tracks[session.account].kinds[session.log_from]


def _states_while_down(
    known: Known, session: Session | None, is_sure: bool, since: frozenset[str]
) -> set[str]:
    if known.is_relinked is True:
        # No rule says which of the two an account is that was repaired, and has a session again.
        return {"relinked", "relinking"} if session else {"relinked"}
    allowed = {"relinked"} if known.is_relinked is None else set()
    if session is None:
        return allowed | {"inactive_relinkable"}
    if is_sure and since == {"relinkable"}:
        # S5 does not say what becomes of one that was repaired while the session was created.
        return allowed | {"relinking"}
    # S4 does not say what an account does that left `relinking` and stops again.
    return allowed | {"inactive_relinkable", "relinking"}


def check_state(oracle: Oracle, record: Record, name: str) -> None:
    known = oracle.tracks[name].known
    if UNKNOWN in known.statuses or not oracle.memory.accounts[name].said:
        return
    state = record.states.get(Address("account", name))
    if state == "relinking" and not _has_open_session(oracle, record, name):
        oracle.say("S3", f"{name} is relinking, and no session for it is open")
    facts = record.facts.get(name)
    if known.is_replaced is True and facts is not None:
        named = getattr(facts, "replaced_by", None)
        if named not in known.stand_ins:
            wanted = " or ".join(sorted(known.stand_ins))
            oracle.say("S6", f"{name} was replaced by {wanted}, and the facts name {named}")
    allowed = states(oracle, name)
    if state not in allowed:
        rule = "S6" if "new_account_linked" in (*allowed, state) else "S1-S7"
        oracle.say(
            rule,
            f"{name} is {state}; by all reports it is {' or '.join(sorted(allowed))}",
        )


def _has_open_session(oracle: Oracle, record: Record, name: str) -> bool:
    return any(
        record.states.get(Address("session", session.id)) in OPEN_SESSIONS
        for session in oracle.memory.sessions_of(name)
    )
