"""Eligibility: what speaks against charging an account, or against building on it.

One list of obstacles serves both questions, so that the answers cannot drift apart. The service
gets the codes.

Rules kept here: N1, N2, C1 and C3.
"""

from collections.abc import Iterator
from typing import Literal, assert_never

from ..vocabulary import (
    ELIGIBLE_SUBCATEGORIES,
    PAYMENT_METHOD,
    US_BANK_ACCOUNT,
    NumberStatus,
    ReportedStatus,
)
from .facts import AccountFacts, cause_of, was_included

Purpose = Literal["charge", "build"]
"""To charge it (for a connected account: to pay out to it), or to build a payment method or an
external account on it."""


def obstacles(
    facts: AccountFacts, purpose: Purpose, payment_method: str | None = None
) -> Iterator[str]:
    """Everything that speaks against it, by what is known; the most serious first.

    Args:
        facts: the account's.
        purpose: what it is to be used for.
        payment_method: to charge which of its payment methods; by default any that is well.
    """
    if not facts.works:
        yield "not_active" if purpose == "build" else _why_not_active(facts)
    if facts.subcategory not in ELIGIBLE_SUBCATEGORIES:
        yield "not_checking_or_savings"
    if PAYMENT_METHOD not in (facts.permissions or ()):
        yield "no_payment_method_permission"
    if purpose == "build" and facts.holder is None:
        yield "no_customer"
    is_connect = facts.holder is not None and facts.holder.is_connect
    if not is_connect and US_BANK_ACCOUNT not in (facts.payment_method_types or ()):
        yield "us_bank_account_not_supported"
    if purpose == "charge":
        yield from _payment_obstacles(facts, payment_method)


def build_obstacle(facts: AccountFacts) -> str | None:
    """Why nothing can be built on a new account (a code); None when it can be (N1, N2)."""
    return next(obstacles(facts, "build"), None)


def can_judge_build(facts: AccountFacts) -> bool:
    """Whether the reports so far say enough to tell if it can be built on."""
    status = facts.reported_status
    needed = ("subcategory", "permissions", "payment_method_types", "holder")
    is_clear = status is not None and not status.leaves_open
    return is_clear and all(was_included(facts, field) for field in needed)


def number_obstacle(facts: AccountFacts) -> str | None:
    """Why its numbers cannot pay (a code); None when they can, or when none are known."""
    match facts.number:
        case None | NumberStatus.TRANSACTABLE | NumberStatus.EXPIRING:
            return None
        case NumberStatus.PENDING:
            return "number_pending"
        case NumberStatus.LAPSED:
            return "number_lapsed"
    assert_never(facts.number)


def _payment_obstacles(facts: AccountFacts, payment_method: str | None) -> Iterator[str]:
    number = number_obstacle(facts)
    if number is not None:
        yield number
    if payment_method is None:
        known = list(facts.payment_methods.values())
    else:
        found = facts.payment_methods.get(payment_method)
        known = [found] if found else []
    if known and not any(method.can_pay for method in known):
        # The worst that a relink does not mend, where there is one.
        worst = min(known, key=lambda method: method.lost_number)
        yield worst.reason or worst.state


def _why_not_active(facts: AccountFacts) -> str:
    match facts.reported_status:
        case None:
            return cause_of(facts) or "nothing_reported_yet"
        case ReportedStatus.DISCONNECTED:
            return "disconnected"
        case (
            ReportedStatus.ACTIVE
            | ReportedStatus.RELINKABLE
            | ReportedStatus.UNREPAIRABLE
            | ReportedStatus.INACTIVE
        ) as status:
            return cause_of(facts) or status
    assert_never(facts.reported_status)
