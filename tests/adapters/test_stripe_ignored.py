"""What a webhook is taken from, which are ignored and why, and test events that share an id."""

import inspect
import json
import logging
import re

import pytest
from stripe.params import _webhook_endpoint_create_params as endpoint_params

from relink.adapters.gateway import DryRunGateway
from relink.adapters.http import Metrics
from relink.adapters.service import Service
from relink.adapters.store import MemoryStore
from relink.adapters.stripe import (
    ON_PURPOSE,
    Accepted,
    Ignored,
    IgnoreReason,
    StripeWebhooks,
    WebhookRefused,
)
from relink.adapters.stripe.body import LONGEST_BODY
from relink.adapters.stripe.handlers import HANDLERS
from relink.machines import relink_system

from .test_stripe_webhook import DEACTIVATED, sign

SECRET = "whsec_for_tests"
NEIGHBOURS = (
    *("financial_connections.", "payment_method.", "mandate.", "account.", "setup_intent."),
    *("customer.source.", "capability."),
)
"""Families of types that could have to do with a linked account."""


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def service(metrics: Metrics, now: int) -> Service:
    return Service(
        MemoryStore(relink_system()),
        DryRunGateway(),
        webhooks=StripeWebhooks([SECRET], livemode=False),
        clock=lambda: float(now),
        watch_ignored=metrics.watch_ignored,
    )


@pytest.fixture
def post(service: Service, now: int):
    def handle(event) -> str:
        body = json.dumps(event)
        return service.handle_webhook(body, sign(body, SECRET, now))

    return handle


# ── what frameworks hand over ────────────────────────────────────────────────


@pytest.mark.parametrize(
    "as_handed_over",
    [
        str.encode,
        str,
        lambda text: bytearray(text.encode()),
        lambda text: memoryview(text.encode()),
        lambda text: memoryview(bytearray(text.encode()))[:],
    ],
    ids=["bytes", "str", "bytearray", "memoryview", "slice"],
)
def test_a_body_is_taken_in_every_type_that_frameworks_hand_over(
    service, event, account, now, as_handed_over
):
    body = json.dumps(event(DEACTIVATED, {**account, "institution_name": "Crédit"}))
    assert service.handle_webhook(as_handed_over(body), sign(body, SECRET, now)) == "applied"
    with pytest.raises(WebhookRefused, match="wrong signature"):
        service.handle_webhook(as_handed_over(body + " "), sign(body, SECRET, now))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "raw bytes of the request"),
        ({"id": "evt_1"}, "raw bytes of the request"),
        (17, "raw bytes of the request"),
        ([123, 125], "raw bytes of the request"),
        ("\ud800", "not UTF-8"),
        (bytearray(b"\xff"), "not UTF-8"),
        (" " * (LONGEST_BODY + 1), "larger than"),
        (bytearray(LONGEST_BODY + 1), "larger than"),
        (memoryview(bytearray(LONGEST_BODY + 2)).cast("H"), "larger than"),
    ],
    ids=["None", "parsed", "number", "list", "surrogate", "not UTF-8", "text", "bytes", "view"],
)
def test_any_other_body_is_refused_with_the_documented_error(service, payload, reason):
    with pytest.raises(WebhookRefused, match=reason):
        service.handle_webhook(payload, "t=1,v1=00")


@pytest.mark.parametrize("signature", [None, b"t=1,v1=00", 5, ["t=1"], ""])
def test_any_other_signature_is_refused_with_the_documented_error(service, signature):
    with pytest.raises(WebhookRefused, match="signature"):
        service.handle_webhook(b"{}", signature)


# ── ignored, and why ─────────────────────────────────────────────────────────


def stripes_types() -> set[str]:
    """Every type that Stripe's SDK knows."""
    return set(re.findall(r'"([a-z_0-9]+(?:\.[a-z_0-9]+)+)"', inspect.getsource(endpoint_params)))


