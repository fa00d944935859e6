"""May I charge it (C1, C3): the answer, its reasons, and Stripe's truth when all is at rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from relink.machines.report import Holder

from .known import Known
from .memory import PAYABLE
from .said import TAN_BLOCK, UNKNOWN, History, sorted_out
from .service import Record, Service
from .states import is_disputed

if TYPE_CHECKING:
    from .oracle import Oracle


def check_charge(oracle: Oracle, record: Record, name: str) -> None:
    """Compare the answers for an account with those that its reports allow."""
    known, answer = oracle.tracks[name].known, record.answers.get(name)
    if answer is None or UNKNOWN in known.statuses or is_disputed(oracle, name):
        return
    if answer.chargeable not in known.charge:
        oracle.say(
            "C1", f"{name} counts as {_word(answer.chargeable)}, {', '.join(answer.reasons)}"
        )
    for made, allowed in known.charge_by.items():
        told = record.by_payment_method.get((name, made))
        if told is not None and told not in allowed:
            oracle.say("C3", f"{made} of {name} counts as {_word(told)}")
    _check_reasons(oracle, name, answer.chargeable, answer.reasons)


def _word(chargeable: bool) -> str:
    return "chargeable" if chargeable else "not chargeable"


# ── reasons ──────────────────────────────────────────────────────────────────


class Obstacle(NamedTuple):
    """Something that may speak against charging an account."""

    codes: set[str]
    """The reasons that can stand for it."""
    is_sure: bool


def _check_reasons(oracle: Oracle, name: str, chargeable: bool, reasons: tuple[str, ...]) -> None:
    if chargeable == bool(reasons):
        oracle.say("C1", f"{name} counts as {_word(chargeable)}, with the reasons {reasons}")
        return
    if "disconnected" in reasons and "disconnected" in oracle.tracks[name].known.statuses:
        return  # S7: it is final, and whether anything else is still taken in is left open
    found = obstacles(oracle, name)
    for reason in reasons:
        if not any(reason in obstacle.codes for obstacle in found):
            oracle.say("C1", f"the reason {reason} for {name} does not hold")
    for obstacle in found:
        if obstacle.is_sure and not obstacle.codes & set(reasons):
            wanted = " or ".join(sorted(obstacle.codes))
            oracle.say("C1", f"the reasons for {name} are {reasons}, without {wanted}")


def obstacles(oracle: Oracle, name: str) -> list[Obstacle]:
    """All that may speak against charging an account."""
    known, history = oracle.tracks[name].known, oracle.memory.accounts[name]
    found = [_status(known, _causes(oracle, name))]
    is_connect = any(isinstance(h, Holder) and h.is_connect for h in known.holders)
    for each, code, is_good in ABILITIES:
        values = history.values(each)
        is_open = is_connect and each != "subcategory"  # C1: left open for a payout
        if not all(is_good(value) for value in values if value not in (UNKNOWN, None)):
            is_sure = not any(value in (UNKNOWN, None) or is_good(value) for value in values)
            found.append(Obstacle({code}, is_sure and not is_open))
        elif values & {UNKNOWN, None}:
            found.append(Obstacle({code, "nothing_reported_yet"}, is_sure=False))
    states = known.made_states.values()
    if known.numbers != {"well"} or any("number" in each for each in states):
        # After a relink, another number may be on its way.
        listed = {sorted_out(n) for n in history.values("numbers")} | known.numbers
        is_coming = listed & {"pending", "odd"} or known.is_repaired
        codes = {"number_pending"} if is_coming else set()
        if known.numbers & {"lapsed", "odd"} or any("number" in each for each in states):
            codes |= {"number_lapsed", TAN_BLOCK}
        found.append(Obstacle(codes, "well" not in known.numbers))
    if any(each & {"blocked", "gone"} for each in states):
        is_sure = all(each <= {"blocked", "gone"} for each in states)
        found.append(Obstacle(_why_lost(oracle.memory.made_of(name)), is_sure))
    return found


def cannot_pay(oracle: Oracle, name: str) -> bool:
    """Whether its kind or its permissions may keep an account from being charged (C1)."""
    history = oracle.memory.accounts[name]
    return any(
        value in (UNKNOWN, None) or not is_good(value)
        for each, _, is_good in ABILITIES
        for value in history.values(each)
    )


def _causes(oracle: Oracle, name: str) -> set[str | None]:
    """Why it can be inactive; while reports contradict each other, it may be as before (K4)."""
    causes = oracle.tracks[name].known.causes
    if len(causes) > 1 and name in oracle.memory.read_now:
        return {s.fields["cause"] for s in oracle.memory.accounts[name].about("cause")}
    return causes


def _status(known: Known, causes: set[str | None]) -> Obstacle:
    codes: set[str] = set()
    if "disconnected" in known.statuses:
        codes.add("disconnected")
    if "inactive" in known.statuses:
        codes |= {"inactive", "relinkable", "unrepairable", "not_active"}
        codes |= {cause for cause in causes if cause}
    return Obstacle(codes, "active" not in known.statuses)


def _why_lost(made: dict[str, History]) -> set[str]:
    reasons = {reason for told in made.values() for reason in told.values("blocked")}
    return {"blocked", "gone"} | {reason for reason in reasons if reason}


ABILITIES: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    ("subcategory", "not_checking_or_savings", lambda value: value in ("checking", "savings")),
    (
        "payment_method_types",
        "us_bank_account_not_supported",
        lambda value: "us_bank_account" in value,
    ),
    ("permissions", "no_payment_method_permission", lambda value: "payment_method" in value),
)
"""What an account has to be able to, and the reason where it is not."""


# ── at rest ──────────────────────────────────────────────────────────────────


def check_charge_at_rest(oracle: Oracle, service: Service, name: str) -> None:
    """Once everything was read, the answer is Stripe's truth."""
    answer = service.answers.get(name)
    if answer is None:
        return
    truth = true_charge(oracle, service, name)
    if answer.chargeable not in truth:
        why = ", ".join(answer.reasons)
        oracle.say("C1", f"at rest, {name} counts as {_word(answer.chargeable)}, {why}")


