"""C3 and N4: payment methods that are blocked or gone."""

import pytest

from relink.machines.commands import (
    PaymentMethodGone,
    ReportAnomaly,
    RequestNewPaymentMethod,
    RetrieveExternalAccount,
    RetrievePaymentMethod,
)
from relink.machines.events import (
    ExternalAccountMade,
    ExternalAccountReported,
    PaymentMethodReported,
    ReadRequested,
)
from relink.machines.report import ExternalAccountReport, PaymentMethodReport
from relink.machines.vocabulary import NUMBER_DEACTIVATED

from .payment_methods import WELL, account_that_works, new_payment_method
from .reports import CONNECTED, active, number, relinkable
from .scenario import Scenario

OTHER_BLOCKS = [
    "bank_account_closed",
    "bank_account_frozen",
    "bank_account_invalid_details",
    "bank_account_restricted",
    "bank_account_unusable",
    "debit_not_authorized",
    "an_unknown_reason",
]


def paid_out() -> Scenario:
    """A connected account whose new bank account, ``ba_1``, relink attached."""
    s = Scenario()
    s.webhook("fca_0", relinkable(holder=CONNECTED))
    new = active(holder=CONNECTED, payment_method_types=(), numbers=WELL)
    s.result(s.open_session("fca_0", mode="any_eligible"), {"fca_1": new})
    s.happens(ExternalAccountMade, account="fca_1", external_account="ba_1")
    s.perform_reads()
    return s


def requests(s: Scenario) -> list[str]:
    """The reasons for which the service was asked for another payment method."""
    return [c.reason for c in s.asked_for(RequestNewPaymentMethod) if c.account == "fca_1"]


# ── C3: a deactivated number ─────────────────────────────────────────────────


def test_C3_a_deactivated_tokenized_number_has_lapsed_and_a_relink_repairs_it() -> None:
    s = account_that_works()
    s.checks("pm_1", NUMBER_DEACTIVATED)
    assert s.number("fca_1").state == "lapsed"
    assert "number_lapsed" in s.assess("fca_1").reasons
    assert s.next("fca_1") == [("relink", "number_lapsed")]
    assert [m.reasons for m in s.messages] == [("number_lapsed",)]
    assert requests(s) == []
    s.built["pm_1"] = PaymentMethodReport()
    s.result(s.open_session("fca_1"), {"fca_1": active(numbers=WELL)}, relinked="fca_1")
    s.perform_reads()
    assert s.assess("fca_1").chargeable
    assert s.next("fca_1") == []


def test_C3_a_lifted_block_of_a_number_makes_it_chargeable_again_at_once() -> None:
    s = account_that_works()
    s.checks("pm_1", NUMBER_DEACTIVATED)
    s.checks("pm_1")
    assert s.number("fca_1").state == "transactable"
    assert s.assess("fca_1").chargeable
    assert s.outage("fcauth_1").state == "none"


@pytest.mark.parametrize("first", ["the lift", "the result"])
def test_C3_a_lifted_block_and_a_relink_make_it_chargeable_in_either_order(first: str) -> None:
    s = account_that_works()
    s.checks("pm_1", NUMBER_DEACTIVATED)
    session = s.open_session("fca_1")
    if first == "the lift":
        s.checks("pm_1")
    s.result(session, relinked="fca_1")
    if first == "the result":
        assert s.number("fca_1").state == "pending"
        s.checks("pm_1")
    assert s.number("fca_1").state == "transactable"
    assert s.assess("fca_1").chargeable


def test_C3_a_lifted_block_older_than_the_list_of_numbers_pays_nothing_again() -> None:
    s = account_that_works()
    s.checks("pm_1", NUMBER_DEACTIVATED, created=s.now + 5)
    s.webhook("fca_1", active(numbers=(number("expired"),)))
    s.checks("pm_1", created=s.now - 2)
    assert s.number("fca_1").state == "lapsed"


