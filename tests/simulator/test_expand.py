"""``expand``: ids become objects, and what cannot be expanded is refused."""

import pytest
import stripe

from relink.adapters.simulator import GENERAL

from .conftest import payment_method
from .sdk import client


def test_the_holder_and_the_bank_of_an_account_are_expanded(sim, sdk, account, jenny):
    fields = ["account_holder.customer", "institution", "ownership"]
    read = sdk.accounts.retrieve(account.id, params={"expand": fields})
    assert (read.account_holder.customer.id, read.account_holder.type) == (jenny, "customer")
    assert read.account_holder.customer.name == "Jenny Rosen"
    assert read.institution.name == "StripeBank"
    assert read.ownership is None
    driver = sim.add_connected_account()
    theirs = sim.link_account(driver)
    params = {"expand": ["account_holder.account"]}
    assert sdk.accounts.retrieve(theirs.id, params=params).account_holder.account.id == driver


def test_the_objects_of_lists_and_of_sessions_are_expanded(sim, sdk, account, open_session, jenny):
    part = open_session(account)
    part.choose_expected()
    params = {"expand": ["accounts.data.account_holder.customer"]}
    (linked,) = sdk.sessions.retrieve(part.session.id, params=params).accounts.data
    assert linked.account_holder.customer.id == jenny
    params = {"expand": ["data.account_holder.customer"]}
    assert sdk.accounts.list(params=params).data[0].account_holder.customer.id == jenny


def test_a_created_object_and_objects_within_it_are_expanded(sim, sdk, account, jenny):
    made = sdk.payment_methods.create(params=payment_method(account))
    params = {"customer": jenny, "expand": ["customer"]}
    assert sdk.payment_methods.attach(made.id, params=params).customer.id == jenny
    mandate = sim.collect_mandate(made.id)
    read = sdk.mandates.retrieve(mandate, params={"expand": ["payment_method.customer"]})
    assert (read.payment_method.id, read.payment_method.customer.id) == (made.id, jenny)


@pytest.mark.parametrize(
    "path",
    ["status", "color", "institution.name", "data.institution", "account_holder", "a.b.c.d.e"],
)
def test_what_cannot_be_expanded_is_refused(sdk, account, path):
    with pytest.raises(stripe.InvalidRequestError, match="cannot") as refused:
        sdk.accounts.retrieve(account.id, params={"expand": [path]})
    assert refused.value.http_status == 400


def test_lists_expand_their_data_only(sdk, account):
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        sdk.accounts.list(params={"expand": ["institution"]})


def test_nothing_is_created_if_the_answer_cannot_be_expanded(sim, sdk, account):
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        sdk.payment_methods.create(params=payment_method(account, expand=["color"]))
    assert sim.ledger.count("payment_method.created") == 0


def test_a_general_version_cannot_expand_what_it_does_not_have(sim, account):
    asks = client(sim, GENERAL).v1.financial_connections.accounts
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        asks.retrieve(account.id, params={"expand": ["institution"]})
    read = asks.retrieve(account.id, params={"expand": ["account_holder.customer"]})
    assert "redaction" not in read.account_holder.customer.to_dict()
