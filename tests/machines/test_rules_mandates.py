"""N3: payment methods that lack a mandate."""

import pytest

from relink.machines.commands import CollectMandate
from relink.machines.events import (
    AccountResumed,
    AccountRetired,
    MandateCollected,
    MandateReported,
    PaymentMethodMade,
    PaymentMethodReported,
)
from relink.machines.vocabulary import NUMBER_DEACTIVATED

from .payment_methods import WELL, account_that_works, new_payment_method
from .reports import active, number, relinkable
from .scenario import Scenario


def inactive_mandate(s: Scenario, created: int | None = None) -> None:
    """A webhook says that the mandate of ``pm_1`` is inactive."""
    as_of = s.now + 10 if created is None else created
    fields = {"payment_method": "pm_1", "as_of": as_of, "read": False}
    s.happens(MandateReported, status="inactive", **fields)


def mandates(s: Scenario) -> list[tuple[str, str]]:
    """The mandates that the service was asked for."""
    return [(c.payment_method, c.reason) for c in s.asked_for(CollectMandate)]


def test_N3_a_mandate_that_stripe_reports_inactive_is_due_again() -> None:
    s = new_payment_method()
    s.happens(MandateCollected, account="fca_1")
    assert s.next("fca_1") == []
    inactive_mandate(s)
    assert s.next("fca_1") == [("collect_mandate", "mandate_inactive")]
    assert s.assess("fca_1").chargeable
    s.happens(MandateCollected, account="fca_1", payment_method="pm_1")
    assert s.next("fca_1") == []


def test_N3_the_end_of_an_earlier_mandate_is_not_the_end_of_the_one_that_was_collected_since() -> (
    None
):
    s = new_payment_method()
    before = s.now
    s.happens(MandateCollected, account="fca_1")
    inactive_mandate(s, created=before)
    assert s.next("fca_1") == []


def test_N3_a_missing_mandate_is_asked_for_once_until_it_is_collected() -> None:
    s = new_payment_method()
    for _ in range(2):
        inactive_mandate(s)
    assert mandates(s) == [("pm_1", "new_account")]
    s.happens(MandateCollected, account="fca_1")
    inactive_mandate(s)
    assert mandates(s) == [("pm_1", "new_account"), ("pm_1", "mandate_inactive")]
    assert not s.assess("fca_1").may_debit


def test_N3_a_mandate_that_ends_again_is_another_one() -> None:
    s = new_payment_method()
    for _ in range(3):
        s.happens(MandateCollected, account="fca_1")
        inactive_mandate(s)
    asked = [command.id for command in s.asked_for(CollectMandate)]
    assert len(asked) == 4
    assert len(set(asked)) == 4


def test_N3_a_mandate_that_is_missing_during_a_block_is_asked_for_when_the_block_ends() -> None:
    s = new_payment_method()
    s.happens(MandateCollected, account="fca_1")
    s.checks("pm_1", "bank_account_frozen")
    inactive_mandate(s)
    assert mandates(s) == [("pm_1", "new_account")]
    s.checks("pm_1")
    assert mandates(s)[1:] == [("pm_1", "mandate_inactive")]


def test_N3_a_mandate_that_is_missing_is_next_once_the_number_of_a_blocked_one_pays_again() -> None:
    s = new_payment_method()
    s.checks("pm_1", "tokenized_account_number_deactivated")
    assert ("collect_mandate", "new_account") not in s.next("fca_1")
    s.webhook("fca_1", active(numbers=(number("transactable"),)))
    assert s.assess("fca_1").chargeable
    assert not s.assess("fca_1").may_debit
    assert s.next("fca_1") == [("collect_mandate", "new_account")]


def test_N3_a_block_does_not_make_a_missing_mandate_another_one() -> None:
    s = new_payment_method()
    s.checks("pm_1", "bank_account_frozen")
    s.checks("pm_1")
    assert mandates(s) == [("pm_1", "new_account")]


def test_N3_a_mandate_collected_during_a_block_can_be_missing_again_afterwards() -> None:
    s = new_payment_method()
    s.checks("pm_1", "bank_account_frozen")
    s.happens(MandateCollected, account="fca_1")
    inactive_mandate(s)
    s.checks("pm_1")
    assert mandates(s)[1:] == [("pm_1", "mandate_inactive")]


