"""The API through the real SDK: objects by version, errors in Stripe's format, lists."""

import pytest
import stripe

from relink.adapters.simulator import GENERAL, PREVIEW, Request, encode

from .conftest import received, relink_params
from .sdk import KEY, client

# ── versions ─────────────────────────────────────────────────────────────────


def test_objects_have_the_fields_of_the_requested_version(sim, account):
    sim.bank.expire_consent(account.authorization.id)
    seen = {}
    for version in (GENERAL, PREVIEW):
        accounts = client(sim, version).v1.financial_connections.accounts
        seen[version] = accounts.retrieve(account.id).to_dict()
    assert seen[PREVIEW]["authorization"] == account.authorization.id
    assert seen[PREVIEW]["status_details"]["inactive"]["action"] == "relink_required"
    assert "authorization" not in seen[GENERAL]
    assert "inactive" not in seen[GENERAL].get("status_details", {})
    assert set(seen[GENERAL]) < set(seen[PREVIEW])


def test_preview_endpoints_do_not_exist_in_a_general_version(sim, account):
    asks = client(sim, GENERAL)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        asks.v1.financial_connections.sessions.create(params=relink_params(account))
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "relink_options")
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        asks.raw_request(
            "get", f"/v1/financial_connections/authorizations/{account.authorization.id}"
        )


def test_the_general_sdk_reads_an_authorization_under_the_preview_version(sim, account):
    asks = client(sim)
    path = f"/v1/financial_connections/authorizations/{account.authorization.id}"
    read = asks.deserialize(asks.raw_request("get", path), api_mode="V1")
    assert (read.object, read.status) == ("financial_connections.authorization", "active")
    assert read.institution_name == "StripeBank"


def test_a_request_without_a_version_gets_the_default(account, sim):
    response = sim.handle(
        Request(
            "GET",
            f"/v1/financial_connections/accounts/{account.id}",
            headers={"authorization": f"Bearer {KEY}"},
        )
    )
    assert response.headers["stripe-version"] == GENERAL


# ── errors ───────────────────────────────────────────────────────────────────

BAD_SESSIONS = [
    ({"permissions": None}, "parameter_missing", "permissions"),
    ({"permissions": ["everything"]}, None, "permissions[0]"),
    ({"permissions": "payment_method"}, None, "permissions"),
    ({"surprise": 1}, "parameter_unknown", "surprise"),
    ({"filters": {"color": "red"}}, "parameter_unknown", "filters[color]"),
    ({"filters": {"account_subcategories": ["gold"]}}, None, "filters[account_subcategories][0]"),
    ({"filters": 3}, None, "filters"),
    ({"limits": {"accounts": 0}}, "parameter_invalid_integer", "limits[accounts]"),
    ({"limits": {"accounts": "one"}}, "parameter_invalid_integer", "limits[accounts]"),
    (
        {"relink_options": {"account": "fca_x"}},
        "parameter_missing",
        "relink_options[authorization]",
    ),
    (
        {"relink_options": {"authorization": "fcauth_x"}},
        "resource_missing",
        "relink_options[authorization]",
    ),
    ({"account_holder": None}, None, "account_holder"),
    ({"account_holder": {"type": "customer"}}, "parameter_missing", "account_holder[customer]"),
    ({"account_holder": {"customer": "cus_x"}}, "parameter_missing", "account_holder[type]"),
    (
        {"account_holder": {"type": "customer", "customer": "cus_x"}},
        "resource_missing",
        "account_holder[customer]",
    ),
    (
        {"account_holder": {"type": "customer", "account": "acct_x"}},
        None,
        "account_holder[account]",
    ),
    (
        {"account_holder": {"type": "customer", "customer": "cus_x", "customer_account": "acct_x"}},
        None,
        "account_holder[customer_account]",
    ),
    (
        {"account_holder": {"type": "account", "account": "acct_x"}},
        "resource_missing",
        "account_holder[account]",
    ),
    (
        {"ui_mode": "hosted", "return_url": "https://a.b", "hosted": {"delivery_method": "url"}}
        | {"relink_options": None},
        None,
        "hosted[delivery_method]",
    ),
    ({"permissions": ""}, "parameter_missing", "permissions"),
    ({"ui_mode": "window"}, None, "ui_mode"),
    ({"ui_mode": "hosted"}, "parameter_missing", "hosted"),
    (
        {"ui_mode": "hosted", "hosted": {"delivery_method": "url"}},
        "parameter_missing",
        "return_url",
    ),
    ({"hosted": {"delivery_method": "url"}}, None, "hosted"),
    ({"return_url": "example.com"}, "url_invalid", "return_url"),
    ({"return_url": ""}, "url_invalid", "return_url"),
]


