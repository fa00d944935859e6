"""Each planted fault has a counterexample that fits on a page."""

import pytest

from relink.adapters.checker import Limits, counterexample

from ..profile import PROFILE
from .faults import FAULTS, Fault

MOST_STEPS = 12


@pytest.mark.parametrize(
    "planted", FAULTS[:: PROFILE.stride], ids=lambda fault: fault.chart.__name__
)
def test_a_planted_fault_has_a_short_counterexample(planted: Fault) -> None:
    found = counterexample(planted.system, limits=Limits(states=20_000))
    assert found is not None
    assert found.steps <= MOST_STEPS, "\n".join(found.story)
    assert found.diagram.startswith("sequenceDiagram")
