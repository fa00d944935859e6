"""N1, N2: what is made of a new account, and who is told, on each event in each state."""

from itertools import product
from typing import Any

import pytest

from relink.engine import Command, Decision, Send, Snapshot
from relink.machines import relink_system
from relink.machines.build import BuildFacts
from relink.machines.commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    PaymentMethodBuilt,
    RequestBillingName,
)
from relink.machines.events import BillingNameAbsent, ExternalAccountMade, PaymentMethodMade
from relink.machines.messages import BuildChanged, BuildFailed, BuildRequested, BuildResumed, Built
from relink.machines.report import Holder
from relink.machines.vocabulary import BuildState

from .decided import SENT

STATES = ("none", "creating", "name_needed", "refused", "built")
CUSTOMER = Holder(field="customer", id="cus_1")
OTHER = Holder(field="customer", id="cus_2")
CONNECT = Holder(field="account", id="acct_1")
HOLDERS = (None, CUSTOMER, OTHER, CONNECT)


def build(state: str, **facts: Any) -> Snapshot[BuildFacts]:
    return Snapshot(state, BuildFacts(id="fca_1").after(facts), 1)


def known(state: str) -> list[Snapshot[BuildFacts]]:
    """Builds in this state, of each holder."""
    return [build(state, session="fcsess_1", holder=holder) for holder in HOLDERS]


def decide(now: Snapshot[BuildFacts], trigger: Any) -> Decision:
    return relink_system().tables["build"].decide(now, trigger)


def told(state: BuildState, why: str | None = None) -> Send:
    return Send(machine="account", key="fca_1", event=BuildChanged(state=state, reason=why, **SENT))


def changes_nothing(now: Snapshot[BuildFacts], trigger: Any) -> None:
    decision = decide(now, trigger)
    assert decision.outcome == "ignored", now
    assert (decision.state, decision.facts) == (now.state, now.facts)
    assert not decision.commands


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("obstacle", [None, "inactive"])
def test_N1_a_new_account_gets_what_its_holder_needs_once(
    state: str, holder: Holder | None, obstacle: str | None
) -> None:
    asked = BuildRequested(session="fcsess_2", holder=holder, obstacle=obstacle, **SENT)
    if state != "none":
        changes_nothing(build(state, session="fcsess_1", holder=CUSTOMER), asked)
        return
    decision = decide(build("none"), asked)
    assert decision.facts == BuildFacts(id="fca_1", session="fcsess_2", holder=holder)
    if obstacle or not holder:
        assert decision.state == "refused"
        assert decision.commands == (told(BuildState.REFUSED, obstacle or "no_customer"),)
        return
    assert decision.state == "creating"
    made: dict[str, Any] = {"account": "fca_1", "session": "fcsess_2", "holder": holder}
    expected: set[Command] = {told(BuildState.CREATING)}
    if holder is CONNECT:
        expected.add(AttachExternalAccount(**made))
    else:
        expected.add(CreatePaymentMethod(**made, billing_name=None))
    assert set(decision.commands) == expected


@pytest.mark.parametrize("state", STATES)
def test_N1_a_name_is_asked_for_while_the_payment_method_is_made(state: str) -> None:
    absent = BillingNameAbsent(account="fca_1", **SENT)
    for now in known(state):
        if state != "creating":
            changes_nothing(now, absent)
            continue
        decision = decide(now, absent)
        assert (decision.state, decision.facts) == ("name_needed", now.facts)
        assert set(decision.commands) == {
            RequestBillingName(account="fca_1", session="fcsess_1"),
            told(BuildState.NAME_NEEDED),
        }


@pytest.mark.parametrize("state", STATES)
def test_N1_the_name_makes_it_if_the_account_is_still_the_same_holders(state: str) -> None:
    for now, holder, obstacle in product(known(state), HOLDERS, (None, "inactive")):
        given = BuildResumed(holder=holder, obstacle=obstacle, billing_name="Jo Doe", **SENT)
        if state != "name_needed":
            changes_nothing(now, given)
            continue
        decision = decide(now, given)
        assert decision.facts == now.facts
        if obstacle or holder != now.facts.holder:
            assert decision.state == "refused"
            assert decision.commands == (told(BuildState.REFUSED, obstacle or "other_holder"),)
        elif holder:
            assert decision.state == "creating"
            made = CreatePaymentMethod(
                account="fca_1", session="fcsess_1", holder=holder, billing_name="Jo Doe"
            )
            assert set(decision.commands) == {made, told(BuildState.CREATING)}
            (create,) = (x for x in decision.commands if isinstance(x, CreatePaymentMethod))
            assert create.billing_name == "Jo Doe"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ["payment method", "external account"])
def test_N1_what_was_made_is_watched_and_told_whatever_was_known(state: str, kind: str) -> None:
    made: Any = (
        PaymentMethodMade(account="fca_1", payment_method="pm_1", **SENT)
        if kind == "payment method"
        else ExternalAccountMade(account="fca_1", external_account="ba_1", **SENT)
    )
    id = "pm_1" if kind == "payment method" else "ba_1"
    for now in known(state):
        if state == "built":
            changes_nothing(now, made)
            continue
        decision = decide(now, made)
        assert decision.state == "built"
        assert decision.facts == now.facts.after({"made": id})
        holder = now.facts.holder
        where = holder.id if holder and kind == "external account" else None
        built = Built(account="fca_1", connected_account=where, **SENT)
        assert set(decision.commands) == {
            Send(machine="payment_method", key=id, event=built),
            told(BuildState.BUILT),
            PaymentMethodBuilt(account="fca_1", session="fcsess_1", payment_method=id),
        }


@pytest.mark.parametrize("state", STATES)
def test_N2_a_refusal_of_stripe_is_told_while_something_is_being_made(state: str) -> None:
    failed = BuildFailed(error="no_token", **SENT)
    for now in known(state):
        if state not in ("creating", "name_needed"):
            changes_nothing(now, failed)
            continue
        decision = decide(now, failed)
        assert (decision.state, decision.facts) == ("refused", now.facts)
        assert decision.commands == (told(BuildState.REFUSED, "no_token"),)
