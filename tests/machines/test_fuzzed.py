"""Each machine decides any event, and decides it as python-statemachine itself does.

The payloads are arbitrary. Events that make sense in the domain are in ``test_histories.py``.
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
"""The default policy. The histories use others."""


@pytest.mark.parametrize("machine", CHARTS)
def test_every_machine_decides_anything_as_the_library_does(machine: str):
    case = machine_test(CHARTS[machine], values=VALUES).TestCase
    case.settings = SMALL
    case("runTest").debug()


def test_the_system_decides_any_report_of_stripe():
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


def test_a_message_between_machines_is_refused_as_an_outside_event():
    system = relink_system()
    begun = system.begin(Address("account", "fca_1"))
    with pytest.raises(TypeError, match="is not an outside event"):
        system.step(begun.trigger, {}.get)
