"""Payment methods, external accounts and mandates: reduced, and in webhooks."""

from typing import Any

import pytest

from relink.adapters.stripe import (
    Accepted,
    Ignored,
    IgnoreReason,
    Origin,
    reduce_external_account,
    reduce_mandate,
    reduce_payment_method,
)
from relink.machines.events import (
    ExternalAccountReported,
    MandateReported,
    PaymentMethodReported,
)

READ = Origin(causation_id="retrieve_1", at=8.5, as_of=7, read=True, begun_at=6.5)
COMPLETE = Origin(causation_id="evt_1", at=8.5, as_of=7, read=False, complete=True)
INCOMPLETE = Origin(causation_id="evt_1", at=8.5, as_of=7, read=False)


def method(bank=None, **more):
    made_from = {"financial_connections_account": "fca_1", **(bank or {})}
    return {"id": "pm_1", "object": "payment_method", "us_bank_account": made_from, **more}


def blocked(reason):
    return {"status_details": {"blocked": {"network_code": "R02", "reason": reason}}}


@pytest.mark.parametrize(
    ("bank", "told", "told_by_complete"),
    [
        (blocked("bank_account_closed"), "bank_account_closed", "bank_account_closed"),
        (blocked("invented_later"), "invented_later", "invented_later"),
        (blocked(None), "unspecified", "unspecified"),
        ({"status_details": None}, None, None),
        ({"status_details": {"blocked": None}}, None, None),
        ({"status_details": {}}, "a look", None),
        ({}, "a look", None),
        ({"status_details": 5}, "a look", "a look"),
        ({"status_details": {"blocked": 5}}, "a look", "a look"),
    ],
)
def test_k5_a_payment_method_that_leaves_its_block_out_is_not_blocked_only_if_it_is_complete(
    bank, told, told_by_complete
):
    for origin, expected in [
        (INCOMPLETE, told),
        (COMPLETE, told_by_complete),
        (READ, told_by_complete),
    ]:
        event = reduce_payment_method(method(bank), origin)
        assert (event.payment_method, event.account) == ("pm_1", "fca_1")
        if expected == "a look":
            assert event.report is None
        else:
            assert event.report.blocked == expected
            assert not event.report.gone


def test_a_payment_method_without_bank_details_tells_nothing_unless_it_is_complete():
    card = {"id": "pm_1", "object": "payment_method", "card": {}}
    assert reduce_payment_method(card, INCOMPLETE).report is None
    assert reduce_payment_method(card, READ).report.blocked is None
    unreadable = {"id": "pm_1", "object": "payment_method", "us_bank_account": 5}
    assert reduce_payment_method(unreadable, READ).report is None
    assert reduce_payment_method(unreadable, READ).account is None


OURS = {"metadata": {"relink_command": "create_payment_method_5e"}}
OWNED = {"customer": "cus_1", "customer_account": None}
UNOWNED = {"customer": None, "customer_account": None}


@pytest.mark.parametrize(
    ("owned", "told"),
    [
        ({**OWNED, **OURS}, "works"),
        (OWNED, "works"),
        ({"customer": {"id": "cus_1"}, **OURS}, "works"),
        ({"customer": None, "customer_account": "acct_1", **OURS}, "works"),
        ({**UNOWNED, **OURS}, "gone"),
        ({"customer": None, **OURS}, "gone"),
        # It does not say that it has no owner.
        (OURS, "works"),
        ({}, "works"),
        # Not built by relink: the service may never have attached it.
        (UNOWNED, "nothing"),
        ({"customer": None, "metadata": {"order": "1"}}, "nothing"),
        ({**OWNED, "deleted": True}, "gone"),
    ],
)
def test_n4_a_read_of_a_payment_method_of_ours_without_an_owner_says_that_it_is_gone(owned, told):
    report = reduce_payment_method(method({"status_details": {}}, **owned), READ).report
    if told == "nothing":
        assert report is None
    else:
        assert (report.gone, report.blocked) == (told == "gone", None)


def test_n4_a_webhook_without_an_owner_may_be_older_than_the_attachment():
    for origin in (COMPLETE, INCOMPLETE):
        assert reduce_payment_method(method(**UNOWNED, **OURS), origin).report is None
        closed = method(blocked("bank_account_closed"), **UNOWNED, **OURS)
        report = reduce_payment_method(closed, origin).report
        assert (report.gone, report.blocked) == (False, "bank_account_closed")


