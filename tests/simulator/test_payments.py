"""Customers, payment methods, and the external accounts of connected accounts."""

import pytest
import stripe

from relink.adapters.simulator import NotPossibleError

from .conftest import payment_method, received, relink_params
from .sdk import client

# ── customers and payment methods ────────────────────────────────────────────


def test_customers_are_made_changed_and_deleted(sim, sdk):
    made = sdk.customers.create(params={"name": "Ada", "email": "a@b.c", "metadata": {"k": "1"}})
    changed = sdk.customers.update(made.id, params={"name": "", "metadata": {"k": "", "l": "2"}})
    assert (changed.name, changed.email, changed.metadata.to_dict()) == (None, "a@b.c", {"l": "2"})
    assert [c.id for c in sdk.customers.list(params={"email": "a@b.c"}).data] == [made.id]
    sdk.customers.delete(made.id)
    assert sdk.customers.retrieve(made.id).deleted
    assert [e.type.partition(".")[2] for e in received(sim)] == ["created", "updated", "deleted"]


def test_a_payment_method_is_created_attached_and_listed(sim, sdk, account, jenny):
    params = payment_method(account, metadata={"relink_command": "create_1"})
    made = sdk.payment_methods.create(params=params)
    assert made.customer is None
    assert made.us_bank_account.financial_connections_account == account.id
    assert sdk.payment_methods.list(params={"customer": jenny}).data == []
    assert sdk.payment_methods.list().data[0].metadata.to_dict() == {"relink_command": "create_1"}
    for _ in range(2):  # again is no error, and no second effect
        attached = sdk.payment_methods.attach(made.id, params={"customer": jenny})
    assert attached.customer == jenny
    found = sdk.payment_methods.list(params={"customer": jenny, "type": "us_bank_account"})
    assert [m.metadata.to_dict() for m in found.data] == [{"relink_command": "create_1"}]
    assert sdk.customers.payment_methods.list(jenny).data[0].id == made.id
    assert sim.ledger.count("payment_method.created") == 1
    assert sim.ledger.count("payment_method.attached") == 1
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        sdk.payment_methods.attach(made.id, params={"customer": sim.add_customer()})


def test_a_payment_method_needs_a_name_and_an_account_that_supports_it(sim, sdk, account, jenny):
    def refusal(about, **changed):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            sdk.payment_methods.create(params=payment_method(about, **changed))
        return refused.value.code, refused.value.param

    param = "us_bank_account[financial_connections_account]"
    name = ("parameter_missing", "billing_details[name]")
    assert refusal(account, billing_details={"email": "a@b.c"}) == name
    assert refusal(account, billing_details={"name": ""}) == name
    typed = ("parameter_missing", "us_bank_account[account_number]")
    assert refusal(account, us_bank_account=None) == typed
    data_only = sim.link_account(jenny, permissions=("balances",))
    assert refusal(data_only) == (None, param)
    card = sim.link_account(jenny, subcategory="credit_card")
    assert refusal(card) == (None, param)
    tokenized = sim.link_account(jenny, tokenized=True)
    sim.bank.revoke_number(tokenized.id)
    unavailable = "financial_connections_account_unavailable_account_numbers"
    assert refusal(tokenized) == (unavailable, param)
    sim.bank.expire_consent(account.authorization.id)
    assert refusal(account) == ("financial_connections_account_inactive", param)
    assert sim.ledger.count("payment_method.created") == 0


# ── Connect ──────────────────────────────────────────────────────────────────


@pytest.fixture
def driver(sim):
    return sim.add_connected_account("Rocket Rides")


def test_a_bank_account_token_creates_one_external_account(sim, sdk, driver, open_session):
    account = sim.link_account(driver)
    part = open_session(account, specific=False)
    part.choose_new()
    token = sdk.sessions.retrieve(part.session.id).bank_account_token
    assert (token.used, token.bank_account.last4) == (False, part.session.linked[0].last4)
    params = {"external_account": token.id, "metadata": {"relink_account": "fca_1"}}
    made = sdk.external_accounts.create(driver, params=params)
    assert (made.object, made.account, made.status) == ("bank_account", driver, "new")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.external_accounts.create(driver, params=params)
    assert refused.value.code == "token_already_used"
    found = sdk.external_accounts.list(driver, params={"object": "bank_account"})
    assert [e.metadata.to_dict() for e in found.data] == [{"relink_account": "fca_1"}]
    assert sdk.sessions.retrieve(part.session.id).bank_account_token.used
    assert sim.ledger.count("account.external_account.created") == 1


def test_sessions_of_customers_have_no_token(sdk, account, open_session):
    part = open_session(account)
    part.choose_expected()
    assert "bank_account_token" not in sdk.sessions.retrieve(part.session.id).to_dict()


