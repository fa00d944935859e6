"""Idempotency keys, by Stripe's rules."""

import pytest
import stripe

from relink.adapters.simulator import Simulator

from .sdk import client

NAMED = {"name": "Ada"}


@pytest.fixture
def create(sim):
    customers = client(sim).v1.customers

    def make(key, params=NAMED, **options):
        return customers.create(params=params, options={"idempotency_key": key, **options})

    return make


def made(sim: Simulator) -> int:
    return sim.ledger.count("customer.created")


def test_the_same_key_replays_the_first_answer(sim, create):
    first, again = create("a"), create("a")
    assert first.id == again.id
    assert made(sim) == 1
    headers = again.last_response.headers
    assert headers["idempotent-replayed"] == "true"
    assert headers["original-request"] == first.last_response.request_id
    assert headers["request-id"] != headers["original-request"]


def test_a_key_allows_another_order_of_parameters_but_no_other_values(sim, create):
    create("a", {"name": "Ada", "email": "a@b.c"})
    create("a", {"email": "a@b.c", "name": "Ada"})
    with pytest.raises(stripe.IdempotencyError) as refused:
        create("a", {"name": "Bob", "email": "a@b.c"})
    assert refused.value.http_status == 400
    assert made(sim) == 1


def test_a_key_belongs_to_one_path_and_one_account(sim, create, jenny):
    create("a")
    with pytest.raises(stripe.IdempotencyError):
        client(sim).v1.customers.update(jenny, params=NAMED, options={"idempotency_key": "a"})
    create("a", stripe_account=sim.add_connected_account())
    assert made(sim) == 2


def test_a_key_expires_after_a_day(sim, create):
    create("a")
    sim.advance(24 * 3600 - 1)
    create("a")
    assert made(sim) == 1
    sim.advance(1)
    create("a", {"name": "Bob"})
    assert made(sim) == 2


@pytest.mark.parametrize(("fault", "effects"), [("error_before", 0), ("error_after", 1)])
def test_a_500_is_replayed_whether_it_had_an_effect_or_not(sim, create, fault, effects):
    sim.inject(fault)
    for _ in range(3):
        with pytest.raises(stripe.APIError) as failed:
            create("a")
        assert failed.value.http_status == 500
        assert failed.value.headers["stripe-should-retry"] == "false"
    assert made(sim) == effects
    create("b")
    assert made(sim) == effects + 1


def test_an_invalid_parameter_stores_no_answer(sim, create):
    with pytest.raises(stripe.InvalidRequestError):
        create("a", {"nom": "Ada"})
    create("a")
    assert made(sim) == 1


def test_a_refusal_because_of_the_current_state_is_stored(sim, account):
    methods = client(sim).v1.payment_methods
    params = {
        "type": "us_bank_account",
        "us_bank_account": {"financial_connections_account": account.id},
        "billing_details": {"name": "Ada"},
    }
    sim.bank.suspend_account(account.id)
    with pytest.raises(stripe.InvalidRequestError):
        methods.create(params=params, options={"idempotency_key": "a"})
    sim.bank.restore_account(account.id)
    with pytest.raises(stripe.InvalidRequestError, match="not active"):
        methods.create(params=params, options={"idempotency_key": "a"})
    methods.create(params=params, options={"idempotency_key": "b"})


@pytest.mark.parametrize("fault", ["rate_limited", "timeout_before"])
def test_a_request_that_did_not_reach_its_endpoint_stores_no_answer(sim, create, fault):
    sim.inject(fault)
    with pytest.raises((stripe.RateLimitError, stripe.APIConnectionError)):
        create("a")
    assert made(sim) == 0
    create("a")
    assert made(sim) == 1


def test_a_key_is_in_use_while_its_request_runs(sim, create):
    sim.inject("timeout_after")
    with pytest.raises(stripe.APIConnectionError):
        create("a")
    with pytest.raises(stripe.APIError) as conflict:
        create("a")
    assert conflict.value.http_status == 409
    assert conflict.value.error.code == "idempotency_key_in_use"
    sim.advance(3)
    assert create("a").last_response.headers["idempotent-replayed"] == "true"
    assert made(sim) == 1


def test_reads_need_no_key_and_long_keys_are_refused(sim, create, account):
    sim.inject("error_before", method="GET")
    accounts = client(sim).v1.financial_connections.accounts
    with pytest.raises(stripe.APIError):
        accounts.retrieve(account.id)
    assert accounts.retrieve(account.id).id == account.id
    with pytest.raises(stripe.IdempotencyError, match="255"):
        create("a" * 256)
