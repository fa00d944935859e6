"""Needs: what a relink of an account would fix, since when it is due, and whether it may be named.

A *reason* is known as soon as a relink would fix or prevent something (S3). It is a *need* once the
account is down, or its number has lapsed, or the policy prompts for the day that lies ahead (P3).
A need is *suspended* while it hangs on something that no complete object has told yet (K5).

Rules kept here: S3, S6, K5, R4, P3, P4.
"""

from collections.abc import Iterator

from ..announcement import has_passed, is_announced
from ..policy import RelinkPolicy
from ..vocabulary import NumberStatus, RelinkReason
from .facts import AccountFacts, was_included


def relink_reasons(facts: AccountFacts) -> tuple[RelinkReason, ...]:
    """What a relink of it would fix or prevent, most urgent first (S3)."""
    status = facts.reported_status
    if status is None:
        return ()
    if status.works:
        return tuple(reason for reason, _ in _reasons_while_active(facts))
    return ("inactive",) if status.is_inactive and facts.repairable else ()


def needs_at(facts: AccountFacts, at: float, policy: RelinkPolicy) -> tuple[RelinkReason, ...]:
    """Those of its reasons that are needs by now.

    Args:
        facts: the account's.
        at: now (Unix seconds).
        policy: how long before a day it is a need.
    """
    if not facts.works:
        return relink_reasons(facts)
    return tuple(
        reason
        for reason, day in _reasons_while_active(facts)
        if day is None or at >= day - policy.announcement_lead
    )


def next_need(facts: AccountFacts, at: float, policy: RelinkPolicy) -> int | None:
    """When its next reason becomes a need (Unix seconds); None when none lies ahead.

    Args: as for :func:`needs_at`.
    """
    if not facts.works:
        return None
    times = [
        day - policy.announcement_lead for _, day in _reasons_while_active(facts) if day is not None
    ]
    return min((time for time in times if time > at), default=None)


def relink_by(facts: AccountFacts, needs: tuple[RelinkReason, ...]) -> int | None:
    """When it stops working; None when it has stopped, or no day is known (Unix seconds)."""
    if not facts.works:
        return None
    days = [day for reason, day in _reasons_while_active(facts) if reason in needs]
    return min((day for day in days if day is not None), default=None)


def is_suspended(facts: AccountFacts) -> bool:
    """Whether its needs hang on something that no complete object has told yet (K5).

    That is whether the customer can repair it, or by which authorization.
    """
    status = facts.reported_status
    if status is None:
        return False
    if status.leaves_open:
        return True
    return lacks_authorization(facts) and bool(relink_reasons(facts))


def lacks_authorization(facts: AccountFacts) -> bool:
    """Whether no report has said which authorization it has, or that it has none (K5)."""
    return facts.authorization is None and not was_included(facts, "authorization")


def _reasons_while_active(facts: AccountFacts) -> Iterator[tuple[RelinkReason, int | None]]:
    """Each reason to relink it while it works, and the day on which it would stop (P3)."""
    if facts.number is NumberStatus.LAPSED:
        yield "number_lapsed", None
    days = list(_announced_days(facts))
    if days:
        # While either announcement stands it is one need, with the earlier day.
        yield (
            "announced_deactivation",
            None if None in days else min(d for d in days if d is not None),
        )
    if facts.number is NumberStatus.EXPIRING:
        yield "number_expiring", facts.number_expires_on


def _announced_days(facts: AccountFacts) -> Iterator[int | None]:
    """The days that stand, of the account's announcement and of its authorization's; None for one
    without a day. One whose day has passed lapses with the next active report."""
    day = facts.deactivates_on
    if is_announced(day, facts.deactivation_action) and not has_passed(day, facts.as_of):
        yield day
    day = facts.login_deactivates_on
    if facts.login_announced and not has_passed(day, max(facts.as_of, facts.login_as_of)):
        yield day
