"""Reads: which have to be asked for, and how many may be (K2, K4 to K6, K8, K10, K11, R5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relink.machines.commands import Read
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    ExternalAccountReported,
    FromStripe,
    PaymentMethodReported,
    ReadRequested,
    SessionReported,
)

from .said import FUTURE, UNKNOWN, newest
from .service import Record

if TYPE_CHECKING:
    from .oracle import Oracle

MINUTE = 60


def check_reads(oracle: Oracle, record: Record, touched: set[str]) -> None:
    """Look at the reads that a step asks for, and at those that it does not ask for."""
    for command in record.commands:
        if isinstance(command, Read):
            oracle.reads += 1
            _check_coalesced(oracle, record, command)
    _check_look(oracle, record)
    for name in touched & set(oracle.tracks):
        _check_contradiction(oracle, record, name)
        _check_suspended(oracle, record, name)
        _check_moved(oracle, record, name)
    if isinstance(record.trigger, SessionReported):
        _check_result(oracle, record, record.trigger.session)


def _is_due(record: Record, kind: str, subject: str) -> bool:
    name = f"retrieve_{kind}"
    return any(r.name == name and r.subject == subject for r in record.waiting.values())


def _check_coalesced(oracle: Oracle, record: Record, command: Read) -> None:
    twins = [
        name
        for name, read in record.waiting.items()
        if read.name == command.name and read.subject == command.subject
        if name not in record.begun and oracle.is_due(name, read)
    ]
    if len(twins) > 1:
        oracle.say("K10", f"{', '.join(sorted(twins))} wait side by side")
    if command.after > oracle.asked_at.get(command.id, oracle.now) + MINUTE + 1:
        oracle.say("K10", f"{command.id} is delayed by more than a minute")


def _check_look(oracle: Oracle, record: Record) -> None:
    """K2, K6, K11: what only says "look", lies in the future, or is asked for, is read."""
    event = record.trigger
    thing: tuple[str, str] | None = None
    rule = "K6"
    if isinstance(event, ReadRequested):
        rule, thing = "K11", (event.kind, event.id)
    elif isinstance(event, FromStripe) and not event.read:
        is_future = event.as_of > event.at + FUTURE
        rule = "K2" if is_future else "K6"
        match event:
            case AccountReported() if is_future or event.report is None:
                thing = ("account", event.account)
            case AuthorizationReported() if is_future or event.report is None:
                thing = ("authorization", event.authorization)
            case SessionReported() if is_future or (event.status, event.accounts) == (None, None):
                thing = ("session", event.session)
            case PaymentMethodReported() if is_future or event.report is None:
                thing = ("payment_method", event.payment_method)
            case ExternalAccountReported() if is_future or event.report is None:
                thing = ("external_account", event.external_account)
    if thing is None or _is_due(record, *thing):
        return
    kind, subject = thing
    if kind == "session" and _is_settled(oracle, subject):
        return  # no rule asks to read a session again that has succeeded, or that is not ours
    track = oracle.tracks.get(subject)
    if kind == "account" and track and "disconnected" in track.known.statuses:
        return  # S7: nothing is left to learn of it
    made = oracle.memory.made.get(subject)
    if made and True in made.values("gone"):
        return  # N4: it does not come back
    if kind in ("payment_method", "external_account") and subject not in oracle.memory.made_for:
        return  # and none what we have never heard of
    oracle.say(rule, f"{event.name} about {subject} asks for no read")


def _is_settled(oracle: Oracle, subject: str) -> bool:
    session = oracle.memory.sessions.get(subject)
    return session is None or session.outcome() is not None


def _failed_since(oracle: Oracle, name: str) -> bool:
    failed = oracle.memory.failed.get(("retrieve_account", name))
    told = oracle.memory.accounts[name].said
    # What is told again after the read failed is no news (K9: what is known decides).
    return failed is not None and (not told or failed >= min(s.at for s in newest(told)))


def _check_contradiction(oracle: Oracle, record: Record, name: str) -> None:
    """K4: a read settles what nobody can tell; one that began late enough decides (K10)."""
    history = oracle.memory.accounts[name]
    told = newest(history.with_status())
    if len({s.fields["status"] for s in told}) < 2 or _is_due(record, "account", name):
        return
    if oracle.tracks[name].known.statuses >= {"disconnected"} or _failed_since(oracle, name):
        return  # S7: what is disconnected stays so
    # A read that was answered before the other came into being is surely older.
    top = max(s.as_of for s in told)
    reads = [s for s in told if s.begun_at is not None]
    told = [s for s in told if not (s.read and s.at <= top and s.as_of < top)]
    if len({s.fields["status"] for s in told}) < 2:
        return
    for read in reads:
        others = [s for s in told if s.fields["status"] != read.fields["status"]]
        begun = read.begun_at or 0.0
        if all(begun >= s.as_of + 1.9 for s in others):
            return
        if read.n in oracle.decisive and all(
            # What was told before the read began, and is told again, is decided too.
            any(o.at <= begun and o.as_of >= s.as_of for o in others)
            for s in others
        ):
            return
    oracle.say("K4", f"reports of {name} contradict each other, and nothing is read")


def _check_suspended(oracle: Oracle, record: Record, name: str) -> None:
    """K5: what no complete object has told yet is read before anybody is asked for anything."""
    track = oracle.tracks[name]
    if track.needs != {"suspended"} or _is_due(record, "account", name):
        return
    if track.known.is_strange or _failed_since(oracle, name):
        return  # K12: an unknown status is what Stripe itself says
    oracle.say("K5", f"the need of {name} is suspended, and nothing is read")


def _check_moved(oracle: Oracle, record: Record, name: str) -> None:
    """K8: an account moves, and both authorizations are read."""
    track = oracle.tracks[name]
    told = track.known.authorizations
    if told - {track.authorization} and track.moved_at is None:
        track.moved_at = oracle.now
        track.due_then = frozenset(
            read.subject
            for read in record.waiting.values()
            if read.name == "retrieve_authorization"
        )
    if len(told) > 1 or _is_due(record, "account", name):
        return  # K4: the move may wait for an answer
    (now,) = told
    before, since = track.authorization, track.moved_at
    track.authorization, track.moved_at = (None if now == UNKNOWN else now), None
    if None in (before, now, since) or now in (before, UNKNOWN):
        return
    if "disconnected" in track.known.statuses:
        return
    for each in (before, now):
        if each in track.due_then:
            continue
        asked = oracle.last_asked.get(("authorization", str(each)), 0.0)
        if asked < (since or 0.0) and not _is_due(record, "authorization", str(each)):
            oracle.say("K8", f"{name} moves from {before} to {now}, and {each} is not read")


def _check_result(oracle: Oracle, record: Record, name: str) -> None:
    """R5: after any failure, and after any success, account and authorization are read."""
    session = oracle.memory.sessions.get(name)
    if session is None or name in oracle.outcomes:
        return
    outcome = session.outcome()
    if outcome is None or not oracle.memory.is_judged(session):
        return
    oracle.outcomes[name] = outcome
    track = oracle.tracks.get(session.account)
    if track is None or "disconnected" in track.known.statuses:
        return  # nothing is left to learn of it
    is_last = session is oracle.memory.last_session(session.account)
    is_late = oracle.now >= session.created_at + oracle.policy.session_open_for - 2
    if outcome != "relinked" and (is_late or not is_last):
        return  # R2: whether a session that is over for us counts here is left open
    ended = min(
        s.at for s in session.said if s.linked or s.relinked or s.status in ("failed", "cancelled")
    )
    if not _is_read_since(oracle, record, "account", session.account, ended):
        oracle.say("R5", f"{name} ended ({outcome}), and {session.account} is not read")
    # Of an account that moved, either authorization may be meant.
    either = {session.request.authorization} | track.known.authorizations - {None, UNKNOWN}
    if not any(_is_read_since(oracle, record, "authorization", str(e), ended) for e in either):
        oracle.say("R5", f"{name} ended ({outcome}), and no authorization is read")


def _is_read_since(oracle: Oracle, record: Record, kind: str, subject: str, ended: float) -> bool:
    """Whether something is read, or was since: also while the returned account was judged. A read
    that Stripe refused is not repeated (K9)."""
    times = (
        oracle.last_asked.get((kind, subject), 0.0),
        oracle.answered.get((kind, subject), 0.0),
        oracle.memory.failed.get((f"retrieve_{kind}", subject), 0.0),
    )
    return max(times) >= ended or _is_due(record, kind, subject)
