"""Anything happens to each machine: it decides, and as python-statemachine itself would.

The payloads know nothing of the domain. What makes sense in it is in the histories.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from relink.engine import Address
from relink.engine.fuzz import machine_test, system_test
from relink.machines import CHARTS, relink_system
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    CommandFailed,
    PaymentMethodReported,
    RelinkRequested,
)

from ..profile import examples

SMALL = settings(
    max_examples=examples(15),
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
VALUES = {"policy": st.nothing()}
"""The default policy: others are tried in the histories."""


@pytest.mark.parametrize("machine", CHARTS)
def test_every_machine_decides_anything_as_the_library_does(machine: str):
    case = machine_test(CHARTS[machine], values=VALUES).TestCase
    case.settings = SMALL
    case("runTest").debug()


def test_the_system_decides_anything_that_stripe_may_say():
    outside = (
        AccountReported,
        AuthorizationReported,
        PaymentMethodReported,
        RelinkRequested,
        CommandFailed,
    )
    case = system_test(relink_system(), outside, values=VALUES).TestCase
    case.settings = SMALL
    case("runTest").debug()


def test_what_no_machine_knows_is_no_outside_event():
    system = relink_system()
    begun = system.begin(Address("account", "fca_1"))
    with pytest.raises(TypeError, match="is not an outside event"):
        system.step(begun.trigger, {}.get)
