"""Gateways to a script, to a scripted server, and to a simulated Stripe both ways."""

from collections.abc import Callable, Iterator

import pytest

from relink.adapters.gateway import ApiKey
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.gateway.transport import Reply

from ..rig import API_KEY, SimulatedStripe
from .scene import Scene
from .stand_in import Script, Server

Scripted = Callable[..., tuple[StripeGateway, Script]]


@pytest.fixture(scope="session")
def scripted() -> Scripted:
    """Makes a gateway that gets the given replies."""

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
    """The gateway over Stripe's SDK, to the scripted server."""
    transport = SdkTransport(ApiKey(API_KEY), server.url, timeout=0.5)
    yield StripeGateway(transport)
    transport.close()


@pytest.fixture(scope="session")
def served() -> Iterator[SimulatedStripe]:
    """One simulated Stripe over HTTP for all tests, because starting a server takes time."""
    with SimulatedStripe(over_http=True) as running:
        yield running


@pytest.fixture(params=["in process", "over HTTP"])
def reached(request: pytest.FixtureRequest) -> SimulatedStripe:
    """A simulated Stripe, reached in both ways."""
    if request.param == "over HTTP":
        over_http: SimulatedStripe = request.getfixturevalue("served")
        return over_http
    return SimulatedStripe()


@pytest.fixture
def customer(reached: SimulatedStripe) -> Scene:
    """A customer whose link is broken."""
    return Scene.of_customer(reached)


@pytest.fixture
def payee(reached: SimulatedStripe) -> Scene:
    """A connected account whose link is broken."""
    return Scene.of_payouts(reached)