@pytest.mark.parametrize("first", ["block", "numbers"])
@pytest.mark.parametrize(("newer", "state"), [("block", "lapsed"), ("numbers", "transactable")])
def test_C3_the_newer_of_block_and_numbers_decides_in_either_order(
    first: str, newer: str, state: str
) -> None:
    s = account_that_works()
    times = {"block": s.now + 40, "numbers": s.now + 40, newer: s.now + 60}
    for kind in (first, *({"block", "numbers"} - {first})):
        if kind == "block":
            s.checks("pm_1", NUMBER_DEACTIVATED, created=times[kind])
        else:
            s.webhook("fca_1", active(numbers=WELL), created=times[kind])
    assert s.number("fca_1").state == state


def test_C3_a_block_of_one_payment_method_lapses_the_number_for_the_account() -> None:
    s = account_that_works()
    s.checks("pm_2")
    s.checks("pm_1", NUMBER_DEACTIVATED)
    assert not s.assess("fca_1").chargeable
    assert s.next("fca_1") == [("relink", "number_lapsed")]


# ── C3: any other block ──────────────────────────────────────────────────────


@pytest.mark.parametrize("reason", OTHER_BLOCKS)
def test_C3_a_block_for_any_other_reason_stops_charges_and_no_relink_helps(reason: str) -> None:
    s = account_that_works()
    s.checks("pm_1", reason)
    assert s.assess("fca_1").reasons == (reason,)
    assert s.next("fca_1") == [("request_new_payment_method", reason)]
    assert requests(s) == [reason]
    assert s.number("fca_1").state == "transactable"
    assert s.request_relink("fca_1") is None


def test_C3_an_account_is_chargeable_again_when_its_block_ends() -> None:
    s = account_that_works()
    s.checks("pm_1", "bank_account_frozen")
    s.checks("pm_1")
    assert s.assess("fca_1").chargeable


def test_C3_a_stale_report_of_a_payment_method_changes_nothing() -> None:
    s = account_that_works()
    s.checks("pm_1", "bank_account_frozen")
    s.checks("pm_1", created=s.now - 60)
    assert not s.assess("fca_1").chargeable


@pytest.mark.parametrize("truth", [None, "bank_account_frozen"])
def test_C3_two_reports_of_one_second_are_settled_by_a_read(truth: str | None) -> None:
    s = account_that_works()
    s.checks("pm_1", "bank_account_frozen")
    s.checks("pm_1", created=s.now)
    assert s.payment_method("pm_1").state == "blocked"
    assert [c.reason for c in s.asked_for(RetrievePaymentMethod)] == ["contradiction"]
    s.built["pm_1"] = PaymentMethodReport(blocked=truth)
    s.perform_reads()
    assert s.assess("fca_1").chargeable is (truth is None)


def test_C3_blocks_are_kept_by_payment_method() -> None:
    s = account_that_works()
    s.checks("pm_1", "bank_account_closed")
    s.checks("pm_2")
    assert s.assess("fca_1", "pm_1").reasons == ("bank_account_closed",)
    assert s.assess("fca_1", "pm_2").chargeable
    assert s.assess("fca_1").chargeable
    s.checks("pm_2")
    assert not s.assess("fca_1", "pm_1").chargeable


def test_C3_another_payment_method_is_requested_only_when_none_that_is_known_is_well() -> None:
    s = account_that_works()
    s.checks("pm_2")
    s.checks("pm_1", "bank_account_closed")
    assert requests(s) == []
    assert s.next("fca_1") == []
    s.checks("pm_2", "bank_account_frozen")
    assert len(requests(s)) == 1
    assert [action for action, _ in s.next("fca_1")] == ["request_new_payment_method"]


def test_C3_the_latest_twenty_payment_methods_of_an_account_are_kept() -> None:
    s = account_that_works()
    for count in range(1, 26):
        s.checks(f"pm_{count}")
    kept = s.account("fca_1").facts.payment_methods
    assert list(kept) == [f"pm_{count}" for count in range(6, 26)]


def test_C3_a_block_of_an_unknown_account_asks_for_a_read() -> None:
    s = Scenario()
    s.checks("pm_1", "bank_account_frozen")
    s.stripe["fca_1"] = active()
    s.perform_reads()
    assert s.assess("fca_1").reasons == ("bank_account_frozen",)