def test_every_type_near_to_linked_accounts_is_handled_or_ignored_on_purpose():
    near = {kind for kind in stripes_types() if kind.startswith(NEIGHBOURS)}
    assert len(near) > 25
    assert near - set(HANDLERS) - set(ON_PURPOSE) == set()
    assert set(HANDLERS) & set(ON_PURPOSE) == set()
    assert all(handler.tells for handler in HANDLERS.values())


def test_the_reason_of_an_ignored_webhook_is_logged_and_counted(
    post, event, account, metrics, caplog
):
    caplog.set_level(logging.INFO)
    card = {"id": "pm_1", "object": "payment_method", "type": "card", "card": {}}
    for sent, kind, reason in [
        (event("payment_method.attached", {}), "payment_method.attached", "on_purpose"),
        (event("v1.payment_method.attached", {}), "payment_method.attached", "on_purpose"),
        (event("invoice.paid", {}), "(unknown)", "unknown_type"),
        (event("financial_connections.account.invented", {}), "(unknown)", "unknown_type"),
        (event(DEACTIVATED, account, livemode=True), DEACTIVATED, "other_mode"),
        (event("payment_method.updated", card), "payment_method.updated", "foreign"),
    ]:
        caplog.clear()
        if sent["type"].startswith("v1."):
            sent |= {"object": "v2.core.event"}
        assert post(sent) == "ignored"
        (record,) = caplog.records
        assert (record.event_type, record.reason) == (sent["type"], reason)
        line = f'relink_webhooks_ignored_total{{reason="{reason}",type="{kind}"}}'
        assert line in metrics.page().decode()


def test_an_applied_webhook_has_no_reason(post, event, account, caplog):
    caplog.set_level(logging.INFO)
    assert post(event(DEACTIVATED, account)) == "applied"
    assert [hasattr(record, "reason") for record in caplog.records] == [False]


@pytest.mark.parametrize("reason", IgnoreReason)
def test_every_reason_has_a_sentence(reason: IgnoreReason):
    assert reason.sentence.endswith(".")


# ── test events that share an id ─────────────────────────────────────────────


@pytest.mark.parametrize("shared", ["evt_00000000000000", "evt_000000000000000000000000"])
def test_test_events_that_share_an_id_are_told_apart_by_their_content(post, event, account, shared):
    first = event(DEACTIVATED, account, id=shared)
    other_type = event("financial_connections.account.reactivated", account, id=shared)
    other_account = event(DEACTIVATED, {**account, "id": "fca_2"}, id=shared)
    assert [post(sent) for sent in (first, other_type, other_account)] == ["applied"] * 3
    # Delivered again, each is known.
    assert [post(sent) for sent in (first, other_type, other_account)] == ["duplicate"] * 3


def test_other_events_are_known_by_their_id_alone(post, event, account):
    assert post(event(DEACTIVATED, account)) == "applied"
    assert post(event(DEACTIVATED, {**account, "id": "fca_2"})) == "duplicate"


def test_a_live_event_is_never_told_apart_by_its_content(event, account, now):
    endpoint = StripeWebhooks([SECRET], livemode=True)
    body = json.dumps(event(DEACTIVATED, account, id="evt_000", livemode=True))
    received = endpoint.receive(body, sign(body, SECRET, now), now)
    assert isinstance(received, Accepted)
    assert received.id == "evt_000"


# ── who made it ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "named", [{"account": "acct_1"}, {"context": "acct_1"}, {"context": "org_1/acct_1"}]
)
def test_context_on_a_snapshot_event_means_what_account_means(event, account, now, named):
    endpoint = StripeWebhooks([SECRET], livemode=False)
    body = json.dumps(event(DEACTIVATED, account, **named))
    received = endpoint.receive(body, sign(body, SECRET, now), now)
    assert not isinstance(received, Ignored)
    assert received.connected_account == "acct_1"