def test_n4_no_object_without_an_owner_says_that_it_can_be_charged():
    """A detached payment method stays gone, whatever comes after."""
    for origin in (READ, COMPLETE, INCOMPLETE):
        for bank in ({}, {"status_details": None}, {"status_details": {}}):
            assert reduce_payment_method(method(bank, **UNOWNED), origin).report is None


@pytest.mark.parametrize("status", ["new", "verified", "errored", "verification_failed", "later"])
def test_an_external_account_is_reduced_to_its_status_and_account(status):
    bank = {"id": "ba_1", "object": "bank_account", "status": status}
    event = reduce_external_account({**bank, "metadata": {"relink_account": "fca_1"}}, READ)
    assert (event.external_account, event.account, event.read) == ("ba_1", "fca_1", True)
    assert (event.report.status, event.report.gone) == (status, False)
    assert reduce_external_account({**bank, "metadata": None}, READ).account is None
    deleted = {"id": "ba_1", "object": "bank_account", "deleted": True}
    assert reduce_external_account(deleted, READ).report.gone


@pytest.mark.parametrize("status", [None, 5, ""])
def test_an_external_account_without_a_status_asks_for_a_read(status):
    bank = {"id": "ba_1", "object": "bank_account", "status": status}
    assert reduce_external_account(bank, INCOMPLETE).report is None


def test_n3_a_mandate_is_reduced_to_its_payment_method_and_status():
    mandate = {"id": "mandate_1", "object": "mandate", "payment_method": "pm_1"}
    for status in ("active", "inactive", "pending", "later"):
        event = reduce_mandate({**mandate, "status": status}, INCOMPLETE)
        assert (event.payment_method, event.status, event.as_of) == ("pm_1", status, 7)
    expanded = {**mandate, "payment_method": {"id": "pm_2"}, "status": "active"}
    assert reduce_mandate(expanded, INCOMPLETE).payment_method == "pm_2"
    assert reduce_mandate(mandate, INCOMPLETE) is None
    assert reduce_mandate({"id": "mandate_1", "status": "inactive"}, INCOMPLETE) is None


# ── in webhooks ──────────────────────────────────────────────────────────────


def sent_method(**bank: Any) -> dict[str, Any]:
    return method({"status_details": {}, **bank})


@pytest.mark.parametrize("kind", ["payment_method.automatically_updated", "payment_method.updated"])
def test_a_payment_method_event_reports_on_its_account(deliver, event, kind):
    def reported(**bank: Any) -> Any:
        received = deliver(event(kind, sent_method(**bank)))
        return received.events[0] if isinstance(received, Accepted) else None

    assert isinstance(reported(), PaymentMethodReported)
    assert (reported().account, reported().payment_method) == ("fca_1", "pm_1")
    assert reported().report.blocked is None
    assert reported(financial_connections_account={"id": "fca_2"}).account == "fca_2"
    closed = {"blocked": {"reason": "bank_account_closed"}}
    assert reported(status_details=closed).report.blocked == "bank_account_closed"
    # Not readable: it is read.
    assert reported(status_details=5).report is None
    # Not made from an account.
    assert reported(financial_connections_account=None) is None


def test_a_payment_method_that_does_not_tell_its_account_is_left_to_the_machines(deliver, event):
    bank = {"id": "pm_1", "object": "payment_method", "us_bank_account": {"status_details": None}}
    received = deliver(event("payment_method.automatically_updated", bank))
    assert isinstance(received, Accepted)
    (report,) = received.events
    assert isinstance(report, PaymentMethodReported)
    assert (report.account, report.report and report.report.blocked) == (None, None)
    for card in ({"type": "card", "card": {}}, {"type": "card", "us_bank_account": None}):
        sent = event("payment_method.updated", {"id": "pm_1", "object": "payment_method", **card})
        received = deliver(sent)
        assert isinstance(received, Ignored)
        assert received.reason is IgnoreReason.FOREIGN


def test_k5_a_block_that_a_payload_of_another_version_leaves_out_is_read(deliver, event):
    kind = "payment_method.automatically_updated"
    for version in ("2026-10-28.endive", None):
        received = deliver(event(kind, sent_method(), api_version=version))
        assert isinstance(received, Accepted)
        (look,) = received.events
        assert isinstance(look, PaymentMethodReported)
        assert (look.account, look.report) == ("fca_1", None)