def test_C3_a_payment_method_that_is_not_made_from_an_account_is_no_concern() -> None:
    s = Scenario()
    s.checks("pm_1", "bank_account_frozen", account=None)
    assert s.world == {}


# ── C3: external accounts ────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["new", "validated", "verified"])
def test_C3_an_external_account_is_payable_by_its_status(status: str) -> None:
    s = paid_out()
    s.checks_external("ba_1", status)
    assert s.assess("fca_1").chargeable
    assert s.next("fca_1") == []


@pytest.mark.parametrize("status", ["errored", "verification_failed", "an_unknown_status"])
def test_C3_an_external_account_with_any_other_status_needs_another_account(status: str) -> None:
    s = paid_out()
    s.checks_external("ba_1", status)
    assert s.assess("fca_1").reasons == (status,)
    assert s.next("fca_1") == [("request_new_payment_method", status)]
    assert requests(s) == [status]
    assert s.messages[1:] == []


def test_C3_an_external_account_reports_a_deactivated_number_by_its_status() -> None:
    s = paid_out()
    s.checks_external("ba_1", NUMBER_DEACTIVATED)
    assert s.number("fca_1").state == "lapsed"
    assert not s.assess("fca_1").chargeable
    assert s.next("fca_1") == [("relink", "number_lapsed")]
    assert requests(s) == []


def test_K12_an_unknown_status_of_an_external_account_is_reported_once() -> None:
    s = paid_out()
    for _ in range(3):
        s.checks_external("ba_1", "an_unknown_status")
    anomalies = s.asked_for(ReportAnomaly)
    assert [(c.about, c.anomaly, c.value) for c in anomalies] == [
        ("ba_1", "unknown_status", "an_unknown_status")
    ]


@pytest.mark.parametrize("status", ["errored", "verification_failed"])
def test_K12_a_status_of_an_external_account_that_is_known_is_no_anomaly(status: str) -> None:
    s = paid_out()
    s.checks_external("ba_1", status)
    assert s.asked_for(ReportAnomaly) == []


def test_K12_an_external_account_without_a_status_is_read() -> None:
    s = paid_out()
    s.checks_external("ba_1")
    [read] = s.asked_for(RetrieveExternalAccount)
    assert (read.external_account, read.connected_account) == ("ba_1", CONNECTED.id)
    assert s.assess("fca_1").chargeable


# ── K6, K11: payment methods are read ────────────────────────────────────────


def test_K6_a_thin_notification_of_a_payment_method_asks_for_a_read() -> None:
    s = account_that_works()
    s.checks("pm_1")
    s.happens(
        PaymentMethodReported,
        payment_method="pm_1",
        account=None,
        as_of=s.now + 10,
        read=False,
        report=None,
    )
    assert [c.reason for c in s.asked_for(RetrievePaymentMethod)] == ["look"]
    s.built["pm_1"] = PaymentMethodReport(blocked="bank_account_closed")
    s.perform_reads()
    assert s.assess("fca_1", "pm_1").reasons == ("bank_account_closed",)


def test_K6_a_thin_notification_of_an_unknown_payment_method_asks_for_a_read() -> None:
    s = account_that_works()
    s.happens(
        PaymentMethodReported,
        payment_method="pm_9",
        account=None,
        as_of=s.now + 10,
        read=False,
        report=None,
    )
    s.built["pm_9"] = PaymentMethodReport(blocked="bank_account_closed")
    s.perform_reads()
    assert s.assess("fca_1", "pm_9").reasons == ("bank_account_closed",)


@pytest.mark.parametrize("kind", ["payment_method", "external_account"])
def test_K11_a_sweep_finds_a_block_whose_webhook_was_lost(kind: str) -> None:
    s = new_payment_method() if kind == "payment_method" else paid_out()
    key = "pm_1" if kind == "payment_method" else "ba_1"
    assert s.assess("fca_1").chargeable
    blocked = (
        PaymentMethodReport(blocked="bank_account_closed")
        if kind == "payment_method"
        else s.checks_external("ba_9", "errored") and s.built["ba_9"]
    )
    s.built[key] = blocked
    s.happens(ReadRequested, kind=kind, id=key)
    s.perform_reads()
    assert not s.assess("fca_1", key).chargeable