@pytest.mark.parametrize(("changed", "code", "param"), BAD_SESSIONS)
def test_every_invalid_parameter_of_a_session_is_named(sim, sdk, account, changed, code, param):
    params = {**relink_params(account), **changed}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.sessions.create(params={k: v for k, v in params.items() if v is not None})
    error = refused.value
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert error.error.type == "invalid_request_error"
    assert error.request_id.startswith("req_")
    assert sim.ledger.count("financial_connections.session.created") == 0


def test_a_relink_must_have_the_holder_of_the_account(sim, sdk, account):
    stranger = {"type": "customer", "customer": sim.add_customer()}
    nobodys = sim.link_account(None)
    for about, holder in [(account, stranger), (nobodys, stranger)]:
        for specific in (True, False):
            params = {**relink_params(about, specific), "account_holder": holder}
            with pytest.raises(stripe.InvalidRequestError) as refused:
                sdk.sessions.create(params=params)
            assert refused.value.param == "account_holder"
    assert sdk.sessions.create(params=relink_params(nobodys)).account_holder is None


def test_a_session_for_an_account_that_cannot_be_relinked_is_refused(sim, sdk, account, jenny):
    other = sim.link_account(jenny)
    elsewhere = {"authorization": other.authorization.id, "account": account.id}
    with pytest.raises(stripe.InvalidRequestError, match="does not belong"):
        sdk.sessions.create(params={**relink_params(account), "relink_options": elsewhere})
    sim.bank.close_account(account.id)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be relinked"):
        sdk.sessions.create(params=relink_params(account))
    sim.bank.disconnect(other.id)
    with pytest.raises(stripe.InvalidRequestError, match="is disconnected"):
        sdk.sessions.create(params=relink_params(other))


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("sessions", "fcsess_x"),
        ("accounts", "fca_x"),
        ("customers", "cus_x"),
        ("payment_methods", "pm_x"),
        ("events", "evt_x"),
    ],
)
def test_unknown_objects_are_not_found(sdk, resource, name):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        getattr(sdk, resource).retrieve(name)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"authorization": ""}, stripe.AuthenticationError),
        ({"authorization": "Basic sk_test_1"}, stripe.AuthenticationError),
        ({"authorization": "Bearer sk_live_1"}, stripe.AuthenticationError),
        ({"authorization": "Bearer pk_test_1"}, stripe.AuthenticationError),
        ({"stripe-version": "newest"}, stripe.InvalidRequestError),
        ({"stripe-account": "acct_x"}, stripe.PermissionError),
    ],
)
def test_invalid_headers_are_refused(sim, headers, error):
    asks = client(sim)
    with pytest.raises(error):
        asks.raw_request("get", "/v1/customers", headers=headers)


@pytest.mark.parametrize(
    "body", [b"a[b]=1&a=2", b"a=1&a[b]=2", b"\xff=1", b"a=%ff", b"&&&", b"a&b", b"x=1&" * 2000]
)
def test_a_malformed_form_is_refused(sim, body):
    headers = {"authorization": f"Bearer {KEY}"}
    response = sim.handle(Request("POST", "/v1/customers", body, headers=headers))
    assert response.status == 400
    assert b"invalid_request_error" in response.body


def test_parameters_arrive_as_the_sdk_sends_them(sim, sdk, account):
    sdk.sessions.create(params=relink_params(account))
    (asked,) = sim.ledger.requests("POST")
    assert asked.body == encode(relink_params(account))


