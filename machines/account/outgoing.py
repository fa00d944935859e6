"""What an account tells others: its outage, its authorization, sessions, a payment method.

Each function looks at the facts and returns what is to be sent, and the facts that remember
that it was; the effects in :mod:`relink.machines.account.effects` say when.
"""

from typing import Any

from relink.engine import Command, Send

from .facts import (
    ELIGIBLE,
    AccountFacts,
    ReportedNeeds,
    OwnershipCheck,
    is_incomplete,
    outage_of,
    relink_reasons,
    was_told,
)
from ..commands import RelinkReason, RetrieveAccount
from ..events import DomainEvent
from ..messages import (
    BuildRequested,
    Reported,
    MemberLeft,
    MemberReported,
    NeedsChanged,
    NeedsMoved,
    ReturnedAccountJudged,
)

# ── to its outage ────────────────────────────────────────────────────────────


def tell_outage(now: AccountFacts, trigger: DomainEvent) -> tuple[dict[str, Any], list[Send]]:
    """Tell the outage what this account needs, unless it has noted just that.

    Returns:
        the changed facts, and what to send.
    """
    last_reported, wanted = now.last_reported, _to_note(now)
    if wanted == last_reported:
        return {}, []
    event: DomainEvent
    if wanted:
        event = trigger.follow(
            NeedsChanged,
            subject=now.id,
            needs=wanted.needs,
            cause=wanted.cause,
            ask=wanted.ask,
            relink_by=wanted.relink_by,
        )
    else:
        event = trigger.follow(NeedsChanged, subject=now.id, needs=())
    new = wanted.outage if wanted else outage_of(now)
    old = last_reported.outage if last_reported else new
    if wanted and old != new:
        event = trigger.follow(NeedsMoved, subject=now.id, to=new, successor=event)
    return {"last_reported": wanted}, [Send(machine="outage", key=old, event=event)]


def _to_note(facts: AccountFacts) -> ReportedNeeds | None:
    """What the outage is to know; while a word is incomplete, what it knew before it (K5)."""
    if facts.given_up:
        return None
    if is_incomplete(facts):
        return facts.last_reported and facts.last_reported.model_copy(
            update={"outage": outage_of(facts)}
        )
    needs = relink_reasons(facts)
    if not needs:
        return None
    return ReportedNeeds(
        outage=outage_of(facts),
        needs=needs,
        cause=facts.cause if "inactive" in needs else None,
        ask="relink" if facts.authorization else "new_payment_method",
        relink_by=_deadline(facts, needs),
    )


def _deadline(facts: AccountFacts, needs: tuple[RelinkReason, ...]) -> int | None:
    """When it stops working by announcement; None when it has already, or nothing is known."""
    if "inactive" in needs or "number_lapsed" in needs:
        return None
    dates = [facts.deactivates_on if "announced_deactivation" in needs else None]
    dates.append(facts.number_expires_on if "number_expiring" in needs else None)
    return min((date for date in dates if date is not None), default=None)


# ── to its authorization ─────────────────────────────────────────────────────


def tell_authorization(before: AccountFacts, now: AccountFacts, trigger: Reported) -> list[Send]:
    """Tell its authorization that it went down or came back, or moved (K8).

    Also that it is down anew, which another cause tells, or a late word that it had worked (K1).
    """
    had_come_back = now.reported_status != "active" and now.worked_as_of > before.worked_as_of
    is_same = before.authorization == now.authorization and _fares(before) == _fares(now)
    stopped_anew = _fares(now) == "inactive" and now.cause != before.cause
    if is_same and not had_come_back and not stopped_anew:
        return []
    return [*_left(before, now, trigger), *_joined(now, trigger)]


def tell_move(before: AccountFacts, now: AccountFacts, trigger: Reported) -> list[Send]:
    """Tell its authorizations that it moved, if it did (K8)."""
    if before.authorization == now.authorization:
        return []
    return [*_left(before, now, trigger), *_joined(now, trigger)]


def _left(before: AccountFacts, now: AccountFacts, trigger: Reported) -> list[Send]:
    if before.authorization is None or before.authorization == now.authorization:
        return []
    left = trigger.follow(MemberLeft, account=now.id, as_of=trigger.as_of)
    return [Send(machine="authorization", key=before.authorization, event=left)]


def _joined(now: AccountFacts, trigger: Reported) -> list[Send]:
    if now.authorization is None:
        return []
    inactive = _fares(now) == "inactive"
    news = trigger.follow(MemberReported, account=now.id, inactive=inactive, as_of=trigger.as_of)
    return [Send(machine="authorization", key=now.authorization, event=news)]


def _fares(facts: AccountFacts) -> str:
    """What its authorization wants to know of it."""
    return (
        facts.reported_status if facts.reported_status in ("active", "disconnected") else "inactive"
    )


# ── to the session that returned it, and to what is built on it ──────────────


def obstacle(facts: AccountFacts) -> str | None:
    """Why nothing can be built on a new account; None when it can (N1, N2)."""
    if facts.reported_status != "active":
        return "not_active"
    if facts.subcategory not in ELIGIBLE:
        return "not_checking_or_savings"
    if "payment_method" not in (facts.permissions or ()):
        return "no_payment_method_permission"
    if facts.holder is None:
        return "no_customer"
    if not facts.holder.is_connect and "us_bank_account" not in (facts.payment_method_types or ()):
        return "us_bank_account_not_supported"
    return None


def can_be_judged(facts: AccountFacts) -> bool:
    """Whether Stripe told enough to say if it can be built on."""
    told = ("subcategory", "permissions", "payment_method_types", "holder")
    return facts.reported_status not in (None, "inactive") and all(was_told(facts, f) for f in told)


def owner_is_known(facts: AccountFacts, asked: OwnershipCheck) -> bool:
    """Whether it can be said if the account is of the holder that the session was for (R6)."""
    return asked.holder is None or was_told(facts, "holder")


def answer(
    facts: AccountFacts, asked: OwnershipCheck, trigger: DomainEvent
) -> tuple[dict[str, Any], list[Command]]:
    """Tell a session whether it returned a known account, a new one, or somebody else's; known is
    what we held before the session (K7, R6). A new one is built on, once enough is known of it.

    Returns:
        the changed facts, and what to send and ask for.
    """
    first_seen_at = trigger.at if facts.first_seen_at is None else facts.first_seen_at
    verdict = "known" if first_seen_at < asked.opened_at else "new"
    if asked.holder and facts.holder and asked.holder != facts.holder:
        verdict = "other_holder"
    event = trigger.follow(
        ReturnedAccountJudged,
        account=facts.id,
        verdict=verdict,
        as_of=asked.as_of,
        read=asked.read,
    )
    changes: dict[str, Any] = {"pending_check": None, "first_seen_at": first_seen_at}
    done: list[Command] = [Send(machine="session", key=asked.session, event=event)]
    if verdict == "new" and can_be_judged(facts):
        done.append(build(facts, asked.session, trigger))
    elif verdict == "new":
        changes["build_for"] = asked.session
        done.append(RetrieveAccount(account=facts.id, reason="new", dedup_key=asked.session))
    return changes, done


def build(facts: AccountFacts, session: str, trigger: DomainEvent) -> Send:
    """Ask the payment method to be built on this new account."""
    event = trigger.follow(
        BuildRequested, session=session, holder=facts.holder, obstacle=obstacle(facts)
    )
    return Send(machine="payment_method", key=facts.id, event=event)