# ── N4: what was built goes away ─────────────────────────────────────────────


def test_N4_a_payment_method_that_is_detached_is_gone_and_the_service_is_told_once() -> None:
    s = new_payment_method()
    for _ in range(2):
        s.checks("pm_1", gone=True, account=None)
    assert s.payment_method("pm_1").state == "gone"
    assert not s.assess("fca_1").chargeable
    assert [(c.account, c.payment_method) for c in s.asked_for(PaymentMethodGone)] == [
        ("fca_1", "pm_1")
    ]
    assert requests(s) == ["gone"]


def test_N4_an_external_account_that_is_deleted_is_gone_and_the_service_is_told() -> None:
    s = paid_out()
    s.checks_external("ba_1", gone=True, account=None)
    assert s.payment_method("ba_1").state == "gone"
    assert not s.assess("fca_1").chargeable
    assert [c.payment_method for c in s.asked_for(PaymentMethodGone)] == ["ba_1"]


def test_N4_another_payment_method_that_is_well_keeps_the_account_chargeable() -> None:
    s = new_payment_method()
    s.checks("pm_2")
    s.checks("pm_1", gone=True)
    assert s.assess("fca_1").chargeable
    assert not s.assess("fca_1", "pm_1").chargeable
    assert requests(s) == []


def test_N4_what_stripe_does_not_have_any_more_is_gone() -> None:
    s = new_payment_method()
    s.happens(ReadRequested, kind="payment_method", id="pm_1")
    [read] = s.asked_for(RetrievePaymentMethod)
    s.refuses(read)
    assert s.payment_method("pm_1").state == "gone"
    assert [c.payment_method for c in s.asked_for(PaymentMethodGone)] == ["pm_1"]


def test_N4_an_external_account_that_relink_does_not_know_is_no_concern() -> None:
    s = account_that_works()
    s.happens(
        ExternalAccountReported,
        external_account="ba_9",
        account=None,
        as_of=s.now + 10,
        read=False,
        report=None,
    )
    assert s.commands == ()


@pytest.mark.parametrize("later", [ExternalAccountReport(status=NUMBER_DEACTIVATED), None])
def test_N4_an_external_account_without_its_connected_account_is_never_read(
    later: ExternalAccountReport | None,
) -> None:
    s = account_that_works()
    origin = {"external_account": "ba_9", "account": "fca_1", "as_of": s.now + 10, "read": False}
    for report in (ExternalAccountReport(status="errored"), later):
        s.happens(ExternalAccountReported, report=report, **origin)
    s.happens(ReadRequested, kind=s.payment_method("ba_9").facts.kind, id="ba_9")
    assert s.asked_for(RetrievePaymentMethod) == []
    assert s.asked_for(RetrieveExternalAccount) == []
    assert not s.assess("fca_1", "ba_9").chargeable


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the lift arrives first"])
def test_C3_a_block_that_is_known_only_after_it_was_lifted_leaves_the_number_well(
    order: tuple[int, int],
) -> None:
    s = account_that_works()
    s.webhook("fca_1", active(numbers=(number("deactivated"),)))
    start = s.as_of("fca_1")
    reports = [(NUMBER_DEACTIVATED, start), (None, start + 60)]
    for blocked, created in (reports[index] for index in order):
        s.checks("pm_1", blocked, created=created)
    assert s.number("fca_1").state == "transactable"
    assert s.assess("fca_1").chargeable


def test_K3_an_older_list_of_numbers_is_stale_once_a_block_was_lifted() -> None:
    s = account_that_works()
    s.checks("pm_1", NUMBER_DEACTIVATED)
    s.webhook("fca_1", active(numbers=WELL))
    before = s.now
    s.checks("pm_1")
    s.webhook("fca_1", active(numbers=(number("deactivated"),)), created=before + 1)
    assert s.assess("fca_1").chargeable
