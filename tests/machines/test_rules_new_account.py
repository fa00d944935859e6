"""N1 to N3: what is built on a new account, and what is left to the service."""

import pytest

from relink.machines import commands
from relink.machines.commands import (
    AttachExternalAccount,
    CollectMandate,
    CreatePaymentMethod,
    PaymentMethodBuilt,
    RequestBillingName,
    RequestNewPaymentMethod,
    RetrieveAccount,
)
from relink.machines.events import (
    BillingNameAbsent,
    BillingNameGiven,
    CommandFailed,
    ExternalAccountMade,
    MandateCollected,
    PaymentMethodMade,
)
from relink.machines.report import Holder, StatusReport

from .reports import CONNECTED, CUSTOMER, active, inactive, relinkable, unrepairable
from .scenario import Scenario


def linked(new: StatusReport, holder: Holder | None = CUSTOMER, webhook: bool = False) -> Scenario:
    """The customer of ``fca_1`` linked ``fca_2`` instead."""
    s = Scenario()
    s.webhook("fca_1", relinkable(holder=holder))
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": new}, webhook=webhook)
    return s


def made() -> Scenario:
    """The same, and a payment method was made from ``fca_2``."""
    s = linked(active())
    s.happens(PaymentMethodMade, account="fca_2", payment_method="pm_1")
    return s


# ── N1 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("subcategory", ["checking", "savings"])
@pytest.mark.parametrize("field", ["customer", "customer_account"])
def test_N1_a_payment_method_is_made_from_an_eligible_account(subcategory: str, field: str) -> None:
    holder = Holder(field=field, id="cus_1")
    s = linked(active(subcategory=subcategory, holder=holder), holder)
    [create] = s.asked_for(CreatePaymentMethod)
    assert (create.account, create.session, create.holder) == ("fca_2", "fcsess_1", holder)
    assert s.build("fca_2").state == "creating"
    assert s.next("fca_2") == [("wait", "payment_method_in_progress")]


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (relinkable(), "not_active"),
        (unrepairable(), "account_closed"),
        (active(payment_method_types=("link",)), "us_bank_account_not_supported"),
        (active(permissions=("balances",)), "no_payment_method_permission"),
        (active(permissions=None), "no_payment_method_permission"),
        (active(subcategory="credit_card"), "not_checking_or_savings"),
        (active(holder=None), "no_customer"),
    ],
)
def test_N1_an_ineligible_account_makes_the_service_ask_for_another_payment_method(
    new: StatusReport, reason: str
) -> None:
    s = linked(new)
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    asked = [c.reason for c in s.asked_for(RequestNewPaymentMethod) if c.account == "fca_2"]
    assert asked == [reason]
    assert s.asked_for(CreatePaymentMethod) == []
    assert s.build("fca_2").state == "refused"
    assert s.build("fca_2").facts.session == "fcsess_1"


@pytest.mark.parametrize("missing", ["subcategory", "permissions", "payment_method_types"])
def test_N1_an_account_with_missing_details_is_read_before_anything_is_built(missing: str) -> None:
    s = linked(active(without=(missing,)), webhook=True)
    assert s.asked_for(CreatePaymentMethod) == s.asked_for(RequestNewPaymentMethod) == []
    assert "new_account" in {c.reason for c in s.asked_for(RetrieveAccount) if c.account == "fca_2"}
    # Only an account of the same holder replaces the other one (R6).
    meanwhile = "relinking" if missing == "holder" else "new_account_linked"
    assert s.account("fca_1").state == meanwhile
    s.stripe |= {"fca_2": active(), "fca_1": relinkable()}
    s.perform_reads()
    assert s.account("fca_1").state == "new_account_linked"
    assert [c.account for c in s.asked_for(CreatePaymentMethod)] == ["fca_2"]


def test_N1_an_account_that_is_inactive_without_an_action_is_read_before_anything_is_built() -> (
    None
):
    s = linked(inactive(), webhook=True)
    assert s.asked_for(RequestNewPaymentMethod) == []
    s.stripe |= {"fca_2": active(), "fca_1": relinkable()}
    s.perform_reads()
    assert [c.account for c in s.asked_for(CreatePaymentMethod)] == ["fca_2"]


def test_N1_a_missing_billing_name_suspends_the_build_and_asks_the_service() -> None:
    s = linked(active())
    s.happens(BillingNameAbsent, account="fca_2")
    [request] = s.asked_for(RequestBillingName)
    assert (request.account, request.session) == ("fca_2", "fcsess_1")
    assert s.build("fca_2").state == "name_needed"
    assert s.next("fca_2") == [("provide_name", "billing_name_missing")]


def test_N1_a_missing_billing_name_is_next_also_where_another_payment_method_is_blocked() -> None:
    s = linked(active())
    s.happens(BillingNameAbsent, account="fca_2")
    s.checks("pm_9", "bank_account_closed", account="fca_2")
    assert s.next("fca_2") == [
        ("request_new_payment_method", "bank_account_closed"),
        ("provide_name", "billing_name_missing"),
    ]


def test_N1_the_billing_name_resumes_the_build() -> None:
    s = linked(active())
    s.happens(BillingNameAbsent, account="fca_2")
    s.happens(BillingNameGiven, account="fca_2", billing_name="Ada Lovelace")
    create = s.asked_for(CreatePaymentMethod)[-1]
    assert (create.account, create.billing_name) == ("fca_2", "Ada Lovelace")
    assert s.build("fca_2").state == "creating"