# ── secrets, hosted sessions ─────────────────────────────────────────────────


def test_sessions_carry_their_secret_in_answers_and_events(sim, sdk, account, open_session):
    part = open_session(account)
    secret = part.session.client_secret
    assert secret.startswith("fcsess_client_secret_")
    assert sdk.sessions.retrieve(part.session.id).client_secret == secret
    part.choose_expected()
    assert received(sim)[-1].data.object.client_secret == secret


def test_a_hosted_session_has_a_url_while_it_is_open(sim, sdk, account):
    hosted = {"ui_mode": "hosted", "hosted": {"delivery_method": "email"}}
    params = {**relink_params(account), **hosted, "return_url": "https://example.com/done"}
    session = sdk.sessions.create(params=params)
    assert session.url.startswith("https://stripebank.invalid/stripebank/fcsess_hosted_")
    assert session.hosted.to_dict() == {
        "delivery_method": "email",
        "return_url": "https://example.com/done",
    }
    assert sim.ledger.count("email.sent", session.id) == 1
    sim.customer(session.id).choose_expected()
    assert sdk.sessions.retrieve(session.id).url is None


# ── lists ────────────────────────────────────────────────────────────────────


def test_lists_are_paged_newest_first(sdk, sim, jenny):
    made = [sim.link_account(jenny).id for _ in range(7)][::-1]
    holder = {"customer": jenny}
    first = sdk.accounts.list(params={"account_holder": holder, "limit": 3})
    assert ([a.id for a in first.data], first.has_more) == (made[:3], True)
    after = sdk.accounts.list(params={"limit": 3, "starting_after": made[4]})
    assert ([a.id for a in after.data], after.has_more) == (made[5:], False)
    before = sdk.accounts.list(params={"limit": 3, "ending_before": made[4]})
    assert ([a.id for a in before.data], before.has_more) == (made[1:4], True)
    assert [a.id for a in sdk.accounts.list(params={"limit": 2}).auto_paging_iter()] == made
    with pytest.raises(stripe.InvalidRequestError, match="No such object"):
        sdk.accounts.list(params={"starting_after": "fca_x"})


def test_accounts_are_listed_by_session(sim, sdk, account, open_session):
    part = open_session(account, specific=False)
    new = part.choose_new()
    found = sdk.accounts.list(params={"session": part.session.id})
    assert [a.id for a in found.data] == [new.id]


def test_events_are_listed_by_type_and_time_for_thirty_days(sim, sdk, account):
    asks = sdk.events
    sim.advance(100)
    sim.bank.expire_consent(account.authorization.id)
    kinds = ["financial_connections.account.created", "financial_connections.account.deactivated"]
    assert [e.type for e in asks.list().data] == kinds[::-1]
    assert [e.type for e in asks.list(params={"type": "*.created"}).data] == kinds[:1]
    assert [e.type for e in asks.list(params={"types": kinds[1:]}).data] == kinds[1:]
    assert [e.type for e in asks.list(params={"created": {"gt": int(sim.now) - 1}}).data] == kinds[
        1:
    ]
    with pytest.raises(stripe.InvalidRequestError, match="but not both"):
        asks.list(params={"type": "*", "types": ["*"]})
    (deactivated, _) = asks.list().data
    assert asks.retrieve(deactivated.id).data.object.id == account.id
    sim.advance(31 * 86400)
    sim.bank.close_account(account.id)
    assert [e.created for e in asks.list().data] == [int(sim.now)]


# ── disconnecting ────────────────────────────────────────────────────────────


def test_an_account_can_be_disconnected_by_request_once(sim, account):
    asks = client(sim).v1.financial_connections.accounts
    assert asks.disconnect(account.id).status == "disconnected"
    assert [e.type.rpartition(".")[2] for e in received(sim)] == ["disconnected"]
    with pytest.raises(stripe.InvalidRequestError, match="already disconnected"):
        asks.disconnect(account.id)
