"""The assessment of any account, whatever relink knows of it: as the rules say, and no stricter.

Histories lead to the accounts that can happen. These are drawn field by field, so that each cause
stands alone, and beside each other. What judges is the C properties, which restate the rules.
"""

from random import Random
from typing import Any

import pytest

from relink.engine import Address, Snapshot, Step
from relink.machines import assess
from relink.machines.account.facts import AccountFacts, AccountOutage, KnownPaymentMethod
from relink.machines.events import ReadRequested
from relink.machines.properties import StepView, charging
from relink.machines.properties.property import Property
from relink.machines.report import Holder
from relink.machines.vocabulary import (
    AccountState,
    BuildState,
    NumberStatus,
    PaymentMethodState,
    ReportedStatus,
)

COUNT = 2_000

WELL: dict[str, Any] = {
    "reported_status": ReportedStatus.ACTIVE,
    "subcategory": "checking",
    "permissions": ("payment_method",),
    "payment_method_types": ("us_bank_account", "link"),
    "holder": Holder(field="customer", id="cus_1"),
    "number": NumberStatus.TRANSACTABLE,
    "authorization": "fcauth_1",
    "build": None,
}

OTHERWISE: dict[str, list[Any]] = {
    "reported_status": [None, *ReportedStatus],
    "subcategory": [None, "savings", "credit_card"],
    "permissions": [None, (), ("balances",), ("balances", "payment_method")],
    "payment_method_types": [None, (), ("link",)],
    "holder": [None, Holder(field="account", id="acct_1")],
    "number": [None, *NumberStatus],
    "authorization": [None],
    "build": list(BuildState),
    "build_reason": ["refused_by_stripe"],
    "retired": [True],
    "outage": [AccountOutage(number=1, since=0.0, given_up=True)],
}

CHECKS = [each for each in vars(charging).values() if isinstance(each, Property)]

STATES_OF = {
    ReportedStatus.ACTIVE: (AccountState.ACTIVE, AccountState.RELINKING),
    ReportedStatus.DISCONNECTED: (AccountState.DISCONNECTED,),
}
"""The states of an account by its latest report; any other leaves it inactive, or mended."""

INACTIVE = (
    *(AccountState.INACTIVE_RELINKABLE, AccountState.INACTIVE_UNREPAIRABLE),
    *(AccountState.RELINKING, AccountState.RELINKED, AccountState.NEW_ACCOUNT_LINKED),
)


def account(chance: Random) -> Snapshot[AccountFacts]:
    """An account with up to three things that are not as they should be."""
    fields = dict(WELL)
    for name in chance.sample(sorted(OTHERWISE), chance.randrange(4)):
        fields[name] = chance.choice(OTHERWISE[name])
    fields["payment_methods"] = {
        f"pm_{number}": payment_method(chance) for number in range(chance.choice((0, 0, 1, 2)))
    }
    status = fields["reported_status"]
    state = chance.choice(STATES_OF.get(status, INACTIVE))
    return Snapshot(state, AccountFacts(id="fca_1").after(fields), 1)


def payment_method(chance: Random) -> KnownPaymentMethod:
    state = chance.choice(list(PaymentMethodState))
    is_blocked = state is PaymentMethodState.BLOCKED
    return KnownPaymentMethod(
        state=state,
        reason=chance.choice(("bank_account_closed", None)) if is_blocked else None,
        mandate_due="new_account" if state is PaymentMethodState.MANDATE_NEEDED else None,
        lost_number=is_blocked and chance.random() < 0.5,
        is_external=chance.random() < 0.3,
    )


ACCOUNTS = [account(Random(seed)) for seed in range(COUNT)]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_whatever_is_known_the_assessment_is_as_the_rules_say(check: Property):
    for found in ACCOUNTS:
        assert list(check.check(view(found))) == [], found


def view(found: Snapshot[AccountFacts]) -> StepView:
    world = {Address("account", "fca_1"): found}
    trigger = ReadRequested(causation_id="req_1", at=0, kind="account", id="fca_1")
    return StepView({}, Step(trigger, (), world, ()), world)


def test_accounts_of_each_kind_are_among_those_that_are_judged():
    judged = [assess(found) for found in ACCOUNTS]
    assert {each.chargeable for each in judged} == {True, False}
    assert any(each.chargeable and not each.may_debit for each in judged)
    reasons = {reason for each in judged for reason in each.reasons}
    assert reasons >= {
        *("not_checking_or_savings", "no_payment_method_permission", "number_pending"),
        *("us_bank_account_not_supported", "number_lapsed", "bank_account_closed", "blocked"),
        *("gone", "relinkable", "unrepairable", "inactive", "disconnected"),
    }
    actions = {following.action for each in judged for following in each.next}
    assert actions == {
        *("relink", "wait", "collect_mandate", "request_new_payment_method", "provide_name"),
    }


def test_one_payment_method_is_judged_as_if_it_were_the_only_one():
    for found in ACCOUNTS:
        for key, method in found.facts.payment_methods.items():
            alone = found.facts.after({"payment_methods": {key: method}})
            expected = assess(found._replace(facts=alone))
            asked = assess(found, key)
            assert (asked.chargeable, asked.may_debit) == (expected.chargeable, expected.may_debit)
            assert asked.reasons == expected.reasons
