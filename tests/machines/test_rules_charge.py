"""C1 to C3: may an account be charged, and what is to be done next?"""

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

UNMENDABLE = [
    "bank_account_closed",
    "bank_account_frozen",
    "bank_account_invalid_details",
    "bank_account_restricted",
    "bank_account_unusable",
    "debit_not_authorized",
    "a_reason_of_tomorrow",
]


def working(**details: Any) -> Scenario:
    """An active account with these details."""
    s = Scenario()
    s.webhook("fca_1", active(**details))
    return s


def check_payment_method(s: Scenario, blocked: str | None) -> None:
    """A webhook tells whether the payment method made from ``fca_1`` is blocked."""
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
    ("said", "reason"),
    [
        (relinkable(), "access_expired"),
        (unrepairable(), "account_closed"),
        (inactive(), "inactive"),
        (disconnected(), "disconnected"),
        (None, "nothing_reported_yet"),
    ],
)
def test_C1_only_while_stripes_latest_word_is_active(
    said: StatusReport | None, reason: str
) -> None:
    s = Scenario()
    s.webhook("fca_1", said)
    assert not s.assess("fca_1").chargeable
    assert s.assess("fca_1").reasons[0] == reason


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"subcategory": "credit_card"}, "not_checking_or_savings"),
        ({"subcategory": "a_kind_of_tomorrow"}, "not_checking_or_savings"),
        ({"payment_method_types": ("link",)}, "us_bank_account_not_supported"),
        ({"permissions": ("balances",)}, "no_payment_method_permission"),
    ],
)
def test_C1_only_if_it_can_be_used_for_payments(details: dict[str, Any], reason: str) -> None:
    s = working(**details)
    assert s.assess("fca_1").reasons == (reason,)


@pytest.mark.parametrize("missing", ["subcategory", "payment_method_types", "permissions"])
def test_C1_and_only_if_that_is_known(missing: str) -> None:
    assert not working(without=(missing,)).assess("fca_1").chargeable


@pytest.mark.parametrize("details", [{"numbers": ()}, {"numbers": None}, {"without": ("numbers",)}])
def test_C1_without_numbers_none_is_needed(details: dict[str, Any]) -> None:
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
        ([number("a_status_of_tomorrow")], ("number_pending",)),
        ([number("transactable", ach=False)], ("number_pending",)),
    ],
)
def test_C1_of_its_numbers_one_must_be_transactable_for_ach(
    numbers: list[AccountNumber], reasons: tuple[str, ...]
) -> None:
    assert working(numbers=tuple(numbers)).assess("fca_1").reasons == reasons


def test_C1_and_its_payment_method_must_not_be_known_to_be_blocked() -> None:
    s = working()
    check_payment_method(s, "bank_account_frozen")
    assert s.assess("fca_1").reasons == ("bank_account_frozen",)


def test_C1_relinking_and_still_active_it_stays_chargeable() -> None:
    s = working(deactivates_on=1_000_000 + 3 * DAY)
    s.open_session("fca_1")
    assert s.account("fca_1").state == "relinking"
    assert s.assess("fca_1").chargeable


def test_C1_relinking_and_inactive_it_is_not() -> None:
    s = working()
    s.webhook("fca_1", relinkable())
    s.open_session("fca_1")
    assert not s.assess("fca_1").chargeable


def test_C1_relinked_it_is_chargeable_when_stripe_says_so() -> None:
    s = working()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert not s.assess("fca_1").chargeable
    s.webhook("fca_1", active())
    assert s.assess("fca_1").chargeable


def test_C1_of_a_connect_holder_it_means_payable() -> None:
    """A payout needs no payment method type."""
    s = working(holder=CONNECTED, payment_method_types=())
    assert s.assess("fca_1").chargeable


def test_C1_it_says_all_that_speaks_against_it() -> None:
    s = working(subcategory="mortgage", numbers=(number("expired"),))
    assert s.assess("fca_1").reasons == ("not_checking_or_savings", "number_lapsed")


def test_C1_it_is_no_mandate() -> None:
    """A new account is chargeable by its link, while the customer's word is still missing."""
    s = working()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    s.happens(PaymentMethodMade, account="fca_2", payment_method="pm_1")
    assert s.assess("fca_2").chargeable
    assert s.next("fca_2") == [("collect_mandate", "new_account")]


# ── C2 ───────────────────────────────────────────────────────────────────────


def test_C2_the_actions_are_these() -> None:
    assert set(get_args(NextAction.model_fields["action"].annotation)) == {
        "relink",
        "wait",
        "collect_mandate",
        "request_new_payment_method",
        "provide_name",
    }


