"""Restricted keys, keys of the other mode, and revoked keys, as Stripe answers them."""

import pytest
import stripe

from relink.adapters.simulator import PERMISSIONS

from .conftest import payment_method, received, relink_params
from .sdk import KEY, client

READS = ("financial_connections_account_read", "customer_read", "payment_method_read")


def test_a_restricted_key_may_do_only_what_its_permissions_allow(sim, sdk, account):
    sim.keys.restrict(READS)
    assert sdk.accounts.retrieve(account.id).id == account.id
    with pytest.raises(stripe.PermissionError) as denied:
        sdk.payment_methods.create(params=payment_method(account))
    error = denied.value
    assert (error.http_status, error.code) == (403, None)
    assert error.error.type == "invalid_request_error"
    assert "Having the 'rak_payment_method_write' permission" in error.user_message
    assert KEY not in error.user_message
    assert error.request_id.startswith("req_")
    assert sim.ledger.count("payment_method.created") == 0
    sim.keys.reset()
    assert sdk.payment_methods.create(params=payment_method(account)).id


def test_permissions_to_write_include_those_to_read(sim, sdk, account):
    sim.keys.restrict(["financial_connections_session_write"])
    made = sdk.sessions.create(params=relink_params(account))
    assert sdk.sessions.retrieve(made.id).id == made.id
    with pytest.raises(stripe.PermissionError, match="financial_connections_account_read"):
        sdk.accounts.retrieve(account.id)


def test_the_permission_is_checked_before_the_object_and_the_parameters(sim, sdk):
    sim.keys.restrict([])
    attempts = [
        (lambda: sdk.accounts.retrieve("fca_none"), "financial_connections_account_read"),
        (lambda: sdk.accounts.list(), "financial_connections_account_read"),
        (lambda: sdk.accounts.disconnect("fca_none"), "financial_connections_account_write"),
        (lambda: sdk.sessions.create(params={"odd": 1}), "financial_connections_session_write"),
        (lambda: sdk.payment_methods.detach("pm_none"), "payment_method_write"),
        (lambda: sdk.external_accounts.list("acct_none"), "external_account_read"),
        (lambda: sdk.mandates.retrieve("mandate_none"), "mandate_read"),
        (lambda: sdk.customers.delete("cus_none"), "customer_write"),
        (lambda: sdk.events.list(), "event_read"),
    ]
    for attempt, permission in attempts:
        assert permission in PERMISSIONS
        with pytest.raises(stripe.PermissionError, match=f"rak_{permission}'"):
            attempt()


def test_a_key_of_the_other_mode_finds_nothing(sim, sdk, account, jenny):
    method = sdk.payment_methods.create(params=payment_method(account)).id
    received(sim)
    sim.keys.use_other_mode()
    for read in (
        lambda: sdk.accounts.retrieve(account.id),
        lambda: sdk.payment_methods.retrieve(method),
        lambda: sdk.customers.retrieve(jenny),
    ):
        with pytest.raises(stripe.InvalidRequestError) as missing:
            read()
        assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
        assert "a similar object exists in test mode" in missing.value.user_message
    with pytest.raises(stripe.InvalidRequestError) as missing:
        sdk.payment_methods.create(params=payment_method(account))
    assert (missing.value.http_status, missing.value.code) == (400, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError) as nowhere:
        sdk.accounts.retrieve("fca_none")
    assert "similar object" not in nowhere.value.user_message
    assert sdk.accounts.list().data == []
    sim.keys.reset()
    assert sdk.accounts.retrieve(account.id).id == account.id


def test_the_other_mode_sends_no_events_to_our_endpoints(sim, sdk):
    sim.keys.use_other_mode()
    theirs = sdk.customers.create(params={"name": "Ada"}).id
    assert sdk.customers.retrieve(theirs).name == "Ada"
    assert received(sim) == []
    sim.keys.reset()
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        sdk.customers.retrieve(theirs)


def test_a_revoked_key_is_not_accepted(sim, sdk):
    sim.keys.revoke()
    with pytest.raises(stripe.AuthenticationError) as refused:
        sdk.customers.list()
    assert refused.value.http_status == 401
    assert KEY not in refused.value.user_message


def test_each_key_has_settings_of_its_own(sim, account):
    sim.keys.restrict(READS, "rk_test_reader")
    sim.keys.revoke("rk_test_old")
    asks = client(sim)
    for key, error in [
        ("rk_test_reader", stripe.PermissionError),
        ("rk_test_old", stripe.AuthenticationError),
    ]:
        with pytest.raises(error):
            asks.v1.payment_methods.create(payment_method(account), {"api_key": key})
    assert asks.v1.payment_methods.create(payment_method(account)).id


def test_a_refused_request_leaves_its_idempotency_key_unused(sim, sdk, account):
    options = {"idempotency_key": "create_1"}
    sim.keys.restrict(READS)
    with pytest.raises(stripe.PermissionError):
        sdk.payment_methods.create(payment_method(account), options)
    sim.keys.reset()
    made = sdk.payment_methods.create(payment_method(account), options)
    assert "idempotent-replayed" not in made.last_response.headers


def test_unknown_permissions_are_refused(sim):
    with pytest.raises(ValueError, match="got rob_banks"):
        sim.keys.restrict(["customer_read", "rob_banks"])
