"""A simulator with an endpoint, a customer with a linked account, and the SDK."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import stripe

from relink.adapters.simulator import Account, CustomerPart, Delivery, Simulator

from .sdk import client


@pytest.fixture
def sim() -> Simulator:
    simulator = Simulator(seed=1)
    simulator.add_endpoint("whsec_test")
    return simulator


@pytest.fixture
def sdk(sim: Simulator) -> SimpleNamespace:
    """The parts of ``client.v1`` that the tests use."""
    asks = client(sim).v1
    return SimpleNamespace(
        sessions=asks.financial_connections.sessions,
        accounts=asks.financial_connections.accounts,
        customers=asks.customers,
        mandates=asks.mandates,
        payment_methods=asks.payment_methods,
        external_accounts=asks.accounts.external_accounts,
        events=asks.events,
    )


@pytest.fixture
def jenny(sim: Simulator) -> str:
    return sim.add_customer("Jenny Rosen")


@pytest.fixture
def account(sim: Simulator, jenny: str) -> Account:
    made = sim.link_account(jenny)
    received(sim)
    return made


@pytest.fixture
def open_session(sim: Simulator, sdk: SimpleNamespace) -> Callable[..., CustomerPart]:
    """Opens a relink session as documented, and returns the customer in it."""

    def make(account: Account, *, specific: bool = True, **changed: Any) -> CustomerPart:
        made = sdk.sessions.create(params={**relink_params(account, specific), **changed})
        return sim.customer(made.id)

    return make


def relink_params(account: Account, specific: bool = True) -> dict[str, Any]:
    options = {"authorization": account.authorization.id}
    if specific:
        options["account"] = account.id
    params = {
        "permissions": ["payment_method"],
        "relink_options": options,
        "limits": {"accounts": 1},
        "filters": {"account_subcategories": ["checking", "savings"]},
    }
    if account.holder:
        holder = {"type": account.holder.type, account.holder.field: account.holder.id}
        params["account_holder"] = holder
    return params


def received(simulator: Simulator, until: float | None = None) -> list[stripe.Event]:
    """The due webhooks, verified and parsed by the SDK."""
    found = []
    for delivery in simulator.due_webhooks(until):
        found.append(event_of(delivery))
    return found


def event_of(delivery: Delivery) -> stripe.Event:
    return stripe.Webhook.construct_event(
        delivery.payload, delivery.signature, delivery.endpoint.secrets[0], tolerance=None
    )


def types(simulator: Simulator) -> list[str]:
    """The types of the due webhooks, without their common prefix."""
    return [event.type.removeprefix("financial_connections.") for event in received(simulator)]


def payment_method(account: Account, **more: object) -> dict[str, object]:
    return {
        "type": "us_bank_account",
        "us_bank_account": {"financial_connections_account": account.id},
        "billing_details": {"name": "Jenny Rosen"},
        **more,
    }