def test_P4_no_mandate_is_asked_for_while_the_account_is_retired() -> None:
    s = new_payment_method()
    s.happens(MandateCollected, account="fca_1")
    s.happens(AccountRetired, account="fca_1")
    inactive_mandate(s)
    assert mandates(s) == [("pm_1", "new_account")]
    s.happens(AccountResumed, account="fca_1")
    assert mandates(s)[1:] == [("pm_1", "mandate_inactive")]


def test_N3_a_mandate_is_asked_for_once_the_account_works_again() -> None:
    s = new_payment_method()
    s.happens(MandateCollected, account="fca_1")
    s.webhook("fca_1", relinkable())
    inactive_mandate(s)
    assert mandates(s) == [("pm_1", "new_account")]
    s.webhook("fca_1", active())
    assert mandates(s)[1:] == [("pm_1", "mandate_inactive")]


def test_N3_a_mandate_that_ends_before_the_payment_method_is_known_is_due() -> None:
    s = account_that_works()
    unclear = {"account": None, "report": None, "as_of": s.now, "read": False}
    s.happens(PaymentMethodReported, payment_method="pm_1", **unclear)
    inactive_mandate(s)
    s.happens(PaymentMethodMade, account="fca_1", payment_method="pm_1")
    assert s.payment_method("pm_1").state == "mandate_needed"
    assert s.next("fca_1") == [("collect_mandate", "new_account")]
    s.happens(MandateCollected, account="fca_1")
    assert s.next("fca_1") == []


@pytest.mark.parametrize("status", ["active", "pending", "an_unknown_status"])
def test_N3_any_other_status_of_a_mandate_asks_for_nothing(status: str) -> None:
    s = new_payment_method()
    s.happens(MandateCollected, account="fca_1")
    fields = {"payment_method": "pm_1", "as_of": s.now + 10, "read": False}
    s.happens(MandateReported, status=status, **fields)
    assert s.next("fca_1") == []


def test_N3_a_block_that_ends_leaves_the_mandate_that_is_due() -> None:
    s = new_payment_method()
    s.checks("pm_1", "bank_account_frozen")
    inactive_mandate(s)
    s.checks("pm_1")
    assert s.payment_method("pm_1").state == "mandate_needed"


def test_N3_the_mandate_of_one_payment_method_is_not_the_mandate_of_another() -> None:
    s = new_payment_method()
    s.checks("pm_2")
    s.happens(
        MandateReported, payment_method="pm_2", as_of=s.now + 10, read=False, status="inactive"
    )
    s.happens(MandateCollected, account="fca_1", payment_method="pm_1")
    assert s.payment_method("pm_1").state == "ready"
    assert s.payment_method("pm_2").state == "mandate_needed"


def test_N3_a_mandate_is_asked_for_while_the_number_pays_although_its_block_stands() -> None:
    """The number is known to pay by the newer report, so the block is no obstacle (C3)."""
    s = new_payment_method()
    s.happens(MandateCollected, account="fca_1")
    s.checks("pm_1", NUMBER_DEACTIVATED)
    inactive_mandate(s)
    assert mandates(s) == [("pm_1", "new_account")]
    s.webhook("fca_1", active(numbers=WELL), created=s.now + 10)
    assert s.assess("fca_1").chargeable
    assert not s.assess("fca_1").may_debit
    assert s.next("fca_1") == [("collect_mandate", "mandate_inactive")]
    assert mandates(s)[1:] == [("pm_1", "mandate_inactive")]


@pytest.mark.parametrize(
    ("field", "unfit"),
    [
        ("permissions", ("balances",)),
        ("subcategory", "credit_card"),
        ("payment_method_types", ("link",)),
    ],
)
def test_N3_a_mandate_that_ends_while_the_account_is_unfit_is_asked_for_once_a_report_mends_it(
    field: str, unfit: object
) -> None:
    s = new_payment_method()
    s.happens(MandateCollected, account="fca_1")
    s.webhook("fca_1", active(**{field: unfit}))
    inactive_mandate(s)
    assert mandates(s) == [("pm_1", "new_account")]
    s.webhook("fca_1", active())
    assert mandates(s) == [("pm_1", "new_account"), ("pm_1", "mandate_inactive")]