@pytest.mark.parametrize("kind", ["payment_method.automatically_updated", "payment_method.updated"])
def test_k6_a_thin_notification_of_a_payment_method_asks_for_a_read(deliver, thin, kind):
    received = deliver(thin(f"v1.{kind}", "pm_1", context="acct_2"))
    assert isinstance(received, Accepted)
    assert received.connected_account == "acct_2"
    (look,) = received.events
    assert isinstance(look, PaymentMethodReported)
    assert (look.payment_method, look.account, look.report) == ("pm_1", None, None)


@pytest.mark.parametrize("version", ["2026-09-30.preview", "2026-10-28.endive"])
def test_n4_a_detached_payment_method_is_gone(deliver, event, thin, version):
    kind = "payment_method.detached"
    closed = sent_method(status_details={"blocked": {"reason": "bank_account_closed"}})
    for sent, account, blocked in [
        (event(kind, sent_method(), api_version=version), "fca_1", None),
        (event(kind, closed, api_version=version), "fca_1", "bank_account_closed"),
        (thin(f"v1.{kind}", "pm_1"), None, None),
    ]:
        received = deliver(sent)
        assert isinstance(received, Accepted)
        (report,) = received.events
        assert isinstance(report, PaymentMethodReported)
        assert (report.payment_method, report.account) == ("pm_1", account)
        assert report.report is not None
        assert (report.report.gone, report.report.blocked) == (True, blocked)


def external_account(**changed: Any) -> dict[str, Any]:
    return {
        "id": "ba_1",
        "object": "bank_account",
        "account": "acct_1",
        "metadata": {"relink_account": "fca_1"},
        "status": "tokenized_account_number_deactivated",
        **changed,
    }


def test_an_external_account_event_reports_on_the_account_in_its_metadata(deliver, event):
    def reported(kind: str = "updated", **changed: Any) -> Any:
        obj = external_account(**changed)
        received = deliver(event(f"account.external_account.{kind}", obj, account="acct_1"))
        if not isinstance(received, Accepted):
            return None
        # The account whose external account it is need not be the one that linked it.
        assert received.connected_account is None
        return received.events[0]

    report = reported()
    assert isinstance(report, ExternalAccountReported)
    assert (report.account, report.external_account) == ("fca_1", "ba_1")
    assert report.report is not None
    assert report.report.status == "tokenized_account_number_deactivated"
    for status in ("errored", "verification_failed", "invented_later"):
        assert reported(status=status).report.status == status
    # The machines know by their own records whether it is one of ours.
    assert reported(metadata={}).account is None
    assert reported(metadata=None).account is None
    assert reported(status=None).report is None
    # relink adds no cards.
    assert reported(object="card", status=None) is None


def test_n4_a_deleted_external_account_is_gone(deliver, event):
    for obj in (external_account(), {"id": "ba_1", "object": "bank_account", "deleted": True}):
        received = deliver(event("account.external_account.deleted", obj, account="acct_1"))
        assert isinstance(received, Accepted)
        (report,) = received.events
        assert isinstance(report, ExternalAccountReported)
        assert report.external_account == "ba_1"
        assert report.report is not None
        assert report.report.gone


def test_n3_a_mandate_event_reports_on_the_mandate_of_a_payment_method(deliver, event):
    mandate = {"id": "mandate_1", "object": "mandate", "payment_method": "pm_1"}
    received = deliver(event("mandate.updated", {**mandate, "status": "inactive"}))
    assert isinstance(received, Accepted)
    (report,) = received.events
    assert isinstance(report, MandateReported)
    assert (report.payment_method, report.status) == ("pm_1", "inactive")
    assert isinstance(deliver(event("mandate.updated", mandate)), Ignored)


@pytest.mark.parametrize(
    "kind",
    ["account.external_account.updated", "account.external_account.deleted", "mandate.updated"],
)
def test_a_thin_notification_that_names_nothing_to_read_is_ignored(deliver, thin, kind):
    # Those of external accounts have no related object at all.
    for related in ({}, {"related_object": None}):
        received = deliver(thin(f"v1.{kind}", "mandate_1", **related))
        assert isinstance(received, Ignored)
        assert received.reason is IgnoreReason.TOO_THIN
