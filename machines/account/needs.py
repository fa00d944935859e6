"""Needs: what a relink of an account would fix, and what its outage has to know.

Rules kept here: S3, K5, R4, P1 to P3.
"""

from typing import Any

from ..vocabulary import NO_ACTION, NumberStatus, RelinkReason
from .facts import AccountFacts, ReportedNeeds, outage_of


def relink_reasons(facts: AccountFacts) -> tuple[RelinkReason, ...]:
    """What a relink of it would fix, most urgent first."""
    status = facts.reported_status
    if status is None:
        return ()
    if status.works:
        return _reasons_while_active(facts)
    return ("inactive",) if status.needs_relink else ()


def _reasons_while_active(facts: AccountFacts) -> tuple[RelinkReason, ...]:
    number = facts.number
    is_announced = facts.deactivates_on is not None and facts.deactivation_action != NO_ACTION
    if number is None and not is_announced:
        return ()
    found: list[RelinkReason] = []
    if number is NumberStatus.LAPSED:
        found.append("number_lapsed")
    if is_announced:
        found.append("announced_deactivation")
    if number is NumberStatus.EXPIRING:
        found.append("number_expiring")
    return tuple(found)


def is_incomplete(facts: AccountFacts) -> bool:
    """Whether Stripe was asked if it can be repaired, or by which authorization (K5)."""
    status = facts.reported_status
    if status is None:
        return False
    lacks_authorization = status.needs_relink and not (facts.authorization or facts.by_read)
    return status.leaves_open or lacks_authorization


def is_mended(before: AccountFacts, now: AccountFacts) -> bool:
    """Whether it works again, or still works and needs no relink any more."""
    was_broken = not before.works or bool(relink_reasons(before))
    return was_broken and now.works and not relink_reasons(now)


def current_needs(facts: AccountFacts) -> ReportedNeeds | None:
    """What its outage is to know; while a report is incomplete, what it knew before (K5)."""
    if facts.given_up:
        return None
    if is_incomplete(facts):
        known = facts.last_reported
        return known and known.model_copy(update={"outage": outage_of(facts)})
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
    """When it stops working by announcement; None when it has stopped, or no day is known."""
    if "inactive" in needs or "number_lapsed" in needs:
        return None
    dates = [facts.deactivates_on if "announced_deactivation" in needs else None]
    dates.append(facts.number_expires_on if "number_expiring" in needs else None)
    return min((date for date in dates if date is not None), default=None)


REPORTED_ON = frozenset(
    ("reported_status", "cause", "authorization", "deactivates_on", "deactivation_action")
)
"""The facts on which outage and authorization depend."""


def changes_nothing_for_others(facts: AccountFacts, changes: dict[str, Any]) -> bool:
    """Whether a report only repeats what is known, so that no other machine has to be told.

    Most reports do, which makes it worth a shortcut.
    """
    status = facts.reported_status
    if status is None or not (status.works or status.needs_relink):
        return False
    if facts.build_for is not None or facts.pending_check is not None:
        return False
    needs_relink = bool(relink_reasons(facts)) and not facts.given_up
    has_told = facts.last_reported is not None
    return needs_relink == has_told and changes.keys().isdisjoint(REPORTED_ON)
