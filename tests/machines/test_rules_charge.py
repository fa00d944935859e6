"""C1 to C3: whether an account may be charged, and what is next."""

from typing import Any, get_args

import pytest

from relink.machines import NextAction, RelinkPolicy
from relink.machines.events import (
    ExternalAccountReported,
    PaymentMethodMade,
    PaymentMethodReported,
)
from relink.machines.report import AccountNumber, StatusReport

from .scenario import (
    CONNECTED,
    DAY,
    Scenario,
    active,
    disconnected,
    inactive,
    number,
    relinkable,
    unrepairable,
)

UNREPAIRABLE_BLOCKS = [
    "bank_account_closed",
    "bank_account_frozen",
    "bank_account_invalid_details",
    "bank_account_restricted",
    "bank_account_unusable",
    "debit_not_authorized",
    "an_unknown_reason",
]


def working(**details: Any) -> Scenario:
    """An active account with these details."""
    s = Scenario()
    s.webhook("fca_1", active(**details))
    return s


def check_payment_method(s: Scenario, blocked: str | None) -> None:
    """A webhook reports whether the payment method made from ``fca_1`` is blocked."""
    s.happens(
        PaymentMethodReported,
        account="fca_1",
        payment_method="pm_1",
        as_of=s.now + 10,
        blocked=blocked,
    )


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
        ([number("transactable", ach=False)], ("number_pending",)),
    ],
)
def test_C1_one_of_the_listed_numbers_must_be_transactable_for_ach(
    numbers: list[AccountNumber], reasons: tuple[str, ...]
) -> None:
    assert working(numbers=tuple(numbers)).assess("fca_1").reasons == reasons


def test_C1_an_account_whose_payment_method_is_blocked_is_not_chargeable() -> None:
    s = working()
    check_payment_method(s, "bank_account_frozen")
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


def test_C2_nothing_is_next_for_an_account_that_was_replaced() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    assert s.next("fca_1") == []


# ── C3 ───────────────────────────────────────────────────────────────────────


def test_C3_a_deactivated_tokenized_number_has_lapsed_and_a_relink_repairs_it() -> None:
    s = working(numbers=(number("transactable"),))
    check_payment_method(s, "tokenized_account_number_deactivated")
    assert s.number("fca_1").state == "lapsed"
    assert s.assess("fca_1").reasons == ("number_lapsed",)
    assert s.next("fca_1") == [("relink", "number_lapsed")]
    repaired = active(numbers=(number("transactable"),))
    s.result(s.open_session("fca_1"), {"fca_1": repaired}, relinked="fca_1")
    assert s.assess("fca_1").chargeable
    assert s.next("fca_1") == []


@pytest.mark.parametrize("reason", UNREPAIRABLE_BLOCKS)
def test_C3_a_block_for_any_other_reason_stops_charges_and_no_relink_helps(reason: str) -> None:
    s = working(numbers=(number("transactable"),))
    check_payment_method(s, reason)
    assert s.assess("fca_1").reasons == (reason,)
    assert s.next("fca_1") == [("request_new_payment_method", reason)]
    assert s.number("fca_1").state == "transactable"
    assert s.request_relink("fca_1") is None


def test_C3_an_account_is_chargeable_again_when_its_block_ends() -> None:
    s = working()
    check_payment_method(s, "bank_account_frozen")
    check_payment_method(s, None)
    assert s.assess("fca_1").chargeable


def test_C3_a_stale_report_of_a_payment_method_changes_nothing() -> None:
    s = working()
    check_payment_method(s, "bank_account_frozen")
    fields = {"account": "fca_1", "payment_method": "pm_1", "blocked": None}
    s.happens(PaymentMethodReported, as_of=s.now - 60, **fields)
    assert not s.assess("fca_1").chargeable


def test_C3_an_external_account_reports_a_deactivated_number_by_its_status() -> None:
    s = working(holder=CONNECTED, numbers=(number("transactable"),))
    s.happens(
        ExternalAccountReported,
        account="fca_1",
        external_account="ba_1",
        as_of=s.now + 10,
        status="tokenized_account_number_deactivated",
    )
    assert s.number("fca_1").state == "lapsed"
    assert s.next("fca_1") == [("relink", "number_lapsed")]


def test_C3_a_block_of_an_unknown_account_asks_for_a_read() -> None:
    s = Scenario()
    check_payment_method(s, "bank_account_frozen")
    s.stripe["fca_1"] = active()
    s.perform_reads()
    assert s.assess("fca_1").reasons == ("bank_account_frozen",)


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
