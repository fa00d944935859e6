"""Eligibility: what speaks against charging an account, or against building on it.

One list of obstacles serves both questions, so that the answers cannot drift apart. The service
gets the codes.

Rules kept here: N1, N2, C1 and C3.
"""

from collections.abc import Iterator
from typing import Literal, assert_never

from ..vocabulary import (
    ELIGIBLE_SUBCATEGORIES,
    NUMBER_DEACTIVATED,
    PAYMENT_METHOD,
    US_BANK_ACCOUNT,
    BuildState,
    MandateReason,
    NumberStatus,
    ReportedStatus,
)
from .facts import AccountFacts, KnownPaymentMethod, cause_of, was_included

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


def unfit(facts: AccountFacts) -> str | None:
    """Why it cannot be charged although it works, for a reason that no relink mends (a code)."""
    repairable = {number_obstacle(facts), NUMBER_DEACTIVATED}
    against = (reason for reason in obstacles(facts, "charge") if reason not in repairable)
    return next(against, None)


def may_debit(facts: AccountFacts, payment_method: str | None = None) -> bool:
    """Whether nothing that relink knows is left to do before it can be debited.

    A payment method that the service made itself is not known before Stripe reports on it; whether
    it has a mandate is then the service's to know. For a connected account: before a payout.

    Args: as for :func:`obstacles`.
    """
    if any(obstacles(facts, "charge", payment_method)):
        return False
    known = _known(facts, payment_method)
    if known or payment_method is not None:
        return not known or any(m.can_pay and m.mandate_due is None for m in known)
    match facts.build:
        case None | BuildState.NONE | BuildState.BUILT:
            return True
        case BuildState.CREATING | BuildState.NAME_NEEDED | BuildState.REFUSED:
            return False  # nothing exists yet that could be debited
    assert_never(facts.build)


def pays_by_now(facts: AccountFacts, method: KnownPaymentMethod) -> bool:
    """Whether it can be charged: also if it is blocked for a number that pays again (C3)."""
    return method.state.can_pay or (method.can_pay and number_obstacle(facts) is None)


def mandates_missing(facts: AccountFacts) -> dict[str, MandateReason]:
    """The payment methods that the customer has to authorize before they can be debited, and why.

    Empty while the account does not work, or is unfit (N3).
    """
    missing = {
        key: method.mandate_due
        for key, method in facts.payment_methods.items()
        if method.mandate_due is not None and pays_by_now(facts, method)
    }
    if not missing or not facts.works or unfit(facts) is not None:
        return {}
    return missing


def _payment_obstacles(facts: AccountFacts, payment_method: str | None) -> Iterator[str]:
    number = number_obstacle(facts)
    if number is not None:
        yield number
    known = _known(facts, payment_method)
    if known and not any(method.can_pay for method in known):
        # The worst that a relink does not mend, where there is one.
        worst = min(known, key=lambda method: method.lost_number)
        yield worst.reason or worst.state


def _known(facts: AccountFacts, payment_method: str | None) -> list[KnownPaymentMethod]:
    """Those of its payment methods that are asked about."""
    if payment_method is None:
        return list(facts.payment_methods.values())
    found = facts.payment_methods.get(payment_method)
    return [found] if found else []


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