def true_charge(oracle: Oracle, service: Service, name: str) -> set[bool]:
    """Whether an account can be charged by what is true at Stripe; two answers are a freedom."""
    stripe = service.stripe
    truth = stripe.accounts[name]
    if truth.status != "active" or truth.subcategory not in ("checking", "savings"):
        return {False}
    allowed = {True}
    for is_able in (
        "us_bank_account" in truth.payment_method_types,
        "payment_method" in truth.permissions,
    ):
        if not is_able and not (truth.holder and truth.holder.is_connect):
            return {False}
        if not is_able:
            allowed |= {False}  # C1: whether a payout needs them is left open
    if sorted_out(truth.numbers) != "well":
        # C3: a block that was lifted counts for as long as no newer numbers are reported.
        return {False, True} if _was_blocked(oracle, name) else {False}
    made = {**stripe.payment_methods, **stripe.external_accounts}
    known = [it for each, it in made.items() if oracle.memory.made_for.get(each) == name]
    reasons = [_lost(it.blocked, it.status, it.is_gone) for it in known]
    if TAN_BLOCK in reasons or any(it.blocked == TAN_BLOCK for it in known):
        allowed |= {False}  # C3: the newer report decides, and both say that they are true now
    if reasons and all(reason and reason != TAN_BLOCK for reason in reasons):
        return {False}
    return allowed


def _was_blocked(oracle: Oracle, name: str) -> bool:
    return any(
        said.fields.get("blocked") == TAN_BLOCK
        for told in oracle.memory.made_of(name).values()
        for said in told.said
    )


def _lost(blocked: str | None, status: str, is_gone: bool) -> str | None:
    if is_gone:
        return "gone"
    return blocked or (None if status in PAYABLE else status)
