"""C1, C3, C4, N1 to N4: what is built on an account, and what happens to it."""

from itertools import permutations
from typing import Any

import pytest

from .starts import down, replaced_while_down
from .story import Number, Story, Webhook, number

TOKEN = "tokenized_account_number_deactivated"


def relinked_as_new(holder: str = "cus_1") -> Story:
    """An account that was replaced by ``fca_2``, on which ``pm_2`` or ``ba_2`` is ready."""
    s = replaced_while_down(holder)
    s.collect_mandate("fca_2")
    s.sent.clear()
    return s


def with_two() -> Story:
    """An account with two payment methods."""
    s = Story()
    s.link("fca_1")
    s.use("pm_1", of="fca_1")
    s.use("pm_2", of="fca_1")
    return s


# ── external accounts ────────────────────────────────────────────────────────


@pytest.mark.parametrize("webhook", ["preview", "ga", "lost"])
@pytest.mark.parametrize("status", ["errored", "verification_failed", "quarantined"])
def test_C3_an_external_account_that_is_not_well_is_not_payable(
    status: str, webhook: Webhook
) -> None:
    s = relinked_as_new("acct_1")
    assert s.charge("fca_2")
    s.rate("ba_2", status, webhook=webhook)
    if webhook == "lost":
        s.sweep()
    assert not s.charge("fca_2")
    assert s.next("fca_2") == ["request_new_payment_method"]
    assert len(s.requests) == 1


@pytest.mark.parametrize("status", ["new", "validated", "verified"])
def test_C3_an_external_account_that_is_well_is_payable(status: str) -> None:
    s = relinked_as_new("acct_1")
    s.rate("ba_2", "errored")
    s.rate("ba_2", status)
    assert s.charge("fca_2")


def test_C3_an_external_account_with_a_deactivated_number_is_repaired_by_a_relink() -> None:
    s = relinked_as_new("acct_1")
    s.rate("ba_2", TOKEN)
    assert not s.charge("fca_2")
    assert s.next("fca_2") == ["relink"]
    assert s.messages == ["day 0: prompt fca_2"]


def test_N4_a_deleted_external_account_is_gone() -> None:
    s = relinked_as_new("acct_1")
    s.delete("ba_2")
    assert not s.charge("fca_2")
    assert s.sent[0] == "day 0: gone ba_2"


# ── payment methods ──────────────────────────────────────────────────────────


def test_C3_a_block_is_kept_by_payment_method() -> None:
    s = with_two()
    s.block("pm_1", "bank_account_closed")
    assert not s.charge("fca_1", "pm_1")
    assert s.charge("fca_1", "pm_2")
    assert s.charge("fca_1")
    s.block("pm_2", None)
    assert not s.charge("fca_1", "pm_1")
    assert s.sent == []


def test_C3_another_payment_method_is_requested_when_none_is_well() -> None:
    s = with_two()
    s.block("pm_1", "bank_account_closed")
    assert s.requests == []
    s.block("pm_2", "debit_not_authorized")
    assert not s.charge("fca_1")
    assert len(s.requests) == 1
    s.block("pm_1", None)
    assert s.charge("fca_1")
    assert not s.charge("fca_1", "pm_2")


def test_C4_a_block_that_is_reported_again_is_asked_about_once() -> None:
    s = Story()
    s.link("fca_1")
    s.use("pm_1", of="fca_1")
    for _ in range(3):
        s.block("pm_1", "bank_account_closed")
        s.refresh("pm_1")
    s.sweep()
    assert s.requests == ["day 0: request fca_1 (bank_account_closed)"]


def test_C4_a_block_that_is_lifted_and_comes_back_is_another_cause() -> None:
    s = Story()
    s.link("fca_1")
    s.use("pm_1", of="fca_1")
    s.block("pm_1", "bank_account_frozen")
    s.block("pm_1", None)
    s.on_day(3)
    s.block("pm_1", "bank_account_frozen")
    assert len(s.requests) == 2


@pytest.mark.parametrize("how", ["thin", "lost"])
def test_K6_a_thin_or_lost_notification_of_a_payment_method_is_made_good_by_a_read(
    how: Webhook,
) -> None:
    s = relinked_as_new()
    s.block("pm_2", "bank_account_closed", webhook=how)
    if how == "lost":
        assert s.charge("fca_2")
        s.sweep()
    assert s.reads.count("pm_2") >= 1
    assert not s.charge("fca_2")
    assert s.requests == ["day 0: request fca_2 (bank_account_closed)"]


def test_K6_a_thin_notification_of_a_payment_method_that_is_not_known_is_read() -> None:
    s = Story()
    s.link("fca_1")
    s.stripe.add_payment_method("pm_1", "fca_1")
    s.block("pm_1", "bank_account_closed", webhook="thin")
    assert not s.charge("fca_1", "pm_1")


