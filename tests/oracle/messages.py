"""Messages to customers (P1 to P4, K9): which may go out, and which have to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relink.machines.commands import NotifyCustomer

from .chances import given_up
from .content import check_content
from .service import Record
from .track import Message

if TYPE_CHECKING:
    from .memory import Session
    from .oracle import Oracle

ACCESS_DENIED = "access_denied"
TEN_MINUTES = 600
TOLERANCE = 5
"""Timers fire at whole seconds, one after the other (seconds)."""


def check_message(oracle: Oracle, record: Record, message: NotifyCustomer) -> None:
    """Whether a message may go out, after everything that the step told."""
    label = "reminder" if message.reminder else "prompt"
    names = message.accounts
    if not names or list(names) != sorted(set(names)):
        oracle.say("P2", f"a {label} names {list(names)}")
    for name in names:
        if name in oracle.tracks:
            _check_allowed(oracle, name, label)
        else:
            oracle.say("P2", f"a {label} names {name}, which is not known")
    check_content(oracle, message)
    if message.reminder:
        _check_reminder(oracle, message)
    else:
        _check_prompt(oracle, record, message)


def _check_allowed(oracle: Oracle, name: str, label: str) -> None:
    track = oracle.tracks[name]
    known = track.known
    if "need" not in track.needs:
        if known.is_retired:
            oracle.say("P4", f"a {label} names {name}, which is retired")
        elif known.is_replaced is True:
            oracle.say("S6", f"a {label} names {name}, which was replaced")
        elif track.needs == {"suspended"}:
            oracle.say("K5", f"a {label} names {name}, whose need is suspended")
        else:
            oracle.say("P2", f"a {label} names {name}, which needs nothing")
    elif given_up(oracle, name) is True:
        oracle.say("R4", f"a {label} names {name}, which is given up")


def _check_prompt(oracle: Oracle, record: Record, message: NotifyCustomer) -> None:
    names = [name for name in message.accounts if name in oracle.tracks]
    for name in names:
        if subject := oracle.surely_holds(name):
            oracle.say("K9", f"a prompt names {name} while a read of {subject} is due")
    if names and all(_is_named(oracle, name) is True for name in names):
        oracle.say(
            "P1", f"a prompt names {', '.join(names)}, and an earlier message of the outage did"
        )
    twins = [
        c
        for c in record.commands
        if isinstance(c, NotifyCustomer)
        and (c.outage == message.outage or set(c.accounts) & set(message.accounts))
    ]
    if len(twins) > 1:
        oracle.say("K9", f"one report makes {len(twins)} messages for {message.outage}")
    _check_gap(oracle, message, names)


def _is_named(oracle: Oracle, name: str) -> bool | None:
    """Whether a message of its outage names it; None where that is left open."""
    track = oracle.tracks[name]
    outage = track.outage
    if outage is None or not track.is_out() or not outage.is_named:
        return False
    if not outage.is_mail_sure:
        return None
    if outage.mail is None:
        return True
    # P2: a mail counts if its session is still open when the outage begins. Where it ended at
    # about that time, either may have come first.
    over = [s.as_of for s in outage.mail.said if s.status not in (None, "pending")]
    if over and min(over) <= outage.began_at + TOLERANCE:
        return None if min(over) >= outage.began_at - TOLERANCE else False
    return True


def _check_gap(oracle: Oracle, message: NotifyCustomer, names: list[str]) -> None:
    earlier = [m for m in oracle.messages if m.outage == message.outage and m.reminder == 0]
    if not earlier:
        return
    until = earlier[-1].at + oracle.policy.prompt_gap
    if oracle.now >= until - 1:
        return
    for name in names:
        days = oracle.tracks[name].known.days(oracle.policy)
        if _is_named(oracle, name) is not True and any(day <= until + 1 for day in days if day):
            return  # never past the day of an account that is not named yet
    hours = (oracle.now - earlier[-1].at) / 3600
    oracle.say("P1", f"a prompt for {message.outage} comes {hours:.1f} hours after the last one")


def _check_reminder(oracle: Oracle, message: NotifyCustomer) -> None:
    policy = oracle.policy
    if message.reminder > len(policy.reminders):
        oracle.say("P1", f"reminder {message.reminder} of {len(policy.reminders)}")
        return
    wait = policy.reminders[message.reminder - 1]
    # An account that moves keeps its reminders (P1), so the prompt can be another authorization's;
    # also one that did not name it, where it joined a reminder that followed.
    named = [m for m in oracle.messages if set(m.accounts) & set(message.accounts)]
    outages = {message.outage, *(m.outage for m in named)}
    joined = {name for m in named for name in m.accounts}
    prompts = [m for m in oracle.messages if m.reminder == 0]
    sources = [m.at for m in prompts if m.outage in outages or joined & set(m.accounts)]
    sources += [
        s.created_at
        for s in oracle.memory.sessions.values()
        if s.request.delivery == "email"
        and (s.account in {*message.accounts, *joined} or s.request.authorization in outages)
    ]
    if not any(at + wait <= oracle.now + 1 for at in sources):
        oracle.say("P1", f"reminder {message.reminder} for {message.outage} comes too early")
    same = [
        m
        for m in oracle.messages
        if m.reminder == message.reminder and set(m.accounts) & set(message.accounts)
    ]
    # Accounts move between authorizations with their reminders, so all prompts count.
    if len(same) >= max(len(sources), len(prompts)):
        oracle.say(
            "P1", f"reminder {message.reminder} for {message.outage} comes more often than prompts"
        )
    if policy.remind_after_denial:
        return
    for name in message.accounts:
        track = oracle.tracks.get(name)
        if track is None or track.known.kinds() != {"relinkable"}:
            continue
        # Its first message may be a sibling's reminder.
        if track.known.causes == {ACCESS_DENIED} and _is_named(oracle, name) is True:
            oracle.say("P2", f"a reminder names {name}, whose customer revoked access")


def remember_message(oracle: Oracle, message: NotifyCustomer) -> None:
    """Write down what went out."""
    oracle.messages.append(
        Message(oracle.now, oracle.memory.n, message.outage, message.reminder, message.accounts)
    )
    for name in message.accounts:
        track = oracle.tracks.get(name)
        if track and track.outage:
            track.outage.is_named, track.outage.mail, track.outage.is_mail_sure = True, None, True


# ── what has to go out ───────────────────────────────────────────────────────


def check_named_in_time(oracle: Oracle, record: Record) -> None:
    """P1: each account is named in the next reminder, or else in a new prompt."""
    if not record.is_punctual:
        return
    for name, track in oracle.tracks.items():
        if track.ready_since is None or track.outage is None:
            continue
        if _is_named(oracle, name) is not False:
            continue
        if oracle.mailed(name) is not False:
            continue
        until = deadline(oracle, name)
        if oracle.now > until + TOLERANCE and not track.outage.is_missed:
            oracle.say("P1", f"{name} needs a relink, and no message names it in time")
            track.outage.is_missed = True  # said once


def deadline(oracle: Oracle, name: str) -> float:
    """When at the latest a message has to name an account that waits for one."""
    track, policy = oracle.tracks[name], oracle.policy
    ready = track.ready_since
    assert ready is not None
    keys = {key for key in track.known.authorizations if key} | {name}
    siblings = {
        other
        for other, it in oracle.tracks.items()
        if it.known.authorizations & track.known.authorizations
    }
    # An account that moves keeps its reminders, so a prompt of its old authorization counts.
    prompts = [
        m
        for m in oracle.messages
        if m.reminder == 0 and (m.outage in keys or siblings & set(m.accounts))
    ]
    starts = [m.at for m in prompts]
    mailed_until: list[float] = []
    # Stripe's mail to a sibling may count as a prompt, for the gap and for reminders.
    for session in oracle.memory.sessions.values():
        other = oracle.tracks.get(session.account)
        if session.request.delivery != "email" or other is None:
            continue
        # P1: an account that moves takes along that it was named.
        if {session.request.authorization, *_authorizations_since(oracle, session)} & keys:
            starts.append(session.created_at)
            if oracle.memory.is_open(session, oracle.now, policy) is not False:
                # Until it is over, it may bring them all back (R5); at its deadline it is read
                # (R2), and that is waited for (K9).
                mailed_until.append(session.created_at + policy.session_open_for + TEN_MINUTES)
    until = max([ready, *mailed_until])
    for start in starts:
        until = max(until, start + policy.prompt_gap)
        upcoming = [start + wait for wait in policy.reminders if start + wait > ready - 1]
        # One of the very second in which it became ready may have gone out before.
        is_tie = bool(upcoming) and upcoming[0] <= ready + TOLERANCE
        until = max([until, *upcoming[: 2 if is_tie else 1]])
    days = [day for day in track.known.days(policy) if day > ready]
    if days and track.known.kinds() == {"active"}:
        until = min(until, max(days))
    return max(until, ready)


def _authorizations_since(oracle: Oracle, session: Session) -> set[str | None]:
    """Under which authorizations its account was since a session was created."""
    history = oracle.memory.accounts[session.account]
    told = {
        s.fields["authorization"]
        for s in history.about("authorization")
        if s.at >= session.created_at
    }
    return told | oracle.tracks[session.account].known.authorizations


def prompts_of(oracle: Oracle, name: str) -> list[Message]:
    """The prompts that name an account."""
    return [m for m in oracle.messages if name in m.accounts and m.reminder == 0]
