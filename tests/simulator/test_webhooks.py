"""Webhooks: signed, versioned, retried, thin."""

import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest
import stripe

from relink.adapters.simulator import GENERAL, PREVIEW, Simulator

from .conftest import event_of, payment_method, relink_params
from .sdk import client

HOUR = 3600


def test_the_sdk_verifies_the_signature_and_the_age(sim, account):
    sim.bank.close_account(account.id)
    (delivery,) = sim.due_webhooks()
    assert event_of(delivery).data.object.id == account.id
    verify = stripe.WebhookSignature.verify_header
    text = delivery.payload.decode()
    assert verify(text, delivery.headers["Stripe-Signature"], "whsec_test")
    assert delivery.signature.startswith(f"t={int(sim.now)},v1=")
    for payload, secret in [(text, "whsec_other"), (text + " ", "whsec_test")]:
        with pytest.raises(stripe.SignatureVerificationError):
            verify(payload, delivery.signature, secret)


def test_during_a_rotation_both_secrets_sign(account, sim):
    sim.webhooks.endpoints.clear()
    sim.add_endpoint("whsec_old", "whsec_new")
    sim.bank.close_account(account.id)
    (delivery,) = sim.due_webhooks()
    for secret in ("whsec_old", "whsec_new"):
        stripe.WebhookSignature.verify_header(delivery.payload.decode(), delivery.signature, secret)


def test_an_endpoint_receives_objects_in_its_own_version(jenny):
    sim = Simulator()
    endpoints = {version: sim.add_endpoint(version=version) for version in (GENERAL, PREVIEW)}
    account = sim.link_account(sim.add_customer())
    sim.bank.expire_consent(account.authorization.id)
    session = client(sim).v1.financial_connections.sessions.create(params=relink_params(account))
    sim.customer(session.id).choose_expected()
    got = {version: [] for version in endpoints}
    for delivery in sim.due_webhooks():
        event = json.loads(delivery.payload)
        assert event["api_version"] == delivery.endpoint.version
        got[event["api_version"]].append(event)
    deactivated = {version: events[1]["data"]["object"] for version, events in got.items()}
    assert "inactive" in deactivated[PREVIEW]["status_details"]
    assert "inactive" not in deactivated[GENERAL].get("status_details", {})
    assert "authorization" not in deactivated[GENERAL]
    assert [e["type"].rpartition(".")[2] for e in got[PREVIEW]][-1] == "updated"
    assert [e["type"].rpartition(".")[2] for e in got[GENERAL]] == [
        *("created", "deactivated", "reactivated")
    ]


def test_an_event_names_the_request_that_caused_it(sim):
    asks = client(sim).v1.customers
    made = asks.create(params={"name": "Ada"}, options={"idempotency_key": 'a "key"'})
    (event,) = (event_of(delivery) for delivery in sim.due_webhooks())
    assert event.request.id == made.last_response.request_id
    assert event.request.idempotency_key == 'a "key"'
    sim.link_account(made.id)
    (event,) = (event_of(delivery) for delivery in sim.due_webhooks())
    assert event.request.id is None


def test_an_event_has_the_object_as_it_was_when_the_event_was_created(sim, account):
    sim.bank.suspend_account(account.id)
    sim.bank.restore_account(account.id)
    assert [event_of(d).data.object.status for d in sim.due_webhooks()] == ["inactive", "active"]


def test_a_failed_webhook_is_retried_with_increasing_delays_for_three_days(sim, account):
    began = sim.now
    sim.bank.close_account(account.id)
    tried = []
    for delivery in sim.due_webhooks(began + 10 * 24 * HOUR):
        tried.append(delivery)
        sim.webhook_failed(delivery)
    waits = [later.at - sooner.at for sooner, later in pairwise(tried)]
    assert waits == sorted(waits)
    assert 2.5 * 24 * HOUR < tried[-1].at - began <= 3 * 24 * HOUR
    assert [delivery.attempt for delivery in tried] == list(range(len(tried)))
    assert len({delivery.payload for delivery in tried}) == 1
    assert len({delivery.signature for delivery in tried}) == len(tried)
    assert sim.webhooks.lost == [tried[0].event]


def test_an_accepted_webhook_is_not_retried(sim, account):
    sim.bank.close_account(account.id)
    assert len(list(sim.due_webhooks(sim.now + 10 * 24 * HOUR))) == 1
    assert sim.next_webhook_at is None


def test_webhooks_caused_by_webhooks_arrive_in_order_of_time(sim, account):
    """Time advances from event to event, so no request sees the future."""
    on = int(sim.now) + 40 * 24 * HOUR
    sim.bank.announce_deactivation(account.id, on)
    seen = []
    for delivery in sim.due_webhooks(on + 5):
        seen.append((sim.now, delivery.type.rpartition(".")[2]))
        if delivery.type.endswith("upcoming_deactivation"):
            sim.bank.refresh_data(account.id)
    assert seen == [
        (on - 40 * 24 * HOUR, "expected_deactivation_date_updated"),
        (on - 30 * 24 * HOUR, "upcoming_deactivation"),
        (on - 30 * 24 * HOUR, "refreshed_balance"),
        (on, "deactivated"),
    ]
    assert sim.now == on + 5


