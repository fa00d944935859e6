"""The example of an order: what must hold of it, and that fuzzing finds a fault in it."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from relink.engine import Decision
from relink.engine.fuzz import LeafCoverage, MachineTest, machine_test

from ..own_tables import examples_on_path
from ..profile import examples
from .charts import assert_every_leaf_is_reached, counterexample

with examples_on_path():
    from charts.order import (
        ArticleAdded,
        Effects,
        Order,
        OrderCancelled,
        OrderFacts,
        OrderPlaced,
        PackParcel,
        ParcelReturned,
        ParcelSent,
        PayBack,
        PaymentReceived,
        RefundGranted,
    )

FACTS = OrderFacts(id="order-1")
VALUES = {name: st.sampled_from("ab") for name in ("article", "payment", "refund", "parcel")}
"""Few ids, so that two events often have the same one."""

# ── what must hold ───────────────────────────────────────────────────────────


def never_pays_back_more_than_it_received(decision: Decision) -> str | None:
    now = decision.facts
    if now.refunded > now.received:
        return f"{now.refunded} went back of {now.received}"
    return None


def each_refund_is_sent_once(decision: Decision) -> str | None:
    old, new = decision.before.facts.refunds, decision.facts.refunds
    ids = Counter((refund.reason, refund.reference) for refund in new)
    if twice := [reference for (_, reference), count in ids.items() if count > 1]:
        return f"{twice[0]} went back twice"
    sent = [command.amount for command in decision.commands if isinstance(command, PayBack)]
    noted = [refund.amount for refund in new[len(old) :]]
    return None if sent == noted else f"{sent} was sent, and {noted} was noted"


def each_payment_counts_once(decision: Decision) -> str | None:
    grown = decision.facts.received - decision.before.facts.received
    if isinstance(decision.trigger, PaymentReceived):
        is_known = decision.trigger.payment in decision.before.facts.payments
        expected = 0 if is_known or decision.state == "cart" else decision.trigger.amount
    else:
        expected = 0
    return None if grown == expected else f"{grown} was counted instead of {expected}"


def packs_only_what_is_paid(decision: Decision) -> str | None:
    is_packed = any(isinstance(command, PackParcel) for command in decision.commands)
    if is_packed and decision.facts.received < decision.facts.total:
        return f"packed for {decision.facts.received} of {decision.facts.total}"
    return None


def does_not_change_once_placed(decision: Decision) -> str | None:
    is_placed = decision.before.state != "cart"
    return "the articles changed" if is_placed and "lines" in decision.changes else None


def keeps_nothing_once_over(decision: Decision) -> str | None:
    is_over = decision.state in ("returned", "cancelled")
    return f"{decision.facts.kept} was kept" if is_over and decision.facts.kept else None


INVARIANTS = (
    never_pays_back_more_than_it_received,
    each_refund_is_sent_once,
    each_payment_counts_once,
    packs_only_what_is_paid,
    does_not_change_once_placed,
    keeps_nothing_once_over,
)


def order_test(
    chart: type[Order], *, live: bool = False, coverage: LeafCoverage | None = None
) -> type[MachineTest]:
    """Random events, and a customer who buys something, so that more orders get somewhere."""
    base = machine_test(
        chart,
        invariants=INVARIANTS,
        facts=FACTS,
        values=VALUES,
        against_live=live,
        coverage=coverage,
    )

    class OrderTest(base):  # type: ignore[misc, valid-type]
        @precondition(lambda self: self.snapshot.state == "cart")
        @rule()
        def order_something(self) -> None:
            self.send(ArticleAdded(article="a", price=2, quantity=1))
            self.send(OrderPlaced())

        @precondition(lambda self: self.snapshot.state == "placed")
        @rule()
        def pay_rest(self) -> None:
            facts = self.snapshot.facts
            payment = f"the last after {len(facts.payments)}"
            self.send(PaymentReceived(payment=payment, amount=facts.total - facts.received))

        @precondition(lambda self: self.snapshot.state == "paid")
        @rule()
        def send_parcel(self) -> None:
            self.send(ParcelSent(parcel="a"))

    return OrderTest


TestOrder = order_test(Order, live=True).TestCase
TestOrder.settings = settings(max_examples=examples(100))


def test_random_events_reach_every_leaf() -> None:
    assert_every_leaf_is_reached(Order, order_test)


# ── faults ───────────────────────────────────────────────────────────────────


class CoversByTotal(Order):
    """A refund may be as large as the price, however much went back before."""

    def is_covered(self, facts: OrderFacts, trigger: RefundGranted) -> bool:
        return trigger.amount <= facts.total


class KeepsPartPayment(Order):
    """Who cancels gets the price back, and nothing if it was paid in part."""

    def pay_back_rest(self, facts: OrderFacts, trigger: OrderCancelled | ParcelReturned) -> Effects:
        if facts.received < facts.total:
            return []
        return Order.pay_back_rest(self, facts, trigger)


@pytest.mark.parametrize(
    ("chart", "violated", "steps"),
    [
        (
            CoversByTotal,
            "never_pays_back_more_than_it_received",
            ["payment_received", "refund_granted", "refund_granted"],
        ),
        (
            KeepsPartPayment,
            "keeps_nothing_once_over",
            ["order_placed", "payment_received", "order_cancelled"],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_fault_is_found_with_the_steps_that_lead_to_it(
    chart: type[Order], violated: str, steps: list[str]
) -> None:
    found = counterexample(order_test(chart))
    assert found.violated.startswith(f"{violated}: ")
    names = [event.name for event in found.events]
    assert (names[:2], names[-len(steps) :]) == (["article_added", "order_placed"], steps)
