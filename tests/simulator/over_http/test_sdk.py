"""What the real SDK sees of the simulator over a real socket."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import stripe

from relink.adapters.simulator import GENERAL

from ..conftest import payment_method
from ..sdk import KEY
from .asking import control


@pytest.fixture
def method(sdk, account) -> str:
    made: str = sdk.v1.payment_methods.create(params=payment_method(account)).id
    return made


def test_a_restricted_key_gets_a_403_over_http(server, sdk, account):
    control(server, "POST", "keys/restrict", {"permissions": ["customer_read"], "key": KEY})
    try:
        with pytest.raises(stripe.PermissionError, match="rak_payment_method_write") as denied:
            sdk.v1.payment_methods.create(params=payment_method(account))
        assert (denied.value.http_status, denied.value.code) == (403, None)
        assert sdk.v1.customers.list().data
    finally:
        control(server, "POST", "keys/reset", {"key": KEY})
    assert sdk.v1.payment_methods.create(params=payment_method(account)).id


def test_a_key_of_the_other_mode_gets_a_404_over_http(server, sdk, account):
    accounts = sdk.v1.financial_connections.accounts
    control(server, "POST", "keys/use_other_mode", {})
    try:
        with pytest.raises(stripe.InvalidRequestError, match="similar object") as missing:
            accounts.retrieve(account.id)
        assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    finally:
        control(server, "POST", "keys/reset", {})
    assert accounts.retrieve(account.id).id == account.id


@pytest.mark.parametrize(("fault", "status"), [("proxy_forbids", 403), ("proxy_needs_login", 407)])
def test_the_page_of_a_proxy_is_no_answer_of_stripe(server, sdk, fault, status):
    control(server, "POST", "faults", {"fault": fault, "path": "/v1/customers", "times": None})
    for _ in range(2):
        with pytest.raises(stripe.APIError, match="Invalid response body") as page_came:
            sdk.v1.customers.list()
        assert page_came.value.http_status == status
        assert page_came.value.request_id is None
    control(server, "DELETE", "faults")
    assert sdk.v1.customers.list().data is not None


def test_a_version_that_is_not_open_gets_a_400_over_http(server, sdk):
    control(server, "POST", "faults", {"fault": "version_not_open"})
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version") as refused:
        sdk.v1.customers.list()
    assert (refused.value.http_status, refused.value.code) == (400, None)


def test_paths_and_methods_that_do_not_exist_get_an_error_of_stripe(server, sdk):
    for method, path in [
        *(("get", "/v1"), ("get", "/v1/charges"), ("get", "/v2/core/accounts/acct_1")),
        *(("delete", "/v1/financial_connections/sessions/x"), ("get", "/v2/core/events")),
    ]:
        with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as missing:
            sdk.raw_request(method, path)
        assert missing.value.http_status == 404
    for method in ("PUT", "PATCH"):
        asked = Request(f"{server.url}/v1/customers", b"name=Ada", method=method)
        asked.add_header("Authorization", f"Bearer {KEY}")
        with pytest.raises(HTTPError) as refused:
            urlopen(asked, timeout=10)
        with refused.value as answer:
            assert answer.code == 404
            error = json.load(answer)["error"]
        assert error["message"] == f"Unrecognized request URL ({method}: /v1/customers)."


def test_a_thin_notification_is_fetched_over_http(server, sdk, method):
    with server.lock:
        server.simulator.add_endpoint("whsec_thin", thin=True)
        server.simulator.bank.block_payment_method(method, "bank_account_closed")
        (delivery,) = server.simulator.due_webhooks()
        server.simulator.webhooks.endpoints.clear()
    notification = sdk.parse_event_notification(
        delivery.payload, delivery.signature, "whsec_thin", tolerance=None
    )
    event = notification.fetch_event()
    assert event.type == "v1.payment_method.automatically_updated"
    assert event.related_object.id == method
    blocked = event.fetch_related_object().us_bank_account.status_details.blocked
    assert blocked.reason == "bank_account_closed"


def test_what_was_built_goes_away_over_http(server, sdk, receiver, account, method):
    sdk.v1.payment_methods.attach(method, params={"customer": account.holder.id})
    mandate = control(server, "POST", "mandates", {"payment_method": method})["id"]
    server.settle()
    receiver.got.clear()
    control(server, "POST", "bank/revoke_mandate", {"mandate": mandate})
    assert sdk.v1.mandates.retrieve(mandate).status == "inactive"
    assert sdk.v1.payment_methods.detach(method).customer is None
    server.settle()
    assert [event.type for event in receiver.got] == ["mandate.updated", "payment_method.detached"]


def test_an_external_account_fails_and_is_deleted_over_http(server, sdk, receiver):
    driver = control(server, "POST", "connected_accounts", {"name": "Rocket Rides"})["id"]
    linked = control(server, "POST", "accounts", {"holder": driver})
    made = []
    for _ in range(2):
        session = sdk.v1.financial_connections.sessions.create(
            params={
                "account_holder": {"type": "account", "account": driver},
                "permissions": ["payment_method"],
                "relink_options": {"authorization": linked["authorization"]},
            }
        )
        control(server, "POST", f"flows/{session.id}/choose_expected", {"account": linked["id"]})
        token = sdk.v1.financial_connections.sessions.retrieve(session.id).bank_account_token.id
        params = {"external_account": token, "default_for_currency": True}
        made.append(sdk.v1.accounts.external_accounts.create(driver, params=params).id)
    server.settle()
    receiver.got.clear()
    change = {"external_account": made[0], "status": "errored"}
    control(server, "POST", "bank/change_external_account", change)
    assert sdk.v1.accounts.external_accounts.retrieve(driver, made[0]).status == "errored"
    sdk.v1.accounts.external_accounts.delete(driver, made[0])
    with pytest.raises(stripe.InvalidRequestError, match="No such external account"):
        sdk.v1.accounts.external_accounts.retrieve(driver, made[0])
    server.settle()
    assert receiver.types() == ["updated", "deleted"]
    assert {event.account for event in receiver.got} == {driver}


def test_accounts_of_a_holder_are_listed_page_by_page(server, sdk):
    with server.lock:
        holder = server.simulator.add_customer("Ada")
        made = [server.simulator.link_account(holder).id for _ in range(5)]
    accounts = sdk.v1.financial_connections.accounts
    params = {"account_holder": {"customer": holder}, "limit": 2}
    listed = accounts.list(params=params)
    assert ([a.id for a in listed.data], listed.has_more) == (made[:2:-1], True)
    assert [a.id for a in listed.auto_paging_iter()] == made[::-1]
    both = {"customer": holder, "account": "acct_1"}
    with pytest.raises(stripe.InvalidRequestError, match="Only one account holder"):
        accounts.list(params={"account_holder": both})


def test_the_shop_disconnects_an_account_over_http(server, sdk, receiver, account):
    server.settle()
    receiver.got.clear()
    disconnected = sdk.v1.financial_connections.accounts.disconnect(account.id)
    assert disconnected.status == "disconnected"
    server.settle()
    assert receiver.types() == ["disconnected"]
    assert receiver.got[0].data.object.id == account.id


def test_objects_are_altered_over_http(server, sdk, account):
    rule = {"of": account.id, "key": "authorization", "where": "answers", "times": 1}
    control(server, "POST", "shapes/leave_out", rule)
    control(server, "POST", "shapes/put", {"of": account.id, "key": "status", "value": "paused"})
    accounts = sdk.v1.financial_connections.accounts
    first, second = (accounts.retrieve(account.id).to_dict() for _ in range(2))
    assert ("authorization" in first, "authorization" in second) == (False, True)
    assert first["status"] == "paused"
    control(server, "DELETE", "shapes")
    assert accounts.retrieve(account.id).status == "active"


def test_an_account_is_linked_once_more_over_http(server, sdk, account):
    session = sdk.v1.financial_connections.sessions.create(
        params={
            "account_holder": {"type": "customer", "customer": account.holder.id},
            "permissions": ["payment_method"],
        }
    )
    control(server, "POST", f"flows/{session.id}/choose_again", {"account": account.id})
    (again,) = sdk.v1.financial_connections.sessions.retrieve(session.id).accounts.data
    assert (again.last4, again.id == account.id) == (account.last4, False)


def test_an_endpoint_of_a_general_version_gets_that_shape_over_http(server, receiver, account):
    with server.lock:
        server.simulator.webhooks.endpoints.clear()
    wanted = {"url": receiver.url, "secrets": ["whsec_http"], "version": GENERAL}
    control(server, "POST", "endpoints", wanted)
    server.settle()
    receiver.got.clear()
    control(server, "POST", "bank/expire_consent", {"authorization": account.authorization.id})
    server.settle()
    (event,) = receiver.got
    assert event.api_version == GENERAL
    shown = event.data.object.to_dict()
    assert "authorization" not in shown
    assert "inactive" not in shown.get("status_details", {})
