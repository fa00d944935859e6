"""Two pytest fixtures with a simulated Stripe, available wherever relink is installed.

pytest loads this module in every run, whether a test uses relink or not, and whichever extras are
installed. So it imports relink and its extras only when a test requests a fixture.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from relink.adapters.simulator import Simulator
    from relink.adapters.simulator.server import SimulatorServer


@pytest.fixture
def relink_simulator() -> "Simulator":
    """A simulated Stripe in this process, on a virtual clock."""
    from relink.adapters.simulator import Simulator

    return Simulator()


@pytest.fixture
def relink_simulator_http(relink_simulator: "Simulator") -> "Iterator[SimulatorServer]":
    """The same simulator over HTTP on 127.0.0.1, at ``.url``; needs the extra ``simulator``.

    Use the simulator only within ``with relink_simulator_http.lock``, because the server runs in
    threads.
    """
    try:
        from relink.adapters.simulator.server import SimulatorServer
    except ImportError as error:
        pytest.fail(f"{error}; pip install 'relink-engine[simulator]'", pytrace=False)
    with SimulatorServer(relink_simulator) as server:
        yield server