def test_thin_notifications_only_name_the_object(sim, jenny, account):
    sim.webhooks.endpoints.clear()
    sim.add_endpoint("whsec_thin", thin=True)
    sim.bank.announce_deactivation(account.authorization.id, int(sim.now) + 86400)
    sim.bank.expire_consent(account.authorization.id)
    asks = client(sim)
    notifications = [
        asks.parse_event_notification(d.payload, d.signature, "whsec_thin", tolerance=None)
        for d in sim.due_webhooks()
    ]
    assert [n.type.rpartition(".")[2] for n in notifications] == [
        *("expected_deactivation_date_updated", "upcoming_deactivation", "deactivated")
    ]
    assert all(n.related_object.id == account.id for n in notifications)
    made = datetime.fromisoformat(notifications[-1].created)
    assert made == datetime.fromtimestamp(int(sim.now), UTC)
    assert notifications[-1].fetch_related_object().status == "inactive"


def thin(sim):
    """The due thin notifications, parsed by the SDK."""
    asks = client(sim)
    return [
        asks.parse_event_notification(d.payload, d.signature, "whsec_thin", tolerance=None)
        for d in sim.due_webhooks()
    ]


def test_thin_notifications_of_payment_methods_and_mandates_lead_to_the_object(
    sim, sdk, account, jenny
):
    sim.webhooks.endpoints.clear()
    sim.add_endpoint("whsec_thin", thin=True)
    method = sdk.payment_methods.create(params=payment_method(account)).id
    sim.bank.block_payment_method(method, "bank_account_closed")
    sdk.payment_methods.attach(method, params={"customer": jenny})
    sim.bank.revoke_mandate(sim.collect_mandate(method))
    sim.bank.detach_payment_method(method)
    blocked, attached, mandate, detached = thin(sim)
    assert blocked.type == "v1.payment_method.automatically_updated"
    assert "object" not in json.loads(json.dumps(blocked.fetch_event().to_dict())).get("data", {})
    assert blocked.fetch_event().related_object.id == method
    found = blocked.fetch_related_object().us_bank_account.status_details.blocked
    assert found.reason == "bank_account_closed"
    assert (attached.reason.type, blocked.reason) == ("request", None)
    assert mandate.type == "v1.mandate.updated"
    assert mandate.fetch_related_object().status == "inactive"
    assert detached.type == "v1.payment_method.detached"
    assert detached.fetch_related_object().customer is None


def test_a_failed_refresh_has_a_thin_notification_only(sim, account):
    sim.add_endpoint("whsec_thin", thin=True)
    sim.bank.refresh_data(account.id, fails=True)
    sim.bank.refresh_data(account.id)
    assert [d.type.rpartition(".")[2] for d in sim.due_webhooks()] == [
        *("balance_refresh_failed", "refreshed_balance", "refreshed_balance"),
        "balance_refresh_succeeded",
    ]
    listed = client(sim).v1.events.list().data
    assert [e.type.rpartition(".")[2] for e in listed] == ["refreshed_balance", "created"]


def test_a_notification_that_does_not_exist_is_not_found(sim, account, open_session):
    open_session(account).cancel()
    (session,) = (e.id for e in sim.webhooks.events.values() if "session" in e.type)
    for name in (session, "evt_none"):
        with pytest.raises(stripe.InvalidRequestError) as missing:
            client(sim).v2.core.events.retrieve(name)
        assert missing.value.http_status == 404


def test_an_endpoint_of_an_organization_names_the_account_as_context(sim):
    driver = sim.add_connected_account()
    sim.webhooks.endpoints.clear()
    sim.add_endpoint("whsec_org", organization=True)
    sim.link_account(None, owner=driver)
    sim.link_account(None)
    theirs, ours = (json.loads(delivery.payload) for delivery in sim.due_webhooks())
    assert (theirs["context"], "account" in theirs) == (driver, False)
    assert "context" not in ours


def test_a_version_must_be_an_api_version(sim):
    assert sim.add_endpoint(version="2020-08-27").version == "2020-08-27"
    with pytest.raises(ValueError, match="version must be an API version"):
        sim.add_endpoint(version="newest")


def test_thin_notifications_name_the_connected_account_to_read_them_with(sim):
    driver = sim.add_connected_account()
    theirs = sim.link_account(None, owner=driver)
    assert len(list(sim.due_webhooks())) == 1
    sim.webhooks.endpoints.clear()
    sim.add_endpoint("whsec_thin", thin=True)
    sim.bank.close_account(theirs.id)
    (delivery,) = sim.due_webhooks()
    notifications = client(sim).parse_event_notification(
        delivery.payload, delivery.signature, "whsec_thin", tolerance=None
    )
    assert notifications.fetch_related_object().id == theirs.id
