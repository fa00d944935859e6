"""Outgoing messages of an account: to its authorization, to sessions, and to what is built on it.

Each function looks at the facts and returns what is to be sent, and the facts that remember that
it was; the effects in :mod:`relink.machines.account.effects` say when. What its outage has to know
follows from the review (:mod:`relink.machines.account.review`).
"""

from typing import Any

from relink.engine import Command, Send

from ..asking import read
from ..events import DomainEvent
from ..messages import (
    BuildRequested,
    MemberLeft,
    MemberReported,
    OwnershipChecked,
)
from ..reasons import ReadReason
from ..reported import LinkReported
from ..vocabulary import Ownership, ReportedStatus
from .eligibility import build_obstacle, can_judge_build
from .facts import AccountFacts, OwnershipCheck, was_included
from .needs import is_suspended
from .timeline import turned_at

# ── to its authorization ─────────────────────────────────────────────────────


def tell_authorization(
    before: AccountFacts, now: AccountFacts, trigger: LinkReported
) -> list[Send]:
    """Tell its authorization that it went down, came back, or moved (K8).

    Also that it went down again, which shows by another cause. And a late report may show that it
    went down and came back, or came back and went down again (K1).
    """
    has_moved = before.authorization != now.authorization
    has_changed = _standing(before) is not _standing(now)
    stopped_again = _standing(now) is _DOWN and now.cause != before.cause
    is_news = has_moved or has_changed or stopped_again
    if not is_news and not _has_turned(before, now):
        return []
    return [*_left(before, now, trigger), *_joined(now, trigger, is_late=not is_news)]


def _has_turned(before: AccountFacts, now: AccountFacts) -> bool:
    if now.timeline == before.timeline:
        return False
    turned, known = turned_at(now.timeline), turned_at(before.timeline)
    return turned is not None and (known is None or turned > known)


def _left(before: AccountFacts, now: AccountFacts, trigger: LinkReported) -> list[Send]:
    if before.authorization is None or before.authorization == now.authorization:
        return []
    left = trigger.follow(MemberLeft, account=now.id, as_of=trigger.as_of)
    return [Send(machine="authorization", key=before.authorization, event=left)]


def _joined(now: AccountFacts, trigger: LinkReported, *, is_late: bool) -> list[Send]:
    if now.authorization is None:
        return []
    is_down = _standing(now) is _DOWN
    joined = trigger.follow(
        MemberReported,
        account=now.id,
        inactive=is_down,
        as_of=trigger.as_of,
        is_read=trigger.read or is_suspended(now),
        is_late=is_late,
    )
    return [Send(machine="authorization", key=now.authorization, event=joined)]


_DOWN = ReportedStatus.INACTIVE


def _standing(facts: AccountFacts) -> ReportedStatus:
    """Active, disconnected, or down: all that its authorization has to know of it."""
    status = facts.reported_status
    return _DOWN if status is None or status.is_inactive else status


# ── to the session that returned it, and to what is built on it ──────────────


def answers(
    facts: AccountFacts, trigger: DomainEvent, *, has_read: bool
) -> tuple[dict[str, Any], list[Command]]:
    """Tell the sessions that returned it whether it is known, new, or another holder's (K7, R6).

    Known is what relink held before the session. A new account is built on, once enough is known
    of it.

    Args:
        facts: with everything taken in.
        trigger: the event that is reviewed.
        has_read: whether Stripe has just answered, so that nothing more is to be learned.

    Returns:
        the changed facts, and what to send and ask for.
    """
    waiting = []
    build_for = facts.build_for
    commands: list[Command] = []
    for check in facts.pending_checks:
        if not has_read and not was_included(facts, "holder"):
            waiting.append(check)
            continue
        ownership = _ownership(facts, check)
        event = trigger.follow(
            OwnershipChecked,
            account=facts.id,
            ownership=ownership,
            as_of=check.as_of,
            read=check.read,
        )
        commands.append(Send(machine="session", key=check.session, event=event))
        if ownership == "new":
            build_for = check.session
    if build_for and (has_read or can_judge_build(facts)):
        commands.append(_build(facts, build_for, trigger))
        build_for = None
    changes: dict[str, Any] = {}
    if len(waiting) != len(facts.pending_checks):
        changes["pending_checks"] = tuple(waiting)
    if build_for != facts.build_for:
        changes["build_for"] = build_for
        if build_for:
            commands.append(read(facts.id, "account", ReadReason.NEW_ACCOUNT, trigger))
    return changes, commands


def _ownership(facts: AccountFacts, check: OwnershipCheck) -> Ownership:
    """Whose it is, and whether it was held before that session (K7, R6)."""
    if facts.reported_status is ReportedStatus.DISCONNECTED:
        return "disconnected"
    is_known = facts.first_seen_at is not None and facts.first_seen_at < check.opened_at
    is_others = facts.holder is not None and facts.holder != (check.holder or check.old_holder)
    # A session without a holder may return any account that is known, and builds on none of
    # another holder.
    if is_others and (check.holder is not None or not is_known):
        return "other_holder"
    return "known" if is_known else "new"


def _build(facts: AccountFacts, session: str, trigger: DomainEvent) -> Send:
    """Ask for the payment method to be built on this new account."""
    event = trigger.follow(
        BuildRequested, session=session, holder=facts.holder, obstacle=build_obstacle(facts)
    )
    return Send(machine="build", key=facts.id, event=event)
