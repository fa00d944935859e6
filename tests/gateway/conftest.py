"""Gateways to a script, to a scripted server over HTTP, and to the simulator both ways."""

from collections.abc import Callable, Iterator

import pytest

from relink.adapters.gateway import ApiKey, Gateway
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.gateway.transport import Reply
from relink.adapters.simulator import Faults, Simulator
from relink.adapters.simulator.server import SimulatorServer

from .scene import Scene
from .stand_in import API_KEY, Script, Server

Scripted = Callable[..., tuple[StripeGateway, Script]]


@pytest.fixture(scope="session")
def scripted() -> Scripted:
    """Makes a gateway that gets these replies."""

    def make(*replies: Reply | None) -> tuple[StripeGateway, Script]:
        script = Script(list(replies))
        return StripeGateway(script), script

    return make


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def over_http(server: Server) -> Iterator[StripeGateway]:
    """The gateway with Stripe's SDK, to the scripted server."""
    transport = SdkTransport(ApiKey(API_KEY), server.url, read_timeout=0.5)
    yield StripeGateway(transport)
    transport.close()


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Simulator, Gateway]]:
    """One simulator over HTTP for all tests, since starting a server takes its time."""
    # Dropped after so many seconds, a request counts as one that timed out.
    simulator = Simulator(faults=Faults(caller_timeout=0.02))
    with SimulatorServer(simulator) as server:
        transport = SdkTransport(ApiKey(API_KEY), server.url)
        # The server's own threads have nothing to do while no request is on its way: no
        # endpoint has a URL, and the clock stands still. So tests need not hold its lock.
        yield simulator, StripeGateway(transport)
        transport.close()


@pytest.fixture(params=["in process", "over HTTP"])
def reached(request: pytest.FixtureRequest) -> tuple[Simulator, Gateway]:
    """The simulator, reached either way."""
    if request.param == "over HTTP":
        over_http: tuple[Simulator, Gateway] = request.getfixturevalue("served")
        return over_http
    simulator = Simulator()
    return simulator, SimulatorGateway(simulator)


@pytest.fixture
def customer(reached: tuple[Simulator, Gateway]) -> Scene:
    """A customer whose link is broken."""
    return Scene.of_customer(*reached)


@pytest.fixture
def payee(reached: tuple[Simulator, Gateway]) -> Scene:
    """A connected account whose link is broken."""
    return Scene.of_payouts(*reached)
