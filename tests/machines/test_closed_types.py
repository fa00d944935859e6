"""Closed types say something about every value, and the charts know every value.

A new status fails the type check in every ``match`` over it. What a type checker cannot see is
held here: that a report can say it, that a message carries it, and that the charts know it.
"""

from itertools import product
from typing import get_args

import pytest

from relink.engine import Event
from relink.machines import CHARTS
from relink.machines.account import AccountChart
from relink.machines.account_number import AccountNumberChart
from relink.machines.authorization import AuthorizationChart
from relink.machines.events import DomainEvent
from relink.machines.freshness import REPORTS
from relink.machines.payment_method import PaymentMethodChart
from relink.machines.policy import RelinkPolicy
from relink.machines.report import AccountNumber, StatusReport
from relink.machines.reported import (
    LinkReported,
    NumbersReported,
    Reported,
)
from relink.machines.routing.links import link_report, number_report
from relink.machines.vocabulary import (
    ELIGIBLE_SUBCATEGORIES,
    NO_ACTION,
    PAYMENT_METHOD,
    RELINK_REQUIRED,
    AccountState,
    NumberStatus,
    PaymentMethodState,
    Permission,
    ReportedStatus,
)

WHOLE = DomainEvent(causation_id="evt_1", at=100.0, policy=RelinkPolicy())


def messages_of(kind: type[Reported]) -> dict[str, type[Event]]:
    """The messages that carry a report, by the status that they carry."""
    return {str(message.reported_status): message for message in kind.__subclasses__()}


def test_a_report_can_say_every_status_of_an_account_and_nothing_else() -> None:
    statuses = ["active", "inactive", "disconnected", "invented", None]
    actions = [RELINK_REQUIRED, NO_ACTION, "invented", None]
    said = {
        ReportedStatus.of(status, action, says)
        for status, action, says in product(statuses, actions, [True, False])
    }
    assert said == {*ReportedStatus, None}


@pytest.mark.parametrize("status", ReportedStatus)
def test_every_status_of_an_account_has_a_message_that_its_charts_know(
    status: ReportedStatus,
) -> None:
    message = messages_of(LinkReported)[status]
    assert message in AccountChart.alphabet
    assert message in AuthorizationChart.alphabet
    assert message.name in REPORTS.split()


@pytest.mark.parametrize("status", NumberStatus)
def test_every_status_of_numbers_has_a_message_that_their_chart_knows(
    status: NumberStatus,
) -> None:
    assert messages_of(NumbersReported)[status] in AccountNumberChart.alphabet


@pytest.mark.parametrize("status", ["active", "inactive", "disconnected"])
@pytest.mark.parametrize("said", [{"action": a} for a in (RELINK_REQUIRED, NO_ACTION, None)] + [{}])
def test_a_report_is_sorted_into_the_message_of_its_status(
    status: str, said: dict[str, str | None]
) -> None:
    reported = link_report(WHOLE, 100, False, StatusReport(status=status, **said))
    assert isinstance(reported, LinkReported)
    assert reported.reported_status is ReportedStatus.of(status, said.get("action"), bool(said))


def test_numbers_are_sorted_into_the_message_of_their_status() -> None:
    paying = {"status": "transactable", "networks": ("ach",)}
    lists = {
        NumberStatus.TRANSACTABLE: [AccountNumber(**paying)],
        NumberStatus.EXPIRING: [AccountNumber(**paying, expires_on=200)],
        NumberStatus.PENDING: [AccountNumber(status="pending")],
        NumberStatus.LAPSED: [AccountNumber(status="expired")],
    }
    for status, numbers in lists.items():
        reported = number_report(WHOLE, 100, False, StatusReport(numbers=tuple(numbers)))
        assert reported.reported_status is status
    assert set(lists) == set(NumberStatus)


def test_states_that_decisions_branch_on_are_those_of_the_charts() -> None:
    assert set(AccountState) == set(AccountChart.table().states)
    assert set(PaymentMethodState) == set(PaymentMethodChart.table().states)


def test_inactive_agrees_with_every_inactive_status_and_all_others_only_with_themselves() -> None:
    for one, other in product(ReportedStatus, ReportedStatus):
        is_open = ReportedStatus.INACTIVE in (one, other)
        agree = one is other or (is_open and one.is_inactive and other.is_inactive)
        assert one.agrees_with(other) == agree


def test_a_status_never_agrees_with_one_of_another_kind() -> None:
    assert not any(a.agrees_with(b) for a, b in product(ReportedStatus, NumberStatus))
    assert not any(b.agrees_with(a) for a, b in product(ReportedStatus, NumberStatus))


def test_the_policy_offers_what_stripe_knows() -> None:
    policy = RelinkPolicy()
    assert PAYMENT_METHOD in get_args(Permission)
    assert policy.permissions == (PAYMENT_METHOD,)
    assert policy.subcategories == ELIGIBLE_SUBCATEGORIES


def test_every_chart_decides_every_event_of_its_alphabet() -> None:
    for chart in CHARTS.values():
        table = chart.table()
        pairs = {(leaf.source, leaf.event) for leaf in table.leaves()}
        assert pairs == set(product(table.states, table.events))
