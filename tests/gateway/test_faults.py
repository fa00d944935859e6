"""Every command succeeds after every fault, and takes effect once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.adapters.simulator import ApiFault, Faults, Simulator
from relink.adapters.simulator.resources import Number
from relink.machines.commands import AnyStripeCommand
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    DomainEvent,
    ExternalAccountMade,
    ExternalAccountReported,
    PaymentMethodMade,
    PaymentMethodReported,
    RelinkSessionCreated,
    SessionReported,
)

from ..rig import SimulatedStripe
from .scene import Scene

DAY = 24 * 3600
CONNECTIONS = "/v1/financial_connections"
SESSION_MADE = "financial_connections.session.created"
ONCE = ("payment_method.created", "payment_method.attached", "account.external_account.created")

STEPS: dict[str, tuple[str, str]] = {
    "relink: create the session": ("POST", f"{CONNECTIONS}/sessions"),
    "read account": ("GET", f"{CONNECTIONS}/accounts"),
    "read authorization": ("GET", f"{CONNECTIONS}/authorizations"),
    "read session": ("GET", f"{CONNECTIONS}/sessions"),
    "read payment method": ("GET", "/v1/payment_methods/"),
    "read external account": ("GET", "/v1/accounts/"),
    "build: read the name": ("GET", "/v1/customers"),
    "build: create": ("POST", "/v1/payment_methods"),
    "build: attach": ("POST", "/v1/payment_methods/"),
    "pay out: read the token": ("GET", f"{CONNECTIONS}/sessions"),
    "pay out: create": ("POST", "/v1/accounts"),
}
MADE: dict[str, type[DomainEvent]] = {
    "relink": RelinkSessionCreated,
    "read account": AccountReported,
    "read authorization": AuthorizationReported,
    "read session": SessionReported,
    "read payment method": PaymentMethodReported,
    "read external account": ExternalAccountReported,
    "build": PaymentMethodMade,
    "pay out": ExternalAccountMade,
}


def command_of(step: str, customer: Scene, payee: Scene) -> tuple[Scene, AnyStripeCommand]:
    match step.partition(":")[0]:
        case "relink":
            return customer, customer.relink()
        case "read account":
            return customer, customer.read_account()
        case "read authorization":
            return customer, customer.read_authorization()
        case "read session":
            return customer, customer.read_session(customer.linked_new_account()[0])
        case "read payment method":
            return customer, customer.read_payment_method(customer.built())
        case "read external account":
            return payee, payee.read_external_account(payee.paid_out())
        case "build":
            return customer, customer.build()
        case _:
            return payee, payee.pay_out()


def effects(simulator: Simulator) -> dict[str, int]:
    return {kind: simulator.ledger.count(kind) for kind in (*ONCE, SESSION_MADE)}


@pytest.mark.parametrize("fault", ApiFault)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_takes_effect_once_after_one_fault(
    customer: Scene, payee: Scene, step: str, fault: ApiFault
) -> None:
    check_one_effect(customer, payee, step, fault, 1)


@pytest.mark.parametrize("fault", ApiFault)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_takes_effect_once_after_three_equal_faults(step: str, fault: ApiFault) -> None:
    stripe = SimulatedStripe()
    customer, payee = Scene.of_customer(stripe), Scene.of_payouts(stripe)
    check_one_effect(customer, payee, step, fault, 3)


def check_one_effect(customer: Scene, payee: Scene, step: str, fault: ApiFault, times: int) -> None:
    scene, command = command_of(step, customer, payee)
    simulator, before = scene.simulator, effects(scene.simulator)
    method, path = STEPS[step]
    simulator.inject(fault, method=method, path=path, times=times)

    *failed, done = scene.settle(command)

    (event,) = done.events
    assert isinstance(event, MADE[step.partition(":")[0]])
    assert event.causation_id == command.id
    assert bool(failed) is (fault is not ApiFault.SLOW)
    assert all(attempt.retry_at and attempt.error for attempt in failed)
    trigger = {kind: count - before[kind] for kind, count in effects(simulator).items()}
    opened = trigger.pop(SESSION_MADE)
    builds, pays, opens = (step.startswith(begin) for begin in ("build", "pay out", "relink"))
    assert trigger == dict(zip(ONCE, (builds, builds, pays), strict=True))
    if opens and fault is ApiFault.ERROR_AFTER:
        # A session whose answer was lost cannot be found, so another one is created.
        assert 1 < opened <= 1 + times
    else:
        assert opened == opens


def test_no_attempt_begins_before_the_retry_after_of_stripe(customer: Scene) -> None:
    customer.simulator.inject(ApiFault.RATE_LIMITED_WITH_WAIT, times=5)
    began = customer.simulator.now
    *limited, _ = customer.settle(customer.read_account())
    for attempt, asked in zip(limited, customer.asked()[1:], strict=True):
        assert attempt.retry_at
        assert asked.at >= attempt.retry_at
    assert customer.simulator.now - began >= 5


def test_an_effect_whose_answer_was_lost_is_found_after_the_keys_expired(
    customer: Scene, payee: Scene
) -> None:
    simulator = customer.simulator
    for scene, command, path in [
        (customer, customer.build(), "/v1/payment_methods"),
        (customer, customer.build(), "/v1/payment_methods/"),
        (payee, payee.pay_out(), "/v1/accounts"),
    ]:
        asked_at, before = simulator.now, effects(simulator)
        simulator.inject(ApiFault.TIMEOUT_AFTER, method="POST", path=path)
        first = scene.attempt(command, 1, asked_at)
        assert first.retry_at
        simulator.advance(DAY + 1)
        again = scene.attempt(command, 2, asked_at)
        assert isinstance(again.events[0], MADE["build" if scene is customer else "pay out"])
        trigger = {kind: count - before[kind] for kind, count in effects(simulator).items()}
        assert list(trigger.values()) == ([1, 1, 0, 0] if scene is customer else [0, 0, 1, 0])


def test_a_customer_renamed_between_attempts_gets_one_payment_method(customer: Scene) -> None:
    simulator, command = customer.simulator, customer.build()
    simulator.inject(ApiFault.TIMEOUT_AFTER, method="POST", path="/v1/payment_methods")
    asked_at = simulator.now
    customer.attempt(command, 1, asked_at)
    simulator.world.customers[customer.holder.id].name = "Jenny Roe"
    simulator.advance(60)
    done = customer.attempt(command, 2, asked_at)
    assert isinstance(done.events[0], PaymentMethodMade)
    assert customer.count("payment_method.created") == 1


def test_a_build_is_retried_while_account_numbers_are_pending(customer: Scene) -> None:
    command = customer.build()
    account = customer.simulator.world.accounts[command.account]
    account.numbers = [Number(tokenized=True, status="pending")]
    asked_at = customer.simulator.now
    for number in range(1, 5):
        waiting = customer.attempt(command, number, asked_at)
        assert waiting.retry_at
        assert "pending_account_numbers" in (waiting.error or "")
    account.numbers = []
    done = customer.attempt(command, 5, asked_at)
    assert isinstance(done.events[0], PaymentMethodMade)


@given(
    seed=st.integers(0, 2**32),
    rate=st.sampled_from([0.01, 0.03, 0.06]),
    commands=st.lists(st.sampled_from(sorted(MADE)), min_size=1, max_size=6),
)
def test_every_command_takes_effect_once_with_random_faults(
    seed: int, rate: float, commands: list[str]
) -> None:
    stripe = SimulatedStripe(seed)
    customer, payee = Scene.of_customer(stripe), Scene.of_payouts(stripe)
    simulator = stripe.sim
    for name in commands:
        scene, command = command_of(name, customer, payee)
        asked_at, before = simulator.now, effects(simulator)
        simulator.faults = Faults.everywhere(rate)
        done = [scene.settle(command, asked_at)[-1] for _ in range(2)]
        simulator.faults = Faults()
        assert all(isinstance(end.events[0], MADE[name]) for end in done)
        trigger = [count - before[kind] for kind, count in effects(simulator).items()]
        builds, pays = name == "build", name == "pay out"
        assert trigger[:3] == [builds, builds, pays]
