"""Outgoing messages of an account: to its outage, its authorization, sessions, a payment method.

Each function looks at the facts and returns what is to be sent, and the facts that remember that
it was; the effects in :mod:`relink.machines.account.effects` say when.
"""

from typing import Any

from relink.engine import Command, Send

from ..commands import RetrieveAccount
from ..events import DomainEvent
from ..messages import (
    BuildRequested,
    LinkReported,
    MemberLeft,
    MemberReported,
    NeedsChanged,
    NeedsMoved,
    OwnershipChecked,
)
from ..reasons import ReadReason
from ..vocabulary import Ownership, ReportedStatus
from .eligibility import build_obstacle, can_judge_build
from .facts import AccountFacts, OwnershipCheck, outage_of, was_included
from .needs import current_needs

# ── to its outage ────────────────────────────────────────────────────────────


def tell_outage(now: AccountFacts, trigger: DomainEvent) -> tuple[dict[str, Any], list[Send]]:
    """Tell the outage what this account needs, unless it was last told just that.

    Returns:
        the changed facts, and what to send.
    """
    known, needed = now.last_reported, current_needs(now)
    if needed == known:
        return {}, []
    event: DomainEvent
    if needed:
        event = trigger.follow(
            NeedsChanged,
            subject=now.id,
            needs=needed.needs,
            cause=needed.cause,
            ask=needed.ask,
            relink_by=needed.relink_by,
        )
    else:
        event = trigger.follow(NeedsChanged, subject=now.id, needs=())
    new = needed.outage if needed else outage_of(now)
    old = known.outage if known else new
    if needed and old != new:
        event = trigger.follow(NeedsMoved, subject=now.id, to=new, successor=event)
    return {"last_reported": needed}, [Send(machine="outage", key=old, event=event)]


# ── to its authorization ─────────────────────────────────────────────────────


def tell_authorization(
    before: AccountFacts, now: AccountFacts, trigger: LinkReported
) -> list[Send]:
    """Tell its authorization that it went down, came back, or moved (K8).

    Also that it went down again, which shows by another cause, or by a late report that it had
    worked in between (K1).
    """
    had_come_back = not now.works and now.worked_as_of > before.worked_as_of
    is_same = before.authorization == now.authorization and _standing(before) is _standing(now)
    stopped_again = _standing(now) is _DOWN and now.cause != before.cause
    if is_same and not had_come_back and not stopped_again:
        return []
    return [*_left(before, now, trigger), *_joined(now, trigger)]


def tell_move(before: AccountFacts, now: AccountFacts, trigger: LinkReported) -> list[Send]:
    """Tell its authorizations that it moved, if it did (K8)."""
    if before.authorization == now.authorization:
        return []
    return [*_left(before, now, trigger), *_joined(now, trigger)]


def _left(before: AccountFacts, now: AccountFacts, trigger: LinkReported) -> list[Send]:
    if before.authorization is None or before.authorization == now.authorization:
        return []
    left = trigger.follow(MemberLeft, account=now.id, as_of=trigger.as_of)
    return [Send(machine="authorization", key=before.authorization, event=left)]


def _joined(now: AccountFacts, trigger: LinkReported) -> list[Send]:
    if now.authorization is None:
        return []
    is_down = _standing(now) is _DOWN
    joined = trigger.follow(MemberReported, account=now.id, inactive=is_down, as_of=trigger.as_of)
    return [Send(machine="authorization", key=now.authorization, event=joined)]


_DOWN = ReportedStatus.INACTIVE


def _standing(facts: AccountFacts) -> ReportedStatus:
    """Active, disconnected, or down: all that its authorization has to know of it."""
    status = facts.reported_status
    return _DOWN if status is None or status.is_inactive else status


# ── to the session that returned it, and to what is built on it ──────────────


def owner_is_known(facts: AccountFacts, check: OwnershipCheck) -> bool:
    """Whether relink can tell if the account belongs to the session's holder (R6)."""
    return check.holder is None or was_included(facts, "holder")


def answer(
    facts: AccountFacts, check: OwnershipCheck, trigger: DomainEvent
) -> tuple[dict[str, Any], list[Command]]:
    """Tell a session whether it returned a known account, a new one, or another holder's.

    Known is what relink held before the session (K7, R6). A new account is built on, once enough
    is known of it.

    Returns:
        the changed facts, and what to send and ask for.
    """
    first_seen_at = trigger.at if facts.first_seen_at is None else facts.first_seen_at
    ownership = _ownership(facts, check, first_seen_at)
    event = trigger.follow(
        OwnershipChecked,
        account=facts.id,
        ownership=ownership,
        as_of=check.as_of,
        read=check.read,
    )
    changes: dict[str, Any] = {"pending_check": None, "first_seen_at": first_seen_at}
    commands: list[Command] = [Send(machine="session", key=check.session, event=event)]
    if ownership == "new" and can_judge_build(facts):
        commands.append(build(facts, check.session, trigger))
    elif ownership == "new":
        changes["build_for"] = check.session
        commands.append(read_new_account(facts, check.session))
    return changes, commands


def _ownership(facts: AccountFacts, check: OwnershipCheck, first_seen_at: float) -> Ownership:
    if check.holder and facts.holder and check.holder != facts.holder:
        return "other_holder"
    return "known" if first_seen_at < check.opened_at else "new"


def read_new_account(facts: AccountFacts, session: str) -> RetrieveAccount:
    """Read an account that a session returned, to know whose it is and what can be built on it."""
    return RetrieveAccount(account=facts.id, reason=ReadReason.NEW_ACCOUNT, dedup_key=session)


def build(facts: AccountFacts, session: str, trigger: DomainEvent) -> Send:
    """Ask the payment method to be built on this new account."""
    event = trigger.follow(
        BuildRequested, session=session, holder=facts.holder, obstacle=build_obstacle(facts)
    )
    return Send(machine="payment_method", key=facts.id, event=event)
