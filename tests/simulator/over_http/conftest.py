"""A simulator served over HTTP, with an account, the SDK over a real socket, and an endpoint."""

from collections.abc import Iterator

import pytest
import stripe

from relink.adapters.simulator import Account, Faults, Simulator
from relink.adapters.simulator.server import SimulatorServer

from .asking import Receiver, asking


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(Simulator(seed=2, faults=Faults(caller_timeout=0.3))) as running:
        yield running


@pytest.fixture
def account(server: SimulatorServer) -> Account:
    with server.lock:
        return server.simulator.link_account(server.simulator.add_customer("Jenny Rosen"))


@pytest.fixture
def sdk(server: SimulatorServer) -> Iterator[stripe.StripeClient]:
    yield from asking(server)


@pytest.fixture
def receiver(server: SimulatorServer) -> Iterator[Receiver]:
    made = Receiver()
    with server.lock:
        server.simulator.add_endpoint("whsec_http", url=made.url)
    yield made
    with server.lock:
        server.simulator.webhooks.endpoints.clear()
    made.close()
