"""May I charge this account now, and if not, what next?

The answer is relink's conservative view of the link, from one account's snapshot; it is no
mandate (C1). For a connected account, *chargeable* means that it can be paid out to.

Rules kept here: C1 to C3.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from relink.engine import Snapshot

from .account.facts import ELIGIBLE, AccountFacts, relink_reasons
from .commands import Mode


class NextAction(BaseModel):
    """One thing that the service should do (C2)."""

    model_config = ConfigDict(frozen=True)

    action: Literal[
        "relink", "wait", "collect_mandate", "request_new_payment_method", "provide_name"
    ]
    mode: Mode | None = None
    """For ``relink``: which kind of session is due."""
    reason: str


class Assessment(BaseModel):
    """The answer."""

    model_config = ConfigDict(frozen=True)

    chargeable: bool
    reasons: tuple[str, ...]
    """Why it is not chargeable; empty when it is."""
    next: tuple[NextAction, ...]
    """What is to be done, the first thing first; it can be due while the account still works."""


def assess(account: Snapshot[AccountFacts]) -> Assessment:
    """Judge an account by its snapshot (C1 to C3)."""
    reasons = tuple(_against(account.facts))
    return Assessment(chargeable=not reasons, reasons=reasons, next=tuple(_next(account)))


def _against(facts: AccountFacts) -> Iterator[str]:
    """Everything that speaks against charging it, by Stripe's latest word."""
    if facts.reported_status == "disconnected":
        yield "disconnected"
    elif facts.reported_status != "active":
        yield facts.cause or facts.reported_status or "nothing_heard_yet"
    if facts.subcategory not in ELIGIBLE:
        yield "not_checking_or_savings"
    if "payment_method" not in (facts.permissions or ()):
        yield "no_payment_method_permission"
    is_connect = facts.holder is not None and facts.holder.is_connect
    if not is_connect and "us_bank_account" not in (facts.payment_method_types or ()):
        yield "us_bank_account_not_supported"
    if facts.number in ("lapsed", "pending"):
        yield f"number_{facts.number}"
    if facts.payment_method == "blocked":
        yield facts.payment_method_reason or "blocked"


def _next(account: Snapshot[AccountFacts]) -> Iterator[NextAction]:
    facts = account.facts
    match account.state:
        case "disconnected":
            yield _another("disconnected")
        case "new_account_linked":
            return
        case "inactive_unrepairable" if facts.reported_status == "unrepairable":
            yield _another(facts.cause or "unrepairable")
        case "inactive_unrepairable":
            yield NextAction(action="wait", reason="stripe_was_asked")
        case "inactive_relinkable":
            yield from _repair(facts)
        case "relinking":
            yield NextAction(action="wait", reason="session_open")
        case "relinked":
            yield NextAction(action="wait", reason="stripe_confirms_repair")
        case _:
            yield from _next_of_active(facts)


def _next_of_active(facts: AccountFacts) -> Iterator[NextAction]:
    """It works; is anything due beside?"""
    unfit = [reason for reason in _against(facts) if not reason.startswith("number_")]
    if unfit:
        yield _another(unfit[0])
        return
    if relink_reasons(facts):
        yield from _repair(facts)
    if facts.number == "pending":
        yield NextAction(action="wait", reason="number_pending")
    match facts.payment_method:
        case "creating":
            yield NextAction(action="wait", reason="payment_method_is_made")
        case "name_needed":
            yield NextAction(action="provide_name", reason="billing_name_missing")
        case "mandate_needed":
            yield NextAction(action="collect_mandate", reason="new_account")
        case "refused":
            yield _another(facts.payment_method_reason or "refused")


def _repair(facts: AccountFacts) -> Iterator[NextAction]:
    """A relink, as long as there is one to be had (R4, R9)."""
    if facts.authorization is None:
        yield _another("no_authorization")
    elif facts.given_up:
        yield _another("attempts_used_up")
    else:
        reason = relink_reasons(facts)[0] if relink_reasons(facts) else "inactive"
        yield NextAction(action="relink", mode=facts.next_mode, reason=reason)


def _another(reason: str) -> NextAction:
    return NextAction(action="request_new_payment_method", reason=reason)