def test_N1_the_billing_name_is_not_stored_in_events_or_facts() -> None:
    s = linked(active())
    s.happens(BillingNameAbsent, account="fca_2")
    s.happens(BillingNameGiven, account="fca_2", billing_name="Ada Lovelace")
    assert "Lovelace" not in s.step.trigger.model_dump_json()
    assert "Lovelace" not in repr(s.world)


def test_N1_a_build_that_stripe_refuses_for_good_asks_for_another_payment_method() -> None:
    s = linked(active())
    s.happens(CommandFailed, command="create_payment_method", subject="fca_2", error="declined")
    assert s.asked_for(RequestNewPaymentMethod)[-1].reason == "declined"
    assert s.build("fca_2").state == "refused"
    assert s.next("fca_2") == [("request_new_payment_method", "declined")]


# ── N2 ───────────────────────────────────────────────────────────────────────


def test_N2_a_connect_holder_gets_an_external_account_instead_of_a_payment_method() -> None:
    s = linked(active(holder=CONNECTED, payment_method_types=()), CONNECTED)
    [attach] = s.asked_for(AttachExternalAccount)
    assert (attach.account, attach.session, attach.holder) == ("fca_2", "fcsess_1", CONNECTED)
    assert s.asked_for(CreatePaymentMethod) == []
    s.happens(ExternalAccountMade, account="fca_2", external_account="ba_1")
    assert s.payment_method("ba_1").state == "ready"
    assert s.next("fca_2") == []


def test_N2_the_command_to_attach_has_no_token() -> None:
    """The command only names the session. The gateway reads the session for the token."""
    assert set(AttachExternalAccount.model_fields) == {"account", "session", "holder"}


def test_N2_a_session_without_a_token_asks_for_another_payment_method() -> None:
    s = linked(active(holder=CONNECTED), CONNECTED)
    error = "no_bank_account_token"
    s.happens(CommandFailed, command="attach_external_account", subject="fca_2", error=error)
    [request] = s.asked_for(RequestNewPaymentMethod)
    assert (request.account, request.reason) == ("fca_2", error)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (relinkable(holder=CONNECTED), "not_active"),
        (active(holder=CONNECTED, subcategory="other"), "not_checking_or_savings"),
    ],
)
def test_N2_an_account_that_cannot_be_paid_out_to_is_not_attached(
    new: StatusReport, reason: str
) -> None:
    s = linked(new, CONNECTED)
    assert s.asked_for(AttachExternalAccount) == []
    assert s.asked_for(RequestNewPaymentMethod)[-1].reason == reason


# ── N3 ───────────────────────────────────────────────────────────────────────


def test_N3_no_command_moves_money_or_changes_a_default_or_a_subscription() -> None:
    assert {kind.__name__ for kind in commands.BY_NAME.values()} == {
        "RetrieveAccount",
        "RetrieveAuthorization",
        "RetrieveSession",
        "RetrievePaymentMethod",
        "RetrieveExternalAccount",
        "RetrieveAccountForCaller",
        "RetrieveSessionForCaller",
        "CreateRelinkSession",
        "CreatePaymentMethod",
        "AttachExternalAccount",
        "NotifyCustomer",
        "RequestNewPaymentMethod",
        "PaymentMethodBuilt",
        "PaymentMethodGone",
        "CollectMandate",
        "RequestBillingName",
        "ReportAnomaly",
        "Wake",
    }


def test_N3_the_service_collects_a_mandate_for_a_new_payment_method() -> None:
    s = made()
    assert s.payment_method("pm_1").state == "mandate_needed"
    assert s.next("fca_2") == [("collect_mandate", "new_account")]


def test_N3_the_service_is_told_of_the_payment_method_and_of_the_missing_mandate() -> None:
    s = made()
    [built] = s.asked_for(PaymentMethodBuilt)
    assert (built.account, built.payment_method) == ("fca_2", "pm_1")
    assert built.session == "fcsess_1"
    [mandate] = s.asked_for(CollectMandate)
    assert (mandate.account, mandate.payment_method) == ("fca_2", "pm_1")
    assert mandate.reason == "new_account"


def test_N3_the_service_is_told_of_an_external_account_which_needs_no_mandate() -> None:
    s = linked(active(holder=CONNECTED), CONNECTED)
    s.happens(ExternalAccountMade, account="fca_2", external_account="ba_1")
    assert [c.payment_method for c in s.asked_for(PaymentMethodBuilt)] == ["ba_1"]
    assert s.asked_for(CollectMandate) == []
    assert s.assess("fca_2").may_debit


def test_N3_a_new_account_may_be_debited_once_its_mandate_is_collected() -> None:
    s = linked(active())
    steps = [s.assess("fca_2").may_debit]
    s.happens(PaymentMethodMade, account="fca_2", payment_method="pm_1")
    steps.append(s.assess("fca_2").may_debit)
    assert s.assess("fca_2").chargeable
    s.happens(MandateCollected, account="fca_2")
    steps.append(s.assess("fca_2").may_debit)
    assert steps == [False, False, True]


def test_N3_nothing_is_next_once_the_mandate_is_collected() -> None:
    s = made()
    s.happens(MandateCollected, account="fca_2")
    assert s.payment_method("pm_1").state == "ready"
    assert s.next("fca_2") == []


def test_N3_the_payment_method_of_the_old_account_is_not_touched() -> None:
    s = made()
    assert {c.account for c in s.asked_for(CreatePaymentMethod)} == {"fca_2"}
    assert ("build", "fca_1") not in s.world
