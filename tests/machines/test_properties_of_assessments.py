"""Which assessments break the properties of what may be charged and what is next."""

from itertools import product
from typing import Any

import pytest

from relink.engine import Snapshot
from relink.machines.account import AccountFacts
from relink.machines.account.facts import AccountOutage, KnownPaymentMethod
from relink.machines.assessment import Assessment, NextAction
from relink.machines.properties import charging
from relink.machines.vocabulary import (
    AccountState,
    BuildState,
    NumberStatus,
    PaymentMethodState,
    ReportedStatus,
)

from .made_step import AT, MadeStep, wrong
from .reports import CONNECTED, CUSTOMER

KNOWN_AT = AT - 1_000
STATES = list(AccountState)
STATUSES = [None, *ReportedStatus]
YES_OR_NO = (False, True)


def account(**facts: Any) -> AccountFacts:
    known = {"reported_status": ReportedStatus.ACTIVE, "as_of": KNOWN_AT}
    return AccountFacts(id="fca_1").after(known | facts)


def of_account(facts: AccountFacts, state: str = "active") -> MadeStep:
    return MadeStep().after("account", state, facts)


READY = KnownPaymentMethod(state=PaymentMethodState.READY)
BLOCKED = KnownPaymentMethod(state=PaymentMethodState.BLOCKED)
GONE = KnownPaymentMethod(state=PaymentMethodState.GONE)
UNAUTHORIZED = KnownPaymentMethod(
    state=PaymentMethodState.MANDATE_NEEDED, mandate_due="new_account"
)
LOST = BLOCKED.after({"lost_number": True})
LOST_EXTERNAL = LOST.after({"is_external": True})

WELL: dict[str, Any] = {
    "subcategory": "checking",
    "permissions": ("payment_method",),
    "payment_method_types": ("us_bank_account",),
    "holder": CUSTOMER,
}

CHARGEABLE: list[dict[str, Any]] = [
    {},
    {"subcategory": "savings"},
    {"permissions": ("balances", "payment_method")},
    {"holder": None},
    {"holder": CONNECTED, "payment_method_types": None},
    {"number": NumberStatus.TRANSACTABLE},
    {"number": NumberStatus.EXPIRING},
    {"payment_methods": {"pm_1": READY}},
    {"payment_methods": {"pm_1": UNAUTHORIZED}},
    {"payment_methods": {"pm_1": BLOCKED, "pm_2": READY}},
    {"payment_methods": {"pm_1": GONE, "pm_2": LOST}},
]
NOT_CHARGEABLE: list[dict[str, Any]] = [
    *({"reported_status": each} for each in STATUSES if each != "active"),
    *({"subcategory": each} for each in (None, "credit_card")),
    *({"permissions": each} for each in (None, (), ("balances",))),
    *({"payment_method_types": each} for each in (None, (), ("link",))),
    {"holder": None, "payment_method_types": None},
    *({"number": each} for each in (NumberStatus.PENDING, NumberStatus.LAPSED)),
    *({"payment_methods": {"pm_1": each}} for each in (BLOCKED, GONE, LOST_EXTERNAL)),
    {"payment_methods": {"pm_1": BLOCKED, "pm_2": GONE}},
]


def judging(
    monkeypatch: pytest.MonkeyPatch,
    facts: AccountFacts,
    name: str,
    state: str = "active",
    **judged: Any,
) -> list[str]:
    """What a property says if an account is assessed like this."""
    given = {"chargeable": True, "may_debit": True, "reasons": (), "next": (), **judged}

    def assess(_: Snapshot[AccountFacts]) -> Assessment:
        return Assessment(**given)

    monkeypatch.setattr(charging, "assess", assess)
    return wrong(name, of_account(facts, state).taken())


def test_C1_what_is_chargeable_has_nothing_against_it_and_what_is_not_has_a_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    yes, no = "chargeable_means_that_nothing_speaks_against_it", "not_chargeable_has_a_cause"
    refused: dict[str, Any] = {"chargeable": False, "reasons": ("closed",)}
    for differs, is_well in product((CHARGEABLE, NOT_CHARGEABLE), YES_OR_NO):
        for each in differs if is_well == (differs is CHARGEABLE) else ():
            facts = account(**{**WELL, **each})
            assert bool(judging(monkeypatch, facts, yes)) != is_well, each
            assert not judging(monkeypatch, facts, yes, **refused), each
            assert bool(judging(monkeypatch, facts, no, **refused)) == is_well, each
            assert not judging(monkeypatch, facts, no), each
            assert judging(monkeypatch, facts, no, reasons=("closed",)), each
            assert judging(monkeypatch, facts, no, chargeable=False), each


DEBITABLE: list[tuple[dict[str, Any], bool]] = [
    *(({"build": each}, True) for each in (None, BuildState.NONE, BuildState.BUILT)),
    *(
        ({"build": each}, False)
        for each in (BuildState.CREATING, BuildState.NAME_NEEDED, BuildState.REFUSED)
    ),
    ({"payment_methods": {"pm_1": READY}, "build": BuildState.CREATING}, True),
    ({"payment_methods": {"pm_1": UNAUTHORIZED}}, False),
    ({"payment_methods": {"pm_1": UNAUTHORIZED, "pm_2": READY}}, True),
    ({"payment_methods": {"pm_1": LOST}}, True),
    ({"payment_methods": {"pm_1": LOST_EXTERNAL, "pm_2": UNAUTHORIZED}}, False),
    ({"payment_methods": {"pm_1": LOST.after({"mandate_due": "new_account"})}}, False),
]


def test_N3_what_may_be_debited_is_chargeable_and_authorized(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "may_debit_means_that_nothing_is_to_be_done_first"
    wait = (NextAction(action="wait", reason="number_pending"),)
    for facts, may in DEBITABLE:
        found = account(**WELL, **facts)
        for chargeable, said in product(YES_OR_NO, YES_OR_NO):
            judged = {"chargeable": chargeable, "may_debit": said, "next": wait}
            assert bool(judging(monkeypatch, found, name, **judged)) == (
                said != (chargeable and may)
            ), (facts, judged)


def test_C2_something_is_next_where_a_chargeable_account_must_not_be_debited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "may_debit_means_that_nothing_is_to_be_done_first"
    for state, retired in product(STATES, YES_OR_NO):
        facts = account(build=BuildState.CREATING, retired=retired)
        is_over = retired or state in ("new_account_linked", "disconnected")
        for chargeable in YES_OR_NO:
            judged = {"chargeable": chargeable, "may_debit": False}
            found = judging(monkeypatch, facts, name, state, **judged)
            assert bool(found) == (chargeable and not is_over), (state, retired)


def test_R4_R9_a_relink_is_next_only_where_one_is_possible(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "relink_is_next_only_where_it_is_possible"
    relink = NextAction(action="relink", mode="specific", reason="inactive")
    wait = NextAction(action="wait", reason="number_pending")
    for state, key, given_up in product(STATES, [None, "fcauth_1"], [None, False, True]):
        outage = None if given_up is None else AccountOutage(number=1, since=0, given_up=given_up)
        facts = account(authorization=key, outage=outage)
        for actions in [(), (wait,), (relink,), (wait, relink)]:
            is_possible = state in ("active", "inactive_relinkable") and key and not given_up
            is_wrong = relink in actions and not is_possible
            assert bool(judging(monkeypatch, facts, name, state, next=actions)) == is_wrong