def test_C3_a_lifted_block_for_a_deactivated_number_makes_it_chargeable_at_once() -> None:
    s = relinked_as_new()
    s.block("pm_2", TOKEN)
    assert not s.charge("fca_2")
    assert s.next("fca_2") == ["relink"]
    s.held = True
    s.block("pm_2", None)
    assert s.charge("fca_2")
    s.held = False
    s.on_day(20)
    assert s.messages == ["day 0: prompt fca_2"]


def test_C3_a_number_that_pays_again_is_newer_than_the_block() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable"),))
    s.use("pm_1", of="fca_1")
    s.block("pm_1", TOKEN)
    assert not s.charge("fca_1")
    s.renumber("fca_1", number("transactable"))
    assert s.charge("fca_1")


def test_C3_a_block_for_a_deactivated_number_is_newer_than_the_numbers() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable"),))
    s.use("pm_1", of="fca_1")
    s.block("pm_1", TOKEN, webhook="late")
    s.report("fca_1")  # the number pays, and this is newer than the block
    s.arrive_late()
    assert s.charge("fca_1")


def test_C3_a_block_never_lifts_another_block() -> None:
    s = Story()
    s.link("fca_1")
    s.use("pm_1", of="fca_1")
    s.block("pm_1", "bank_account_closed")
    s.block("pm_1", TOKEN, webhook="late")
    s.block("pm_1", "bank_account_frozen")
    s.arrive_late()
    assert not s.charge("fca_1", "pm_1")
    assert s.next("fca_1") == ["request_new_payment_method"]


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_K1_the_latest_of_several_blocks_counts_in_any_order(order: tuple[int, ...]) -> None:
    s = Story()
    s.link("fca_1")
    s.use("pm_1", of="fca_1")
    for reason in ("bank_account_closed", TOKEN, None):
        s.block("pm_1", reason, webhook="late")
    s.arrive_late(order)
    assert s.charge("fca_1")
    assert s.charge("fca_1", "pm_1")
    assert s.next("fca_1") == []


@pytest.mark.parametrize("numbers", [(), None])
def test_C3_a_list_without_numbers_does_not_repair_a_deactivated_number(
    numbers: tuple[Number, ...] | None,
) -> None:
    s = Story()
    s.link("fca_1")
    s.stripe.objects["fca_1"]["account_numbers"] = None if numbers is None else []
    s.use("pm_1", of="fca_1")
    s.block("pm_1", TOKEN)
    s.report("fca_1")
    s.refresh("fca_1")
    assert not s.charge("fca_1")
    assert s.next("fca_1") == ["relink"]
    s.on_day(3)
    assert s.messages == ["day 0: prompt fca_1", "day 2: reminder 1 fca_1"]


def test_C3_a_relink_repairs_a_payment_method_with_a_deactivated_number() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable"),))
    s.use("pm_1", of="fca_1")
    s.renumber("fca_1", number("deactivated"))
    s.block("pm_1", TOKEN)
    s.relink(s.open_session("fca_1"))
    assert s.charge("fca_1")
    s.block("pm_1", None)
    s.on_day(20)
    assert s.messages == ["day 0: prompt fca_1"]
    assert s.charge("fca_1", "pm_1")


def test_C3_a_relinked_external_account_waits_until_stripe_says_that_it_is_well() -> None:
    s = relinked_as_new("acct_1")
    s.rate("ba_2", TOKEN)
    s.relink(s.open_session("fca_2"))
    assert not s.charge("fca_2")
    assert s.next("fca_2") != []
    s.rate("ba_2", "verified")
    assert s.charge("fca_2")
    assert s.next("fca_2") == []


def test_C3_no_more_than_twenty_payment_methods_of_an_account_are_kept() -> None:
    s = Story()
    s.link("fca_1")
    names = [f"pm_{n}" for n in range(1, 31)]
    for name in names:
        s.use(name, of="fca_1")
    for name in names:
        s.block(name, "bank_account_closed")
    assert len(s.facts("fca_1").payment_methods) == 20
    assert not s.charge("fca_1")
    assert s.requests == ["day 0: request fca_1 (bank_account_closed)"]


def test_N4_a_detached_payment_method_is_gone_and_the_service_is_told() -> None:
    s = relinked_as_new()
    s.detach("pm_2")
    s.block("pm_2", None)
    assert not s.charge("fca_2", "pm_2")
    assert not s.charge("fca_2")
    assert s.sent == ["day 0: gone pm_2", "day 0: request fca_2 (gone)"]


@pytest.mark.parametrize("how", ["thin", "lost"])
def test_N4_a_thin_or_lost_notification_of_a_detached_payment_method_is_made_good(
    how: Webhook,
) -> None:
    s = relinked_as_new()
    s.detach("pm_2", webhook=how)
    if how == "lost":
        s.sweep()
    assert not s.charge("fca_2", "pm_2")
    assert s.sent[0] == "day 0: gone pm_2"


