"""C1 and C2: whether an account may be charged, and what is next."""

from typing import Any, get_args

import pytest

from relink.machines import NextAction, RelinkPolicy
from relink.machines.events import PaymentMethodMade
from relink.machines.report import AccountNumber, StatusReport

from .reports import (
    CONNECTED,
    DAY,
    active,
    disconnected,
    inactive,
    number,
    relinkable,
    unrepairable,
)
from .scenario import Scenario


def working(**details: Any) -> Scenario:
    """An active account with these details."""
    s = Scenario()
    s.webhook("fca_1", active(**details))
    return s


# ── C1 ───────────────────────────────────────────────────────────────────────


def test_C1_an_active_account_that_can_be_used_for_payments_is_chargeable() -> None:
    assert working().assess("fca_1").chargeable
    assert working().assess("fca_1").reasons == ()


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (relinkable(), "access_expired"),
        (unrepairable(), "account_closed"),
        (inactive(), "inactive"),
        (disconnected(), "disconnected"),
        (None, "nothing_reported_yet"),
    ],
)
def test_C1_an_account_is_chargeable_only_while_the_latest_report_is_active(
    report: StatusReport | None, reason: str
) -> None:
    s = Scenario()
    s.webhook("fca_1", report)
    assert not s.assess("fca_1").chargeable
    assert s.assess("fca_1").reasons[0] == reason


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"subcategory": "credit_card"}, "not_checking_or_savings"),
        ({"subcategory": "an_unknown_kind"}, "not_checking_or_savings"),
        ({"payment_method_types": ("link",)}, "us_bank_account_not_supported"),
        ({"permissions": ("balances",)}, "no_payment_method_permission"),
    ],
)
def test_C1_an_account_is_chargeable_only_if_it_can_be_used_for_payments(
    details: dict[str, Any], reason: str
) -> None:
    s = working(**details)
    assert s.assess("fca_1").reasons == (reason,)


@pytest.mark.parametrize("missing", ["subcategory", "payment_method_types", "permissions"])
def test_C1_an_account_is_not_chargeable_while_it_is_unknown_whether_it_can_pay(
    missing: str,
) -> None:
    assert not working(without=(missing,)).assess("fca_1").chargeable


@pytest.mark.parametrize("details", [{"numbers": ()}, {"numbers": None}, {"without": ("numbers",)}])
def test_C1_an_account_without_numbers_needs_none_to_be_chargeable(details: dict[str, Any]) -> None:
    assert working(**details).assess("fca_1").chargeable


@pytest.mark.parametrize(
    ("numbers", "reasons"),
    [
        ([number("transactable")], ()),
        ([number("deactivated"), number("transactable")], ()),
        ([number("transactable", 1_000_000 + DAY)], ()),
        ([number("expired")], ("number_lapsed",)),
        ([number("deactivated"), number("expired")], ("number_lapsed",)),
        ([number("pending")], ("number_pending",)),
        ([number("an_unknown_status")], ("number_pending",)),
        ([number("transactable", ach=False)], ()),  # it does not name its networks
        ([number("transactable").model_copy(update={"networks": ("wire",)})], ("number_pending",)),
    ],
)
def test_C1_one_of_the_listed_numbers_must_be_transactable_for_ach(
    numbers: list[AccountNumber], reasons: tuple[str, ...]
) -> None:
    assert working(numbers=tuple(numbers)).assess("fca_1").reasons == reasons


def test_C1_an_account_whose_payment_method_is_blocked_is_not_chargeable() -> None:
    s = working()
    s.checks("pm_1", "bank_account_frozen")
    assert s.assess("fca_1").reasons == ("bank_account_frozen",)


def test_C1_an_active_account_stays_chargeable_while_it_is_relinking() -> None:
    s = working(deactivates_on=1_000_000 + 3 * DAY)
    s.open_session("fca_1")
    assert s.account("fca_1").state == "relinking"
    assert s.assess("fca_1").chargeable


def test_C1_an_inactive_account_is_not_chargeable_while_it_is_relinking() -> None:
    s = working()
    s.webhook("fca_1", relinkable())
    s.open_session("fca_1")
    assert not s.assess("fca_1").chargeable


def test_C1_a_relinked_account_is_chargeable_once_it_is_reported_active() -> None:
    s = working()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert not s.assess("fca_1").chargeable
    s.webhook("fca_1", active())
    assert s.assess("fca_1").chargeable


def test_C1_chargeable_means_payable_for_a_connect_holder() -> None:
    """A payout needs no payment method type."""
    s = working(holder=CONNECTED, payment_method_types=())
    assert s.assess("fca_1").chargeable