def test_C2_relink_with_the_mode_that_is_due() -> None:
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
def test_C2_relink_of_an_account_that_works(details: dict[str, Any], reason: str) -> None:
    assert working(**details).next("fca_1") == [("relink", reason)]


def test_C2_nothing_where_all_is_well() -> None:
    assert working().next("fca_1") == []


def test_C2_wait_for_an_open_session() -> None:
    s = working(numbers=(number("expired"),))
    s.open_session("fca_1")
    assert s.next("fca_1") == [("wait", "session_open")]


def test_C2_wait_for_stripes_word() -> None:
    s = working()
    s.webhook("fca_1", inactive())
    assert s.next("fca_1") == [("wait", "stripe_was_asked")]
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.next("fca_1") == [("wait", "stripe_confirms_repair")]


def test_C2_wait_for_a_number() -> None:
    assert working(numbers=(number("pending"),)).next("fca_1") == [("wait", "number_pending")]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (unrepairable(), "account_closed"),
        (disconnected(), "disconnected"),
        (active(subcategory="credit_card"), "not_checking_or_savings"),
    ],
)
def test_C2_request_new_payment_method_where_a_relink_helps_nothing(
    said: StatusReport | None, reason: str
) -> None:
    s = Scenario()
    s.webhook("fca_1", said)
    assert s.next("fca_1") == [("request_new_payment_method", reason)]


def test_C2_or_is_not_to_be_had() -> None:
    s = Scenario()
    s.stripe["fca_1"] = relinkable(authorization=None)
    s.read("fca_1")
    assert s.next("fca_1") == [("request_new_payment_method", "no_authorization")]


def test_C2_or_was_tried_in_vain() -> None:
    s = Scenario(RelinkPolicy(attempts=1))
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), failure_reason="other")
    assert s.next("fca_1") == [("request_new_payment_method", "attempts_used_up")]


def test_C2_nothing_more_for_an_account_that_was_replaced() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    assert s.next("fca_1") == []


# ── C3 ───────────────────────────────────────────────────────────────────────


def test_C3_a_deactivated_tokenized_number_has_lapsed_and_a_relink_mends_it() -> None:
    s = working(numbers=(number("transactable"),))
    check_payment_method(s, "tokenized_account_number_deactivated")
    assert s.number("fca_1").state == "lapsed"
    assert s.assess("fca_1").reasons == ("number_lapsed",)
    assert s.next("fca_1") == [("relink", "number_lapsed")]
    mended = active(numbers=(number("transactable"),))
    s.result(s.open_session("fca_1"), {"fca_1": mended}, relinked="fca_1")
    assert s.assess("fca_1").chargeable
    assert s.next("fca_1") == []


@pytest.mark.parametrize("reason", UNMENDABLE)
def test_C3_for_any_other_reason_it_is_not_chargeable_and_no_relink_helps(reason: str) -> None:
    s = working(numbers=(number("transactable"),))
    check_payment_method(s, reason)
    assert s.assess("fca_1").reasons == (reason,)
    assert s.next("fca_1") == [("request_new_payment_method", reason)]
    assert s.number("fca_1").state == "transactable"
    assert s.request_relink("fca_1") is None


def test_C3_a_block_that_ends_leaves_it_chargeable() -> None:
    s = working()
    check_payment_method(s, "bank_account_frozen")
    check_payment_method(s, None)
    assert s.assess("fca_1").chargeable


def test_C3_an_older_check_changes_nothing() -> None:
    s = working()
    check_payment_method(s, "bank_account_frozen")
    fields = {"account": "fca_1", "payment_method": "pm_1", "blocked": None}
    s.happens(PaymentMethodReported, as_of=s.now - 60, **fields)
    assert not s.assess("fca_1").chargeable


def test_C3_an_external_account_says_it_by_its_status() -> None:
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


def test_C3_of_an_account_that_nobody_knows_it_asks_for_a_read() -> None:
    s = Scenario()
    check_payment_method(s, "bank_account_frozen")
    s.stripe["fca_1"] = active()
    s.perform_reads()
    assert s.assess("fca_1").reasons == ("bank_account_frozen",)


# ── accounts that are neither checking nor savings ───────────────────────────


@pytest.mark.parametrize("subcategory", ["credit_card", "mortgage", "line_of_credit", "other"])
def test_an_account_that_cannot_pay_is_tracked_like_any_other_and_never_charged(
    subcategory: str,
) -> None:
    s = working(subcategory=subcategory)
    assert s.account("fca_1").state == "active"
    assert s.assess("fca_1").reasons == ("not_checking_or_savings",)
    s.webhook("fca_1", relinkable(subcategory=subcategory))
    assert s.account("fca_1").state == "inactive_relinkable"
