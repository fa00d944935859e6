"""The review: what follows from an account's facts, once everything that a report says is in them.

Effects that learn something ask for a review; it comes after everything else has been taken in
(K9). It compares what others were told last with what holds now, and tells the difference: to the
outage, to the holder, to the clock, and to the service.

Rules kept here: K5, K8, K9, R4, N3, P1 to P4, C4.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, assert_never

from relink.engine import Command, Send

from ..commands import CollectMandate, RequestNewPaymentMethod, Wake
from ..due_reads import held_until, holds_up
from ..events import DomainEvent
from ..messages import MembersReviewDue, NeedsChanged, NeedsMoved, ReadAwaited, ReviewDue
from ..phases import NEEDS
from ..vocabulary import BuildState, PaymentMethodState, RelinkReason, ReportedStatus
from .eligibility import mandates_missing
from .facts import (
    AccountFacts,
    AccountOutage,
    AwaitedRead,
    ReportedNeeds,
    cause_of,
    holder_key,
    outage_of,
)
from .needs import is_suspended, lacks_authorization, needs_at, next_need, relink_by

Changes = dict[str, Any]


class _View(NamedTuple):
    """What holds throughout a review, whatever its parts change."""

    needs_nothing: bool
    is_suspended: bool
    """Its needs hang on something that no complete object has told yet (K5)."""
    needs: tuple[RelinkReason, ...]


def review_later(facts: AccountFacts, trigger: DomainEvent) -> Send:
    """Review the account once everything else is taken in."""
    event = trigger.follow(ReviewDue)
    return Send(machine="account", key=facts.id, event=event, phase=NEEDS)


def review(
    facts: AccountFacts, trigger: DomainEvent, *, is_settled: bool = False
) -> tuple[Changes, list[Command]]:
    """What the account has to tell.

    Args:
        facts: with everything taken in.
        trigger: the event that is reviewed.
        is_settled: whether it needs nothing, whatever was reported: it was replaced, or has just
            been repaired.

    Returns:
        the changed facts, and what to send and ask for.
    """
    needs_nothing = is_settled or facts.retired
    view = _View(
        needs_nothing,
        not needs_nothing and is_suspended(facts),
        () if needs_nothing else needs_at(facts, trigger.at, trigger.policy),
    )
    changes, commands = _outage(facts, trigger, view)
    facts = facts.after(changes)
    # What these look at, none of them changes.
    for part in (_told_outage, _told_holder, _requested, _mandates, _planned):
        more, sends = part(facts, trigger, view)
        changes |= more
        commands += sends
    return changes, commands


def _outage(
    facts: AccountFacts, trigger: DomainEvent, view: _View
) -> tuple[Changes, list[Command]]:
    """Its outage begins and ends with its need; suspension begins and ends none (R4, K5)."""
    if facts.outage is None and view.needs and not view.is_suspended:
        number = facts.outages + 1
        outage = AccountOutage(
            number=number, since=trigger.at, mailed_at=_mail_before(facts, trigger)
        )
        return {"outage": outage, "outages": number}, _siblings_too(facts, trigger)
    if facts.outage is not None and not view.needs and not view.is_suspended:
        return {"outage": None}, []
    return {}, []


def _siblings_too(facts: AccountFacts, trigger: DomainEvent) -> list[Command]:
    """What begins for other accounts of the authorization at this time is one message (P1)."""
    if facts.authorization is None:
        return []
    event = trigger.follow(MembersReviewDue, account=facts.id)
    return [Send(machine="authorization", key=facts.authorization, event=event)]


def _told_outage(
    facts: AccountFacts, trigger: DomainEvent, view: _View
) -> tuple[Changes, list[Command]]:
    """Tell the outage of its authorization what it needs, unless it was last told just that."""
    known, needed = facts.last_reported, _needed(facts, view)
    if needed == known:
        return {}, []
    event = _needs_changed(facts, needed, trigger)
    new = needed.outage if needed else outage_of(facts)
    old = known.outage if known else new
    sent: DomainEvent = event
    if needed and old != new:
        sent = trigger.follow(NeedsMoved, subject=facts.id, to=new, successor=event)
    return {"last_reported": needed}, [Send(machine="outage", key=old, event=sent)]


def _needed(facts: AccountFacts, view: _View) -> ReportedNeeds | None:
    outage = facts.outage
    if outage is None:
        return None
    known = facts.last_reported
    common: Changes = {
        "outage": outage_of(facts),
        "number": outage.number,
        "holder": holder_key(facts),
        "mailed_at": outage.mailed_at,
        "stripe_writes_since": _stripe_writes_since(facts),
        "read_due_since": facts.read_due_since,
    }
    if view.is_suspended:
        return known and known.after({**common, "standing": "suspended"})
    if facts.authorization is None:
        # A relink would be refused (R9): the service is asked for another way to pay instead.
        return None
    common |= {
        "needs": view.needs,
        "standing": "given_up" if outage.given_up else "needed",
        "cause": cause_of(facts) if "inactive" in view.needs else None,
        "relink_by": relink_by(facts, view.needs),
    }
    return known if known is not None and known.__dict__ == common else ReportedNeeds(**common)


def _stripe_writes_since(facts: AccountFacts) -> float | None:
    """Since when a session is open by which Stripe itself writes to the customer (P2)."""
    is_mailed = facts.session and facts.request and facts.request.delivery == "email"
    return facts.opened_at if is_mailed else None


def _mail_before(facts: AccountFacts, trigger: DomainEvent) -> float | None:
    """When Stripe wrote, by a session that may still be open as the outage begins (P2)."""
    since = _stripe_writes_since(facts)
    is_open = since is not None and trigger.at < since + trigger.policy.session_open_for
    return since if is_open else None


def _needs_changed(
    facts: AccountFacts, needed: ReportedNeeds | None, trigger: DomainEvent
) -> NeedsChanged:
    if needed is None:
        return trigger.follow(NeedsChanged, subject=facts.id, needs=())
    return trigger.follow(
        NeedsChanged,
        subject=facts.id,
        number=needed.number,
        needs=needed.needs,
        standing=needed.standing,
        cause=needed.cause,
        relink_by=needed.relink_by,
        holder=needed.holder,
        mailed_at=needed.mailed_at,
        stripe_writes_since=needed.stripe_writes_since,
        read_due_since=needed.read_due_since,
    )


def _told_holder(
    facts: AccountFacts, trigger: DomainEvent, view: _View
) -> tuple[Changes, list[Command]]:
    """Tell the holder whether a read of it is due, which holds up prompts (K9)."""
    known, due = facts.last_awaited, None
    may_be_of_others = facts.authorization is not None or lacks_authorization(facts)
    if facts.read_due_since is not None and may_be_of_others:
        due = AwaitedRead(holder=holder_key(facts), authorization=facts.authorization)
    if due == known:
        return {}, []
    sends: list[Command] = []
    if known and (due is None or due.holder != known.holder):
        sends.append(_awaited(facts, known, trigger, since=None))
    if due:
        sends.append(_awaited(facts, due, trigger, since=facts.read_due_since))
    return {"last_awaited": due}, sends


def _awaited(
    facts: AccountFacts, read: AwaitedRead, trigger: DomainEvent, since: float | None
) -> Send:
    event = trigger.follow(
        ReadAwaited, account=facts.id, authorization=read.authorization, since=since
    )
    return Send(machine="holder", key=read.holder, event=event)


def _planned(
    facts: AccountFacts, trigger: DomainEvent, view: _View
) -> tuple[Changes, list[Command]]:
    """Come back when something becomes a need (P3), or a read has held up a request too long."""
    times = []
    if not view.needs_nothing:
        times.append(next_need(facts, trigger.at, trigger.policy))
        since = facts.read_due_since
        if since is not None and holds_up(since, trigger.at) and _new_causes(facts):
            times.append(held_until(since))
    when = min((time for time in times if time is not None), default=None)
    if when == facts.planned_for:
        return {}, []
    wakes: list[Command] = []
    if when is not None:
        event = trigger.follow(ReviewDue)
        wakes.append(Wake(machine="account", key=facts.id, due=when, event=event))
    return {"planned_for": when}, wakes


# ── another way to pay (C4) ──────────────────────────────────────────────────


def _requested(
    facts: AccountFacts, trigger: DomainEvent, view: _View
) -> tuple[Changes, list[Command]]:
    """Ask the service for another payment method, once for each cause; a cause that stands through
    a time in which the account needs nothing is the same one afterwards."""
    if view.is_suspended:
        return {}, []
    causes = dict(_causes(facts))
    standing = frozenset(facts.requested_for & causes.keys())
    new = [] if view.needs_nothing else [cause for cause in causes if cause not in standing]
    # A read that is due may show that nobody has to be asked (K9).
    if not new or holds_up(facts.read_due_since, trigger.at):
        return ({} if standing == facts.requested_for else {"requested_for": standing}), []
    number = facts.requests + 1
    request = RequestNewPaymentMethod(
        account=facts.id, reason=causes[new[0]], dedup_key=f"{new[0]}:{number}"
    )
    return {"requested_for": frozenset(causes), "requests": number}, [request]


def _new_causes(facts: AccountFacts) -> list[str]:
    return [cause for cause, _ in _causes(facts) if cause not in facts.requested_for]


def _causes(facts: AccountFacts) -> Iterator[tuple[str, str]]:
    """What no relink mends: each cause, and the reason for the service (codes), the worst first."""
    status = facts.reported_status
    match status:
        case ReportedStatus.DISCONNECTED:
            yield "disconnected", "disconnected"
        case ReportedStatus.UNREPAIRABLE:
            yield "unrepairable", cause_of(facts) or "unrepairable"
        case None | ReportedStatus.ACTIVE | ReportedStatus.RELINKABLE | ReportedStatus.INACTIVE:
            pass
        case _:
            assert_never(status)
    if facts.outage and facts.authorization is None and not lacks_authorization(facts):
        yield "no_authorization", "no_authorization"
    if facts.given_up:
        yield "attempts_used_up", "attempts_used_up"
    has_another = any(method.can_pay for method in facts.payment_methods.values())
    if facts.build is BuildState.REFUSED and not has_another:
        yield "refused", facts.build_reason or "refused"
    yield from _unusable(facts)


def _unusable(facts: AccountFacts) -> Iterator[tuple[str, str]]:
    """None of its payment methods that are known can be charged, and no relink mends that (C3)."""
    known = facts.payment_methods.values()
    if not known or any(method.can_pay or method.lost_number for method in known):
        return
    reasons = sorted({method.reason or PaymentMethodState.GONE for method in known})
    yield "no_payment_method", reasons[0]


# ── mandates (N3) ────────────────────────────────────────────────────────────


def _mandates(
    facts: AccountFacts, trigger: DomainEvent, view: _View
) -> tuple[Changes, list[Command]]:
    """Ask the service to collect a mandate, once each time that one is missing. An outage or a
    block delays the request, and does not repeat it."""
    if not facts.payment_methods and not facts.mandates_requested:
        return {}, []
    due = {key for key, m in facts.payment_methods.items() if m.mandate_due is not None}
    standing = facts.mandates_requested & due
    missing = {} if view.needs_nothing else mandates_missing(facts)
    new = [key for key in missing if key not in standing]
    requests: list[Command] = [
        CollectMandate(
            account=facts.id, payment_method=key, reason=missing[key], dedup_key=f"{key}:{number}"
        )
        for number, key in enumerate(new, start=facts.mandate_requests + 1)
    ]
    changes: Changes = {}
    requested = standing | frozenset(missing)
    if requested != facts.mandates_requested:
        changes["mandates_requested"] = requested
    if new:
        changes["mandate_requests"] = facts.mandate_requests + len(new)
    return changes, requests