def test_C1_the_reasons_name_everything_that_speaks_against_charging() -> None:
    s = working(subcategory="mortgage", numbers=(number("expired"),))
    assert s.assess("fca_1").reasons == ("not_checking_or_savings", "number_lapsed")


def test_C1_chargeable_is_no_mandate() -> None:
    """A new account is chargeable by its link before the customer authorizes debits."""
    s = working()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    s.happens(PaymentMethodMade, account="fca_2", payment_method="pm_1")
    assert s.assess("fca_2").chargeable
    assert s.next("fca_2") == [("collect_mandate", "new_account")]


# ── C2 ───────────────────────────────────────────────────────────────────────


def test_C2_there_are_five_actions() -> None:
    assert set(get_args(NextAction.model_fields["action"].annotation)) == {
        "relink",
        "wait",
        "collect_mandate",
        "request_new_payment_method",
        "provide_name",
    }


def test_C2_relink_comes_with_the_mode_that_is_due() -> None:
    s = working()
    s.webhook("fca_1", relinkable())
    [action] = s.assess("fca_1").next
    assert (action.action, action.mode, action.reason) == ("relink", "specific", "inactive")
    s.result(s.open_session("fca_1"), failure_reason="no_account")
    assert s.assess("fca_1").next[0].mode == "any_eligible"


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"numbers": (number("deactivated"),)}, "number_lapsed"),
        ({"numbers": (number("transactable", 1_000_000 + DAY),)}, "number_expiring"),
        ({"deactivates_on": 1_000_000 + DAY}, "announced_deactivation"),
    ],
)
def test_C2_relink_is_next_for_an_active_account_with_a_reason(
    details: dict[str, Any], reason: str
) -> None:
    assert working(**details).next("fca_1") == [("relink", reason)]


def test_C2_nothing_is_next_for_an_account_without_a_problem() -> None:
    assert working().next("fca_1") == []


def test_C2_wait_is_next_while_a_session_is_open() -> None:
    s = working(numbers=(number("expired"),))
    s.open_session("fca_1")
    assert s.next("fca_1") == [("wait", "session_open")]


def test_C2_wait_is_next_while_a_report_of_stripe_is_due() -> None:
    s = working()
    s.webhook("fca_1", inactive())
    assert s.next("fca_1") == [("wait", "stripe_was_asked")]
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.next("fca_1") == [("wait", "stripe_confirms_repair")]


def test_C2_wait_is_next_while_a_number_is_pending() -> None:
    assert working(numbers=(number("pending"),)).next("fca_1") == [("wait", "number_pending")]


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (unrepairable(), "account_closed"),
        (disconnected(), "disconnected"),
        (active(subcategory="credit_card"), "not_checking_or_savings"),
    ],
)
def test_C2_request_new_payment_method_is_next_where_a_relink_repairs_nothing(
    report: StatusReport | None, reason: str
) -> None:
    s = Scenario()
    s.webhook("fca_1", report)
    assert s.next("fca_1") == [("request_new_payment_method", reason)]


def test_C2_request_new_payment_method_is_next_without_an_authorization() -> None:
    s = Scenario()
    s.stripe["fca_1"] = relinkable(authorization=None)
    s.read("fca_1")
    assert s.next("fca_1") == [("request_new_payment_method", "no_authorization")]


def test_C2_request_new_payment_method_is_next_after_the_last_attempt() -> None:
    s = Scenario(RelinkPolicy(attempts=1))
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), failure_reason="other")
    assert s.next("fca_1") == [("request_new_payment_method", "attempts_used_up")]


def test_C1_a_replaced_account_that_never_stopped_stays_chargeable() -> None:
    """The facts say that another one is meant to be used."""
    s = working(deactivates_on=1_000_000 + 3 * DAY)
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    assert s.account("fca_1").state == "new_account_linked"
    assert s.assess("fca_1").chargeable
    assert s.account("fca_1").facts.replaced_by == "fca_2"


def test_C2_nothing_is_next_for_an_account_that_was_replaced() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    assert s.next("fca_1") == []


# ── accounts that are neither checking nor savings ───────────────────────────


@pytest.mark.parametrize("subcategory", ["credit_card", "mortgage", "line_of_credit", "other"])
def test_an_account_that_cannot_pay_is_tracked_like_any_other_and_is_never_chargeable(
    subcategory: str,
) -> None:
    s = working(subcategory=subcategory)
    assert s.account("fca_1").state == "active"
    assert s.assess("fca_1").reasons == ("not_checking_or_savings",)
    s.webhook("fca_1", relinkable(subcategory=subcategory))
    assert s.account("fca_1").state == "inactive_relinkable"
