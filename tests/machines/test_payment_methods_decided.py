"""C2, C3: what an account does with its payment methods, of all kinds at once."""

from itertools import product
from typing import Any

import pytest

from relink.engine import Decision, Send, Snapshot
from relink.machines import RelinkPolicy, assess, relink_system
from relink.machines.account.facts import AccountFacts, KnownPaymentMethod
from relink.machines.messages import (
    NumberChanged,
    PaymentMethodUnclear,
)
from relink.machines.vocabulary import NumberStatus, PaymentMethodState, ReportedStatus

AT = 1_000_000
SENT: dict[str, Any] = {"causation_id": "evt_1", "at": AT, "policy": RelinkPolicy(attempts=7)}
YES_OR_NO = (False, True)


def decide(machine: str, state: str, facts: Any, trigger: Any) -> Decision:
    return relink_system().tables[machine].decide(Snapshot(state, facts, 1), trigger)


METHODS = {
    f"ba_{number}": KnownPaymentMethod(
        state=PaymentMethodState.BLOCKED,
        lost_number=lost,
        is_external=external,
        was_looked_at=looked,
    )
    for number, (lost, external, looked) in enumerate(product(YES_OR_NO, YES_OR_NO, YES_OR_NO))
}


@pytest.mark.parametrize("status", NumberStatus)
def test_C3_external_accounts_that_lost_a_number_are_read_once_when_it_pays_again(
    status: NumberStatus,
) -> None:
    known = AccountFacts(id="fca_1").after(
        {"reported_status": ReportedStatus.ACTIVE, "as_of": AT, "payment_methods": METHODS}
    )
    trigger = NumberChanged(status=status, expires_on=None, **{**SENT, "at": AT + 0.5})
    decision = decide("account", "active", known, trigger)
    pays = status in ("transactable", "expiring")
    lost = {
        key
        for key, method in METHODS.items()
        if pays and method.lost_number and method.is_external and not method.was_looked_at
    }
    unclear = trigger.follow(PaymentMethodUnclear, as_of=AT, read=False)
    looks = [c for c in decision.commands if getattr(c, "machine", "") == "payment_method"]
    assert looks == [Send(machine="payment_method", key=k, event=unclear) for k in sorted(lost)]
    assert decision.facts.payment_methods == {
        key: method.after({"was_looked_at": method.was_looked_at or key in lost})
        for key, method in METHODS.items()
    }


def test_C2_one_mandate_is_next_the_first_that_can_be_used() -> None:
    needs = PaymentMethodState.MANDATE_NEEDED
    blocked = KnownPaymentMethod(state=PaymentMethodState.BLOCKED, mandate_due="new_account")
    first = KnownPaymentMethod(state=needs, mandate_due="mandate_inactive")
    second = KnownPaymentMethod(state=needs, mandate_due="new_account")
    known = AccountFacts(id="fca_1").after(
        {
            "reported_status": ReportedStatus.ACTIVE,
            "authorization": "fcauth_1",
            "subcategory": "checking",
            "permissions": ("payment_method",),
            "payment_method_types": ("us_bank_account",),
            "payment_methods": {"pm_0": blocked, "pm_1": first, "pm_2": second},
        }
    )
    judged = assess(Snapshot("active", known, 1))
    found = [(each.action, each.reason) for each in judged.next]
    assert found == [("collect_mandate", "mandate_inactive")]
