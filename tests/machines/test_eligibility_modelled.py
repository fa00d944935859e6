"""C1, C3, N1, N3: what speaks against charging an account or building on it: a plain model."""

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import pytest

from relink.machines.account import eligibility
from relink.machines.account.facts import AccountFacts, KnownPaymentMethod
from relink.machines.account.timeline import Told
from relink.machines.report import Holder
from relink.machines.vocabulary import BuildState, NumberStatus, PaymentMethodState, ReportedStatus

from .account_model import obstacle, pays, supports_debits
from .decided import KNOWN_AT

LOST = "tokenized_account_number_deactivated"
CUSTOMER = Holder(field="customer", id="cus_1")
CONNECT = Holder(field="account", id="acct_1")
FIT: dict[str, Any] = {
    "reported_status": ReportedStatus.ACTIVE,
    "as_of": KNOWN_AT,
    "subcategory": "checking",
    "permissions": ("payment_method",),
    "payment_method_types": ("us_bank_account",),
    "holder": CUSTOMER,
}


def method(state: str, **facts: Any) -> KnownPaymentMethod:
    return KnownPaymentMethod(state=PaymentMethodState(state), **facts)


METHODS = {
    "pm_ready": method("ready"),
    "pm_new": method("mandate_needed", reason="new_account", mandate_due="new_account"),
    "pm_lost": method("blocked", reason=LOST, lost_number=True),
    "ba_lost": method("blocked", reason=LOST, lost_number=True, is_external=True),
    "pm_blocked": method("blocked", reason="other", mandate_due="mandate_inactive"),
    "pm_gone": method("gone"),
}
SETS = [set for size in (0, 1, 2) for set in combinations(METHODS, size)]


def account(**facts: Any) -> AccountFacts:
    return AccountFacts(id="fca_1").after({**FIT, **facts})


def against_number(facts: AccountFacts) -> list[str]:
    is_bad = facts.number in ("pending", "lapsed")
    return [f"number_{facts.number}"] if is_bad else []


def asked_about(facts: AccountFacts, payment_method: str | None) -> list[KnownPaymentMethod]:
    known = facts.payment_methods.items()
    return [each for key, each in known if payment_method in (None, key)]


def against_methods(facts: AccountFacts, payment_method: str | None) -> list[str]:
    """None of those that are known can be charged: what a relink does not mend comes first."""
    known = asked_about(facts, payment_method)
    if not known or any(pays(each) for each in known):
        return []
    worst = [each for each in known if not each.lost_number] or known
    return [worst[0].reason or str(worst[0].state)]


def against_status(facts: AccountFacts) -> list[str]:
    """Stripe's cause of this inactivity, or else what it says (C1)."""
    told_at = facts.included_at.get("cause", facts.as_of)
    is_over = any(told.works and told_at < told.as_of < facts.as_of for told in facts.timeline)
    status = facts.reported_status
    if status == "active":
        return []
    if status == "disconnected":
        return ["disconnected"]
    cause = None if is_over else facts.cause
    return [cause or status or "nothing_reported_yet"]


def against_kind(facts: AccountFacts) -> Iterator[str]:
    if facts.subcategory not in ("checking", "savings"):
        yield "not_checking_or_savings"
    if "payment_method" not in (facts.permissions or ()):
        yield "no_payment_method_permission"
    if not supports_debits(facts):
        yield "us_bank_account_not_supported"


def check(facts: AccountFacts) -> None:
    mends = {LOST, *against_number(facts)}
    whole = [*against_status(facts), *against_kind(facts), *against_number(facts)]
    for asked in (None, "pm_other", *facts.payment_methods):
        against = [*whole, *against_methods(facts, asked)]
        assert list(eligibility.obstacles(facts, "charge", asked)) == against, (facts, asked)
        known = asked_about(facts, asked)
        is_made = facts.build in (None, "none", "built") if asked is None else True
        if known:
            is_made = any(pays(each) and each.mandate_due is None for each in known)
        assert eligibility.may_debit(facts, asked) == (not against and is_made), (facts, asked)
        if asked is None:
            unmended = [reason for reason in against if reason not in mends]
            assert eligibility.unfit(facts) == (unmended[0] if unmended else None), facts
            missing = {
                key: each.mandate_due
                for key, each in facts.payment_methods.items()
                if each.mandate_due and (pays(each) if not against_number(facts) else is_well(each))
            }
            expected = {} if unmended or facts.reported_status != "active" else missing
            assert eligibility.mandates_missing(facts) == expected, facts
    assert eligibility.build_obstacle(facts) == obstacle(facts), facts
    assert eligibility.number_obstacle(facts) == (against_number(facts) or [None])[0], facts


def is_well(method: KnownPaymentMethod) -> bool:
    return method.state in ("ready", "mandate_needed")


@pytest.mark.parametrize("number", [None, *NumberStatus])
def test_C1_C3_N3_its_number_and_its_payment_methods_speak_against_a_charge(
    number: NumberStatus | None,
) -> None:
    for keys, build, status in product(SETS, (None, *BuildState), ("active", "relinkable")):
        methods = {key: METHODS[key] for key in keys}
        facts = {"number": number, "payment_methods": methods, "build": build}
        check(account(reported_status=ReportedStatus(status), **facts))


@pytest.mark.parametrize("status", [None, *ReportedStatus])
@pytest.mark.parametrize("holder", [None, CUSTOMER, CONNECT])
def test_C1_N1_N2_its_status_and_its_kind_speak_against_a_charge(
    status: ReportedStatus | None, holder: Holder | None
) -> None:
    kinds = (None, "checking", "savings", "credit_card")
    permissions = (None, ("balances",), ("balances", "payment_method"))
    types = (None, ("link",), ("link", "us_bank_account"))
    for kind, permitted, supported, cause in product(kinds, permissions, types, (None, "closed")):
        facts = {"subcategory": kind, "permissions": permitted, "cause": cause}
        facts |= {"payment_method_types": supported, "holder": holder}
        check(account(reported_status=status, **facts))


@pytest.mark.parametrize("status", [each for each in ReportedStatus if each != "active"])
def test_C1_an_earlier_inactivitys_cause_says_nothing_of_this_one(status: ReportedStatus) -> None:
    for told_at, worked_at in product((None, 5), (4, 5, 6, KNOWN_AT - 1, KNOWN_AT)):
        included = {} if told_at is None else {"cause": told_at}
        facts = {"cause": "closed", "included_at": included, "timeline": (Told(worked_at, True),)}
        check(account(reported_status=status, **facts))


@pytest.mark.parametrize("status", [None, *ReportedStatus])
def test_N1_it_can_be_judged_once_all_that_matters_was_told(status: ReportedStatus | None) -> None:
    needed = ("subcategory", "permissions", "payment_method_types", "holder")
    is_clear = status not in (None, "inactive")
    assert eligibility.can_judge_build(account(reported_status=status)) == is_clear
    for field, told_at in product((*needed, "last4"), (-1, 0)):
        facts = account(reported_status=status, included_at={field: told_at})
        is_told = told_at == 0 or field == "last4"
        assert eligibility.can_judge_build(facts) == (is_clear and is_told)