def test_N4_a_payment_method_that_stripe_does_not_find_is_gone() -> None:
    s = relinked_as_new()
    s.vanish("pm_2")
    s.sweep()
    s.on_day(2)
    assert not s.charge("fca_2", "pm_2")
    assert s.sent == ["day 0: gone pm_2", "day 0: request fca_2 (gone)"]


def test_N4_a_payment_method_that_is_gone_leaves_the_other_one() -> None:
    s = with_two()
    s.detach("pm_1")
    assert not s.charge("fca_1", "pm_1")
    assert s.charge("fca_1", "pm_2")
    assert s.charge("fca_1")
    assert s.requests == []


# ── what follows for the service ─────────────────────────────────────────────


def test_N3_an_inactive_mandate_is_to_be_collected_again() -> None:
    s = relinked_as_new()
    assert s.next("fca_2") == []
    s.revoke_mandate("pm_2")
    assert s.next("fca_2") == ["collect_mandate"]


def test_N3_the_mandate_of_each_payment_method_is_collected_by_itself() -> None:
    s = with_two()
    s.revoke_mandate("pm_1")
    assert s.next("fca_1") == ["collect_mandate"]
    s.collect_mandate("fca_1", "pm_2")
    assert s.next("fca_1") == ["collect_mandate"]
    s.collect_mandate("fca_1", "pm_1")
    assert s.next("fca_1") == []


def test_N1_a_missing_billing_name_suspends_the_build() -> None:
    s = down()
    s.nameless = True
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    assert s.next("fca_2") == ["provide_name"]
    s.name("fca_2")
    assert s.next("fca_2") == ["collect_mandate"]
    assert "pm_2" in s.stripe.objects


UNFIT: dict[str, dict[str, Any]] = {
    "closed": {"status": "inactive", "status_details": {"inactive": {"action": "none"}}},
    "without the permission": {"permissions": ["balances"]},
    "a credit card": {"subcategory": "credit_card"},
    "without bank debits": {"supported_payment_method_types": ["link"]},
    "without a customer": {"account_holder": None},
}


@pytest.mark.parametrize("how", UNFIT)
def test_N1_another_payment_method_is_requested_once_for_an_unfit_account(how: str) -> None:
    s = down(holder=None if how == "without a customer" else "cus_1")
    session = s.open_session("fca_1", mode="any_eligible")
    s.link("fca_2", authorization="fcauth_2", webhook="lost", **UNFIT[how])
    s.end(session, "succeeded", accounts=["fca_2"])
    s.report("fca_2", "fca_2")
    s.read_result(session)
    s.on_day(10)
    assert "pm_2" not in s.stripe.objects
    assert s.state("fca_1") == "new_account_linked"
    assert len([line for line in s.requests if "fca_2" in line]) == 1
    assert s.next("fca_2") == ["request_new_payment_method"]


def test_C1_a_number_of_an_unknown_status_or_network_does_not_pay() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("quarantined"),))
    s.link("fca_2", numbers=(number("transactable", networks=("us_domestic_wire",)),))
    s.link("fca_3", numbers=(number("transactable", networks=()),))
    assert not s.charge("fca_1")
    assert not s.charge("fca_2")
    assert s.charge("fca_3")


def test_C1_an_account_with_an_open_session_that_still_works_is_chargeable() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=5)
    s.open_session("fca_1")
    assert s.state("fca_1") == "relinking"
    assert s.charge("fca_1")


@pytest.mark.parametrize("holder", ["cus_1", "acct_1"])
def test_C4_a_refused_build_is_asked_about_once(holder: str) -> None:
    s = down(holder)
    s.refusing = "bank_account_unusable"
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    s.report("fca_2")
    s.on_day(3)
    s.sweep()
    assert s.requests == ["day 0: request fca_2 (bank_account_unusable)"]
    assert s.next("fca_2") == ["request_new_payment_method"]


def test_C3_a_payment_method_that_the_service_makes_is_another_way_after_a_refused_build() -> None:
    s = down()
    s.refusing = "bank_account_unusable"
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    s.use("pm_9", of="fca_2")
    assert s.charge("fca_2")
    assert s.next("fca_2") == []


def test_N4_a_payment_method_that_the_service_makes_is_another_way_after_one_is_gone() -> None:
    s = relinked_as_new()
    s.detach("pm_2")
    assert s.next("fca_2") == ["request_new_payment_method"]
    s.use("pm_9", of="fca_2")
    assert s.charge("fca_2")
    assert s.next("fca_2") == []


def test_N1_a_new_account_whose_number_is_pending_is_chargeable_once_it_is_there() -> None:
    s = down()
    session = s.open_session("fca_1", mode="any_eligible")
    s.link("fca_2", numbers=(number("pending"),), webhook="lost")
    s.end(session, "succeeded", accounts=["fca_2"])
    assert s.next("fca_2") == ["wait", "collect_mandate"]
    assert not s.charge("fca_2")
    s.renumber("fca_2", number("transactable"))
    assert s.next("fca_2") == ["collect_mandate"]
    assert s.charge("fca_2")
