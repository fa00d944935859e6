"""The permissions of a restricted key that the docs list are those that the requests need."""

from pathlib import Path

import pytest

from relink.adapters.gateway import Attempt
from relink.adapters.gateway.listing import AccountListing
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.permissions import PERMISSIONS

from ..rig import SimulatedStripe
from .scene import Scene
from .test_faults import MADE, command_of

SERVICE = Path(__file__).parents[2] / "docs" / "service.md"


@pytest.fixture(scope="module")
def asked() -> set[tuple[str, str]]:
    """Method and path of every request that the commands and an import need."""
    stripe = SimulatedStripe()
    for name in MADE:
        customer, payee = Scene.of_customer(stripe), Scene.of_payouts(stripe)
        scene, command = command_of(name, customer, payee)
        stripe.gateway.perform(
            command, stripe.sim.now, Attempt(connected_account=scene.connected_account)
        )
    assert isinstance(stripe.gateway, StripeGateway)
    stripe.gateway.list_accounts(AccountListing("import"), stripe.sim.now)
    return {(request.method, request.path) for request in stripe.requests()}


def test_every_request_needs_exactly_one_permission(asked: set[tuple[str, str]]) -> None:
    assert len(asked) > 10
    for method, path in asked:
        needed = [each.resource for each in PERMISSIONS if each.covers(method, path)]
        assert len(needed) == 1, f"{method} {path} needs {needed}"


def test_no_permission_is_asked_for_that_no_request_needs(asked: set[tuple[str, str]]) -> None:
    for each in PERMISSIONS:
        methods = {method for method, path in asked if each.covers(method, path)}
        assert ("POST" in methods) == (each.access == "Write"), each.resource


def test_each_permission_is_tried_that_needs_no_connected_account() -> None:
    for each in PERMISSIONS:
        methods = [call.method for call in each.tried_by]
        expected = ["GET", "POST"] if each.access == "Write" else ["GET"]
        assert methods == ([] if each.only_connect else expected), each.resource
        assert all(each.covers(call.method, call.path) for call in each.tried_by)


def test_the_docs_list_them() -> None:
    text = SERVICE.read_text()
    for each in PERMISSIONS:
        use = f"{each.use}; only with Connect" if each.only_connect else each.use
        assert f"| {each.resource} | {each.access} | {use} |" in text
