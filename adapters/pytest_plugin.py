"""A simulated Stripe for your own tests: two fixtures, there once relink is installed.

pytest loads this module in every run of an environment that has relink, whatever the run is
about and whatever extras are there. So it imports nothing of relink, nor of an extra, until
a test asks for a fixture.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from relink.adapters.simulator import Simulator
    from relink.adapters.simulator.server import SimulatorServer


@pytest.fixture
def relink_simulator() -> "Simulator":
    """A simulated Stripe in this process, on a clock that stands still until it is moved."""
    from relink.adapters.simulator import Simulator

    return Simulator()


@pytest.fixture
def relink_simulator_http(relink_simulator: "Simulator") -> "Iterator[SimulatorServer]":
    """The same one over HTTP on 127.0.0.1, at ``.url``; needs the extra ``simulator``.

    While it is served, the simulator is used within ``with relink_simulator_http.lock``.
    """
    try:
        from relink.adapters.simulator.server import SimulatorServer
    except ImportError as error:
        pytest.fail(f"{error}; pip install 'relink-engine[simulator]'", pytrace=False)
    with SimulatorServer(relink_simulator) as server:
        yield server