def test_an_expired_number_changes_the_external_account(sim, sdk, driver, open_session):
    account = sim.link_account(driver, tokenized=True)
    part = open_session(account)
    part.choose_expected()
    token = part.session.token.id
    external = sdk.external_accounts.create(driver, params={"external_account": token})
    received(sim)
    sim.bank.revoke_number(account.id)
    event = received(sim)[-1]
    assert (event.type, event.account) == ("account.external_account.updated", driver)
    assert event.data.object.id == external.id
    assert event.data.object.status == "tokenized_account_number_deactivated"
    open_session(account).choose_expected()
    assert sdk.external_accounts.retrieve(driver, external.id).status == "new"


def test_accounts_of_a_connected_account_need_its_header(sim, sdk, driver):
    theirs = sim.link_account(None, owner=driver)
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        sdk.accounts.retrieve(theirs.id)
    accounts = client(sim, stripe_account=driver).v1.financial_connections.accounts
    assert accounts.retrieve(theirs.id).id == theirs.id
    sim.bank.close_account(theirs.id)
    assert received(sim)[-1].account == driver


# ── what goes away ───────────────────────────────────────────────────────────


def test_a_detached_payment_method_belongs_to_nobody_for_good(sim, sdk, account, jenny):
    method = sdk.payment_methods.create(params=payment_method(account)).id
    with pytest.raises(stripe.InvalidRequestError, match="is not attached"):
        sdk.payment_methods.detach(method)
    sdk.payment_methods.attach(method, params={"customer": jenny})
    received(sim)
    assert sdk.payment_methods.detach(method).customer is None
    (event,) = received(sim)
    assert event.type == "payment_method.detached"
    assert (event.data.object.id, event.data.object.customer) == (method, None)
    assert sdk.payment_methods.list(params={"customer": jenny}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="can never be attached again"):
        sdk.payment_methods.attach(method, params={"customer": jenny})
    with pytest.raises(NotPossibleError, match="is detached"):
        sim.bank.block_payment_method(method, "bank_account_closed")


def external(sim, sdk, account, part, **params):
    part.choose_expected()
    params["external_account"] = part.session.token.id
    return sdk.external_accounts.create(account.holder.id, params=params)


def test_an_external_account_fails_and_is_verified(sim, sdk, driver, open_session):
    account = sim.link_account(driver)
    made = external(sim, sdk, account, open_session(account))
    received(sim)
    for status in ("verification_failed", "errored", "verified", "out_of_order"):
        sim.bank.change_external_account(made.id, status)
        (event,) = received(sim)
        assert (event.type, event.account) == ("account.external_account.updated", driver)
        assert event.data.object.status == status
        assert sdk.external_accounts.retrieve(driver, made.id).status == status
    with pytest.raises(NotPossibleError, match="is already out_of_order"):
        sim.bank.change_external_account(made.id, "out_of_order")


def test_a_deleted_external_account_is_not_found_any_more(sim, sdk, driver, open_session):
    account = sim.link_account(driver)
    first = external(sim, sdk, account, open_session(account))
    with pytest.raises(stripe.InvalidRequestError, match="is the default"):
        sdk.external_accounts.delete(driver, first.id)
    second = external(sim, sdk, account, open_session(account), default_for_currency=True)
    received(sim)
    assert sdk.external_accounts.delete(driver, first.id).deleted
    (event,) = received(sim)
    assert (event.type, event.account) == ("account.external_account.deleted", driver)
    assert (event.data.object.id, event.data.object.object) == (first.id, "bank_account")
    with pytest.raises(stripe.InvalidRequestError, match="No such external account"):
        sdk.external_accounts.retrieve(driver, first.id)
    sim.bank.delete_external_account(second.id)
    assert received(sim)[-1].data.object.id == second.id
    assert sdk.external_accounts.list(driver).data == []
    assert account.external_accounts == []


def test_a_mandate_is_collected_and_revoked(sim, sdk, account):
    method = sdk.payment_methods.create(params=payment_method(account)).id
    mandate = sim.collect_mandate(method)
    read = sdk.mandates.retrieve(mandate)
    assert (read.payment_method, read.status, read.type) == (method, "active", "multi_use")
    assert received(sim) == []
    sim.bank.revoke_mandate(mandate)
    (event,) = received(sim)
    assert (event.type, event.data.object.id) == ("mandate.updated", mandate)
    assert (event.data.object.payment_method, event.data.object.status) == (method, "inactive")
    with pytest.raises(NotPossibleError, match="already inactive"):
        sim.bank.revoke_mandate(mandate)
    with pytest.raises(NotPossibleError, match="no payment method"):
        sim.collect_mandate("pm_none")


# ── parameters ───────────────────────────────────────────────────────────────


