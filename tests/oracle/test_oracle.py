"""Whole histories against the oracle; and whether the oracle finds what is wrong.

``python -m tests.oracle`` runs many more histories, and tells the story of each violation.
"""

from dataclasses import replace

import pytest

from relink.machines import assess, relink_system
from relink.machines.commands import (
    CollectMandate,
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
    PaymentMethodBuilt,
    PaymentMethodGone,
    Read,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveAuthorization,
)
from relink.machines.report import Holder

from ..profile import FULL, PROFILE
from .doctors import (
    Doctor,
    added,
    answering,
    changed,
    in_state,
    judged,
    prompt,
    without,
    written,
)
from .history import Plan, Step, plan, run, shrink

SHARES = 20
COUNT = 200 if PROFILE is FULL else 60


@pytest.mark.parametrize("share", range(SHARES))
def test_histories_break_no_rule(share: int) -> None:
    for seed in range(share, COUNT, SHARES):
        found = run(plan(seed), relink_system(), assess)
        if found.verdicts:
            told = run(plan(seed), relink_system(), assess, is_told=True)
            pytest.fail("\n".join([f"seed {seed}", *told.story[-80:]]))


# ── does it find what is wrong ───────────────────────────────────────────────


MANDATE_ENDS = Step("mandate_ends")
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
    "what was built is not told": (
        "N3",
        written(STOPS, Step("customer_is_asked", 0, 48)),
        without(PaymentMethodBuilt),
    ),
    "nobody is asked for a mandate that is missing": (
        "N3",
        written(MANDATE_ENDS),
        without(CollectMandate),
    ),
    "a mandate is asked for twice": (
        "N3",
        written(MANDATE_ENDS),
        changed(CollectMandate, {}, {"dedup_key": "again"}),
    ),
    "a mandate that is there is asked for": (
        "N3",
        written(STOPS),
        added(
            "account_reported",
            lambda record: CollectMandate(
                account="fca_1", payment_method="pm_1_1", reason="new_account", dedup_key="1"
            ),
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
