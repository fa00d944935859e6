"""The assessment: does the link work, may you debit, and what should the service do next?

*Chargeable* is relink's conservative view of the link, from one account's snapshot. It is no
mandate (C1). *May debit* says that relink knows of nothing else in the way either, such as a
mandate that has to be collected (N3). For a connected account both are about payouts.

Rules kept here: C1 to C3, N3.
"""

from collections.abc import Iterator
from typing import Literal, assert_never

from pydantic import BaseModel, ConfigDict

from relink.engine import Snapshot

from .account.eligibility import (
    build_obstacle,
    may_debit,
    number_obstacle,
    obstacles,
    pays_by_now,
    unfit,
)
from .account.facts import AccountFacts, cause_of, is_replaced
from .account.needs import is_suspended, relink_reasons
from .vocabulary import (
    NUMBER_DEACTIVATED,
    AccountState,
    BuildState,
    Mode,
    NumberStatus,
)


class NextAction(BaseModel):
    """One thing that the service should do (C2)."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    action: Literal[
        "relink", "wait", "collect_mandate", "request_new_payment_method", "provide_name"
    ]
    mode: Mode | None = None
    """For ``relink``: which kind of session is due."""
    reason: str
    """A code: one of relink's, or Stripe's own cause or error code."""


class Assessment(BaseModel):
    """The answer."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    chargeable: bool
    """The link works: nothing that Stripe reports speaks against a payment."""
    may_debit: bool
    """It is chargeable, and relink knows of a payment method that needs nothing first, or of none
    at all; next can still name work for another one. For a connected account: you may pay out
    to it."""
    reasons: tuple[str, ...]
    """Why it is not chargeable (codes); empty when it is."""
    next: tuple[NextAction, ...]
    """What to do, the first thing first. It can be due while the account still works."""


def assess(account: Snapshot[AccountFacts], payment_method: str | None = None) -> Assessment:
    """Judge an account by its snapshot (C1 to C3).

    Args:
        account: its snapshot.
        payment_method: judge this one of its payment methods (``pm_…``, ``ba_…``); by default,
            whether any that is known can be charged, or debited.
    """
    reasons = tuple(obstacles(account.facts, "charge", payment_method))
    return Assessment(
        chargeable=not reasons,
        may_debit=may_debit(account.facts, payment_method),
        reasons=reasons,
        next=tuple(_next(account)),
    )


def _next(account: Snapshot[AccountFacts]) -> Iterator[NextAction]:
    facts = account.facts
    if facts.retired:
        return
    match state := AccountState(account.state):
        case AccountState.DISCONNECTED if not is_replaced(facts):
            yield _request_another("disconnected")
        case AccountState.NEW_ACCOUNT_LINKED | AccountState.DISCONNECTED:
            return
        case AccountState.INACTIVE_UNREPAIRABLE:
            yield _next_of_unrepairable(facts)
        case AccountState.INACTIVE_RELINKABLE:
            yield _relink(facts)
        case AccountState.RELINKING:
            yield NextAction(action="wait", reason="session_open")
            if facts.works:
                yield from _next_of_built(facts)
        case AccountState.RELINKED:
            yield NextAction(action="wait", reason="stripe_confirms_repair")
        case AccountState.ACTIVE:
            yield from _next_of_active(facts)
        case _:
            assert_never(state)


def _next_of_unrepairable(facts: AccountFacts) -> NextAction:
    status = facts.reported_status
    if status is not None and status.needs_another_way:
        return _request_another(cause_of(facts) or "unrepairable")
    return NextAction(action="wait", reason="stripe_was_asked")


def _next_of_active(facts: AccountFacts) -> Iterator[NextAction]:
    """The account works; something else can still be due."""
    against = unfit(facts)
    if against is not None:
        yield _request_another(against)
        if build_obstacle(facts) is None:
            yield from _next_of_build(facts)
        return
    if relink_reasons(facts):
        yield _relink(facts)
    if facts.number is NumberStatus.PENDING:
        yield NextAction(action="wait", reason="number_pending")
    elif number_obstacle(facts) is None and NUMBER_DEACTIVATED in obstacles(facts, "charge"):
        # The number pays again, and Stripe is asked whether the external account does.
        yield NextAction(action="wait", reason="stripe_was_asked")
    yield from _next_of_built(facts)


def _next_of_built(facts: AccountFacts) -> Iterator[NextAction]:
    for method in facts.payment_methods.values():
        if method.mandate_due is not None and pays_by_now(facts, method):
            yield NextAction(action="collect_mandate", reason=method.mandate_due)
            break
    yield from _next_of_build(facts)
    is_refused = facts.build is BuildState.REFUSED
    if is_refused and not any(method.can_pay for method in facts.payment_methods.values()):
        yield _request_another(facts.build_reason or "refused")


def _next_of_build(facts: AccountFacts) -> Iterator[NextAction]:
    """Its own payment method is on its way, or needs a name (N1)."""
    match facts.build:
        case BuildState.CREATING:
            yield NextAction(action="wait", reason="payment_method_in_progress")
        case BuildState.NAME_NEEDED:
            yield NextAction(action="provide_name", reason="billing_name_missing")
        case None | BuildState.NONE | BuildState.BUILT | BuildState.REFUSED:
            return
        case _:
            assert_never(facts.build)


def _relink(facts: AccountFacts) -> NextAction:
    """A relink, as long as one is possible (R4, R9)."""
    if is_suspended(facts):
        return NextAction(action="wait", reason="stripe_was_asked")
    if facts.authorization is None:
        return _request_another("no_authorization")
    if facts.given_up:
        return _request_another("attempts_used_up")
    reason = next(iter(relink_reasons(facts)), "inactive")
    return NextAction(action="relink", mode=facts.next_mode, reason=reason)


def _request_another(reason: str) -> NextAction:
    return NextAction(action="request_new_payment_method", reason=reason)