def test_a_payment_method_of_typed_numbers_names_no_account(sim, sdk, account, jenny):
    typed = {
        "account_number": "000123456789",
        "routing_number": "110000000",
        "account_holder_type": "company",
        "account_type": "savings",
    }
    address = {"city": "Lyon", "line1": "1 Rue"}
    billing = {"name": "Jenny Rosen", "address": address, "tax_id": "12"}
    made = sdk.payment_methods.create(
        params=payment_method(
            account, us_bank_account=typed, billing_details=billing, allow_redisplay="always"
        )
    )
    bank = made.us_bank_account
    assert bank.financial_connections_account is None
    shown = (bank.last4, bank.account_holder_type, bank.account_type)
    assert shown == ("6789", "company", "savings")
    assert made.billing_details.address.city == "Lyon"
    assert made.billing_details.address.state is None
    sdk.payment_methods.attach(made.id, params={"customer": jenny})
    found = sdk.payment_methods.list(params={"customer": jenny, "allow_redisplay": "always"})
    assert [method.id for method in found.data] == [made.id]
    assert sdk.payment_methods.list(params={"allow_redisplay": "limited"}).data == []


def test_types_are_those_of_stripe_and_only_one_is_simulated(sdk, account):
    assert sdk.payment_methods.list(params={"type": "card"}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="must be one of acss_debit") as refused:
        sdk.payment_methods.list(params={"type": "gold"})
    assert refused.value.param == "type"
    for wrong in ({"type": "card"}, {"payment_method": "pm_1"}):
        with pytest.raises(stripe.InvalidRequestError, match="Not simulated"):
            sdk.payment_methods.create(params=payment_method(account, **wrong))


def test_customers_show_what_they_were_given(sdk):
    given = {"balance": -500, "preferred_locales": ["fr"], "tax_exempt": "exempt"}
    without_effect = {
        "address": {"city": "Lyon"},
        "shipping": {"name": "Ada", "address": {"line1": "1 Rue"}},
        "invoice_settings": {"footer": "Thanks"},
        "tax_id_data": [{"type": "eu_vat", "value": "FR1"}],
    }
    made = sdk.customers.create(params={**given, **without_effect})
    assert {key: made.to_dict()[key] for key in given} == given
    assert made.invoice_settings.footer is None
    unset = sdk.customers.update(made.id, params={"tax_exempt": "", "business_name": "Ada Ltd"})
    assert (unset.tax_exempt, unset.business_name) == ("none", "Ada Ltd")


@pytest.mark.parametrize(
    "metadata",
    [
        {"k" * 41: "v"},
        {"k": "v" * 501},
        {str(n): "v" for n in range(51)},
        "text",
        {"k": {"l": "v"}},
    ],
)
def test_metadata_beyond_its_limits_is_refused(sdk, metadata):
    with pytest.raises(stripe.InvalidRequestError):
        sdk.customers.create(params={"metadata": metadata})


def test_an_empty_metadata_parameter_removes_all_keys(sdk):
    made = sdk.customers.create(params={"metadata": {"k": "v"}})
    assert sdk.customers.update(made.id, params={"metadata": ""}).metadata.to_dict() == {}


def test_accounts_that_represent_customers_can_hold_and_pay(sim, sdk):
    acct = sim.add_connected_account("Ada Lovelace")
    account = sim.link_account(f"customer_account:{acct}")
    assert sdk.accounts.retrieve(account.id).account_holder.to_dict() == {
        "customer_account": acct,
        "type": "customer",
    }
    assert sdk.sessions.create(params=relink_params(account)).status == "pending"
    made = sdk.payment_methods.create(params=payment_method(account))
    with pytest.raises(stripe.InvalidRequestError, match="No such account"):
        sdk.payment_methods.attach(made.id, params={"customer_account": "acct_x"})
    with pytest.raises(stripe.InvalidRequestError, match="Only one of"):
        sdk.payment_methods.attach(made.id, params={"customer_account": acct, "customer": "cus_x"})
    attached = sdk.payment_methods.attach(made.id, params={"customer_account": acct})
    assert (attached.customer, attached.customer_account) == (None, acct)
    found = sdk.payment_methods.list(params={"customer_account": acct})
    assert [method.id for method in found.data] == [made.id]


def test_a_deleted_customer_cannot_be_used_as_a_holder(sim, sdk, account, jenny):
    made = sdk.payment_methods.create(params=payment_method(account))
    sdk.customers.delete(jenny)
    for attempt in [
        lambda: sdk.customers.update(jenny, params={"name": "Jenny"}),
        lambda: sdk.payment_methods.attach(made.id, params={"customer": jenny}),
        lambda: sdk.sessions.create(params=relink_params(account)),
    ]:
        with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
            attempt()
