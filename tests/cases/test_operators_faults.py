"""F1: a fault of the operator stays with the operator, and is never the customer's.

The whole product runs here, in front of a simulated Stripe, with something between the two that
answers some requests by itself.
"""

import json
from collections.abc import Iterator

import pytest

from relink.adapters.gateway.in_process import InProcessTransport
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.transport import Body, Call, Reply
from relink.engine import Address
from relink.machines import assess
from relink.machines.commands import NotifyCustomer, RequestNewPaymentMethod

from ..rig import Rig, SimulatedStripe

DAY = 24 * 60 * 60
PAGE = b"<html><body>Blocked by the proxy</body></html>"
BUILD = ("/v1/payment_methods", "/v1/customers")
EVERYWHERE = ("/v1/",)


def refusal(status: int, **error: str) -> tuple[int, bytes]:
    """An error body of Stripe's."""
    body = {"error": {"type": "invalid_request_error", "message": "…", **error}}
    return status, json.dumps(body).encode()


MISSING = refusal(404, code="resource_missing", param="id")
NOT_ALLOWED = refusal(403)
FAULTS = {
    "a restricted key without the permission": (NOT_ALLOWED, BUILD),
    "an API version that is not open to the account": (refusal(400), BUILD),
    "a parameter that Stripe does not know": (refusal(400, code="parameter_unknown"), BUILD),
    "a key of the other mode": (MISSING, EVERYWHERE),
    "a key that is not valid": (refusal(401), EVERYWHERE),
    "a proxy that refuses": ((403, PAGE), BUILD),
    "a proxy that asks for a password": ((407, PAGE), EVERYWHERE),
    "a proxy that finds nothing": ((404, PAGE), BUILD),
}


class Between:
    """A transport to the simulated Stripe, with a fault on the way while there is one."""

    def __init__(self, stripe: SimulatedStripe) -> None:
        self._through = InProcessTransport(stripe.sim)
        self.stripe = stripe
        self.fault: tuple[tuple[int, bytes], tuple[str, ...]] | None = None

    def send(self, call: Call) -> Reply:
        if self.fault is not None:
            (status, body), paths = self.fault
            if call.path.startswith(paths):
                return Reply(status, {"request-id": "req_1"}, Body(body))
        return self._through.send(call)


@pytest.fixture
def between() -> Between:
    return Between(SimulatedStripe())


@pytest.fixture
def rig(between: Between) -> Iterator[Rig]:
    with Rig(between.stripe, gateway_of=lambda _: StripeGateway(between)) as running:
        yield running


def link_instead(rig: Rig) -> str:
    """A customer links a new account instead of a broken one; nothing is built yet."""
    broken = rig.broken()
    session = rig.service.request_relink(broken, mode="any_eligible").id
    rig.sim.advance(60)
    new = rig.sim.customer(session).choose_new()
    assert new
    return new.id


def told(rig: Rig) -> int:
    """How often the service was told something for its customer."""
    kinds = (NotifyCustomer, RequestNewPaymentMethod)
    return sum(isinstance(command, kinds) for command in rig.notifications)


def next_of(rig: Rig, account: str) -> list[str]:
    snapshot = rig.store.snapshot(Address("account", account))
    assert snapshot is not None
    return [step.action for step in assess(snapshot).next]  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", FAULTS)
def test_F1_a_build_stays_due_until_the_operator_has_repaired_the_fault(
    rig: Rig, between: Between, fault: str
) -> None:
    new = link_instead(rig)
    before = told(rig)
    between.fault = FAULTS[fault]
    rig.advance(5 * DAY)
    assert "create_payment_method" in rig.due()
    assert told(rig) == before
    assert sum(rig.store.count_stuck().values()) > 0  # operators are told

    between.fault = None
    rig.advance(DAY)
    assert rig.stripe.count("payment_method.created") == 1
    assert next_of(rig, new) == ["collect_mandate"]
    assert rig.store.count_stuck() == {}
    assert told(rig) == before


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - {"a key of the other mode"}))
def test_F1_a_build_that_has_begun_stays_due_too(rig: Rig, between: Between, fault: str) -> None:
    new = link_instead(rig)
    # The name was read and the payment method created; it is to be attached.
    between.fault = (FAULTS[fault][0], ("/v1/payment_methods/",))
    rig.advance(5 * DAY)
    assert rig.due().count("create_payment_method") == 1
    between.fault = None
    rig.advance(DAY)
    assert rig.stripe.count("payment_method.created") == 1
    assert rig.stripe.count("payment_method.attached") == 1
    assert next_of(rig, new) == ["collect_mandate"]


@pytest.mark.parametrize("fault", ["a key of the other mode", "a proxy that finds nothing"])
def test_F1_an_account_that_a_wrong_key_does_not_find_stays_as_it_is(
    rig: Rig, between: Between, fault: str
) -> None:
    account = rig.broken()
    before = told(rig)
    between.fault = (FAULTS[fault][0], EVERYWHERE)
    rig.sim.bank.refresh_data(account)
    rig.advance(1)
    assert rig.state(account) == "inactive_relinkable"
    assert told(rig) == before


def test_F1_a_payment_method_that_stripe_refuses_is_asked_for_once(
    rig: Rig, between: Between
) -> None:
    new = link_instead(rig)
    before = told(rig)
    code = "bank_account_unusable"
    between.fault = (refusal(400, code=code, param="us_bank_account"), ("/v1/payment_methods",))
    rig.advance(2 * DAY)
    assert "create_payment_method" not in rig.due()
    assert next_of(rig, new) == ["request_new_payment_method"]
    assert told(rig) == before + 1


def test_F1_a_command_that_nobody_tried_for_four_days_survives_a_passing_fault(rig: Rig) -> None:
    new = link_instead(rig)
    rig.receive_webhooks()
    rig.sim.advance(4 * DAY)  # the worker rests
    rig.sim.inject("error_before", path="/v1/")
    rig.perform()
    rig.advance(3600)
    assert rig.stripe.count("payment_method.created") == 1
    assert next_of(rig, new) == ["collect_mandate"]
    assert rig.store.count_dead_letters() == 0


def test_F1_a_worker_that_rests_between_the_attempts_uses_up_no_retries(rig: Rig) -> None:
    new = link_instead(rig)
    rig.receive_webhooks()
    for _ in range(10):
        rig.sim.inject("error_before", path="/v1/")
        rig.perform()
        rig.sim.advance(DAY)
    rig.advance(3600)
    assert next_of(rig, new) == ["collect_mandate"]
    assert rig.store.count_dead_letters() == 0
    assert rig.store.count_stuck() == {}
