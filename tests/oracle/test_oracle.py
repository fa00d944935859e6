"""Whole histories against the oracle; and whether the oracle finds what is wrong.

``python -m tests.oracle`` runs many more histories, and tells the story of each violation.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from relink.engine import Address, Command
from relink.machines import assess, relink_system
from relink.machines.commands import (
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
    PaymentMethodGone,
    Read,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveAuthorization,
)
from relink.machines.report import Holder

from ..profile import FULL, PROFILE
from .history import Plan, Run, Step, plan, run, shrink
from .service import Record

SHARES = 20
COUNT = 400 if PROFILE is FULL else 60

Doctor = Callable[[Record], Record]


@pytest.mark.parametrize("share", range(SHARES))
def test_histories_break_no_rule(share: int) -> None:
    for seed in range(share, COUNT, SHARES):
        found = run(plan(seed), relink_system(), assess)
        if found.verdicts:
            told = run(plan(seed), relink_system(), assess, is_told=True)
            pytest.fail("\n".join([f"seed {seed}", *told.story[-80:]]))


# ── does it find what is wrong ───────────────────────────────────────────────


def written(*steps: Step, **other: Any) -> Plan:
    """A history that a test writes down."""
    fields: dict[str, Any] = {
        "seed": 1,
        "policy": 0,
        "holder": 0,
        "endpoint": 0,
        "skew": 0,
        "is_nameless": False,
        "is_eager": True,
    }
    return Plan(**{**fields, **other}, steps=steps)


def judged(history: Plan, doctor: Doctor | None = None) -> Run:
    return run(history, relink_system(), assess, stops=False, doctor=doctor)


def without(*kinds: type[Command]) -> Doctor:
    """Records in which commands of some kinds never come."""

    def doctor(record: Record) -> Record:
        commands = tuple(c for c in record.commands if not isinstance(c, kinds))
        waiting = {name: r for name, r in record.waiting.items() if not isinstance(r, kinds)}
        return replace(record, commands=commands, waiting=waiting)

    return doctor


def changed(kind: type[Command], *copies: dict[str, Any]) -> Doctor:
    """Records in which each command of a kind is replaced by changed copies."""

    def doctor(record: Record) -> Record:
        commands: list[Command] = []
        for command in record.commands:
            if isinstance(command, kind):
                commands += [command.model_copy(update=copy) for copy in copies]
            else:
                commands.append(command)
        return replace(record, commands=tuple(commands))

    return doctor


def added(at: str, make: Callable[[Record], Command]) -> Doctor:
    """Records in which the steps of an event also give another command."""

    def doctor(record: Record) -> Record:
        if record.trigger.name != at:
            return record
        return replace(record, commands=(*record.commands, make(record)))

    return doctor


def in_state(account: str, state: str) -> Doctor:
    """Records in which an account is in another state."""
    address = Address("account", account)

    def doctor(record: Record) -> Record:
        return replace(record, states={**record.states, address: state})

    return doctor


def answering(account: str, *, chargeable: bool) -> Doctor:
    """Records in which the answer for an account is another one."""

    def doctor(record: Record) -> Record:
        answer = record.answers.get(account)
        if answer is None:
            return record
        other = answer.model_copy(update={"chargeable": chargeable})  # type: ignore[attr-defined]
        return replace(record, answers={**record.answers, account: other})

    return doctor


def prompt(*accounts: str, **other: Any) -> NotifyCustomer:
    fields: dict[str, Any] = {"outage_number": 1, "number": 1, "since": 0.0, "reasons": ()}
    return NotifyCustomer(outage="fcauth_1", accounts=accounts, **{**fields, **other})


STOPS = Step("stops")
"""fca_1 stops, and the customer can mend it."""
CLOSES = Step("stops", 0, 5)
"""fca_1 stops, and nobody can mend it."""
ANNOUNCED = Step("end_is_announced", 0, 10)
"""The end of fca_1 is announced for day 30."""
ASKED = Step("relink_is_asked", 0, 24)
"""A relink of fca_1 is asked for, for new permissions."""
MINUTES = Step("time_passes", 5)
DAYS = Step("time_passes", 10)

CASES: dict[str, tuple[str, Plan, Doctor]] = {
    "a prompt is missing": ("P1", written(STOPS), without(NotifyCustomer)),
    "an account is prompted for twice": (
        "P1",
        written(STOPS, Step("time_passes", 9), Step("sweep")),
        added("read_requested", lambda record: prompt("fca_1")),
    ),
    "two prompts follow each other too soon": (
        "P1",
        written(STOPS, MINUTES, Step("stops", 1)),
        added("account_reported", lambda record: prompt("fca_1", "fca_2")),
    ),
    "a reminder comes too early": (
        "P1",
        written(STOPS),
        changed(NotifyCustomer, {}, {"reminder": 2}),
    ),
    "a prompt is for nothing": (
        "P2",
        written(ANNOUNCED),
        added("account_reported", lambda record: prompt("fca_1")),
    ),
    "a reminder follows a denial": (
        "P2",
        written(Step("stops", 0, 10), DAYS, Step("sweep")),
        added("read_requested", lambda record: prompt("fca_1", reminder=1)),
    ),
    "an unrepairable account is prompted for": (
        "P2",
        written(CLOSES),
        added("account_reported", lambda record: prompt("fca_1")),
    ),
    "a retired account is prompted for": (
        "P4",
        written(STOPS, Step("account_is_retired")),
        added("account_retired", lambda record: prompt("fca_1")),
    ),
    "a replaced account is prompted for": (
        "S6",
        written(STOPS, Step("account_is_replaced", 0, 1)),
        added("account_replaced", lambda record: prompt("fca_1")),
    ),
    "a prompt does not wait for a read": (
        "K9",
        written(STOPS, Step("account_is_refreshed"), is_eager=False),
        added("read_requested", lambda record: prompt("fca_1")),
    ),
    "one report makes two prompts": (
        "K9",
        written(STOPS),
        changed(NotifyCustomer, {}, {"number": 2}),
    ),
    "a suspended need is prompted for": (
        "K5",
        written(STOPS, endpoint=2, is_eager=False),
        added("account_reported", lambda record: prompt("fca_1")),
    ),
    "the cause is asked for twice": (
        "C4",
        written(CLOSES),
        changed(RequestNewPaymentMethod, {}, {"dedup_key": "again"}),
    ),
    "another payment method is not asked for": (
        "C4",
        written(CLOSES),
        without(RequestNewPaymentMethod),
    ),
    "a retired account is asked for": (
        "P4",
        written(Step("account_is_retired"), CLOSES),
        added(
            "account_reported",
            lambda record: RequestNewPaymentMethod(account="fca_1", reason="x", dedup_key="x"),
        ),
    ),
    "a contradiction is not read": (
        "K4",
        written(STOPS, Step("works")),
        without(RetrieveAccount),
    ),
    "an open question is not read": (
        "K5",
        written(STOPS, endpoint=2),
        without(RetrieveAccount),
    ),
    "a thin webhook is not read": ("K6", written(STOPS, endpoint=4), without(RetrieveAccount)),
    "a webhook of the future is not read": (
        "K2",
        written(Step("stops", 0, 0, 9)),
        without(RetrieveAccount),
    ),
    "the authorizations of a move are not read": (
        "K8",
        written(Step("banks_merge", 0, 1), MINUTES),
        without(RetrieveAuthorization),
    ),
    "what a sweep asks for is not read": ("K11", written(Step("sweep")), without(Read)),
    "the end of a session is not read": (
        "R5",
        written(ASKED, Step("customer_acts", 0, 0)),
        without(RetrieveAccount),
    ),
    "a read is asked for twice": (
        "K10",
        written(STOPS, Step("account_is_refreshed")),
        lambda record: replace(
            record,
            waiting={
                **record.waiting,
                **{f"{n}_2": r for n, r in record.waiting.items()},
            },
        ),
    ),
    "a relink is refused": ("R9", written(STOPS, ASKED), without(CreateRelinkSession)),
    "the mode is another one": (
        "R4",
        written(STOPS, ASKED),
        changed(CreateRelinkSession, {"mode": "any_eligible"}),
    ),
    "the outage is another one": (
        "R4",
        written(STOPS, ASKED),
        changed(CreateRelinkSession, {"outage": None}),
    ),
    "a permission is missing": (
        "R7",
        written(STOPS, ASKED),
        changed(CreateRelinkSession, {"permissions": ("balances",)}),
    ),
    "the holder is another one": (
        "R8",
        written(STOPS, ASKED),
        changed(CreateRelinkSession, {"holder": Holder(field="customer", id="cus_9")}),
    ),
    "a known account is built on": (
        "K7",
        written(STOPS, Step("customer_is_asked", 0, 48)),
        changed(CreatePaymentMethod, {"account": "fca_2"}),
    ),
    "it is built twice": (
        "K7",
        written(STOPS, Step("customer_is_asked", 0, 48)),
        changed(CreatePaymentMethod, {}, {}),
    ),
    "what is well is said to be gone": (
        "N4",
        written(STOPS),
        added(
            "account_reported",
            lambda record: PaymentMethodGone(account="fca_1", payment_method="pm_1_1"),
        ),
    ),
    "the state is another one": ("S1-S7", written(STOPS), in_state("fca_1", "active")),
    "the replacement is undone": (
        "S6",
        written(STOPS, Step("account_is_replaced", 0, 1)),
        in_state("fca_1", "inactive_relinkable"),
    ),
    "an account that is down counts as chargeable": (
        "C1",
        written(STOPS),
        answering("fca_1", chargeable=True),
    ),
    "an account that is well counts as not chargeable": (
        "C1",
        written(Step("works")),
        answering("fca_1", chargeable=False),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_oracle_finds_what_is_wrong(case: str) -> None:
    rule, history, doctor = CASES[case]
    assert judged(history).verdicts == []
    assert rule in judged(history, doctor).rules


def test_a_failing_history_is_made_short() -> None:
    doctor = without(RequestNewPaymentMethod)
    long = written(MINUTES, STOPS, MINUTES, CLOSES, DAYS, Step("works", 1))

    def fails(history: Plan) -> bool:
        return "C4" in judged(history, doctor).rules

    assert fails(long)
    short = shrink(long, fails)
    assert [step.name for step in short.steps] == ["stops"]


def test_the_same_seed_gives_the_same_history() -> None:
    first, second = (run(plan(7), relink_system(), assess, is_told=True) for _ in range(2))
    assert plan(7) == plan(7)
    assert first.story == second.story
