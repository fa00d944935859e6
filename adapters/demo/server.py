"""``relink serve --demo``: relink and a shop that embeds it, beside a simulated Stripe.

Everything runs as in production, but in one process: the simulator stands in for Stripe's API, and
the SDK talks to it over HTTP; its webhooks are signed and posted to relink; relink's notifications
are signed and posted to the shop. Only the time is the simulator's, because people can advance it
in StripeBank. There is no API token, and nothing is kept.
"""

import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from relink.adapters.bootstrap import assemble, serving
from relink.adapters.gateway import ApiKey, GatewaySettings
from relink.adapters.settings import Settings, SettingsError
from relink.adapters.simulator import Simulator
from relink.adapters.simulator.server import OwnHosts, SimulatorServer
from relink.adapters.store import locate, migrate

from .shop import Inbox, shop_routes, sign_up

KEY = ApiKey("sk_test_demo")

DRAIN = 2
"""How long requests in progress may take when the demo stops (seconds)."""


def run_demo(host: str, sockets: list[socket.socket], seed: int = 1) -> None:
    """Print the addresses, and serve the demo until it is interrupted.

    Args:
        host: a loopback address.
        sockets: listening sockets at this address.
        seed: seed of the simulated world.

    Raises:
        SettingsError: there is no folder for temporary files.
        OSError: no address can be bound for StripeBank.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(_temporary_folder())
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{sockets[0].getsockname()[1]}"
        bank = stack.enter_context(SimulatorServer(Simulator(seed=seed, start=None), host))
        settings = _settings(f"sqlite:///{folder / 'relink.db'}", bank.url, address)
        app: ASGIApp = OwnHosts(_application(settings, bank, address), host)
        print(f"The shop         {address}/demo")
        print(f"StripeBank       {bank.url}/stripebank")
        print("Everything is simulated, and nothing is kept. Press Ctrl-C to stop.", flush=True)
        config = uvicorn.Config(
            app,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=DRAIN,
            # A signal can interrupt the making of the loop. uvloop complains of that at the end.
            loop="asyncio",
        )
        uvicorn.Server(config).run(sockets=sockets)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder for the database, which is removed in the end.

    Raises:
        SettingsError: no folder for temporary files can be written to.
    """
    try:
        folder = TemporaryDirectory(prefix="relink-demo-")
    except OSError as error:
        raise SettingsError(
            f"The demo needs a folder for temporary files, and has none: {error.strerror or error}."
            " Set TMPDIR to a folder that can be written to."
        ) from error
    with folder:
        yield Path(folder.name)


def _settings(database_url: str, stripe_url: str, address: str) -> Settings:
    """Settings as the environment would give them, with new secrets."""
    return Settings(
        gateway=GatewaySettings(KEY, stripe_url),
        webhook_secrets=(f"whsec_{secrets.token_hex(16)}",),
        database=locate(database_url),
        notify_url=f"{address}/demo/notifications",
        notify_secret=secrets.token_hex(16),
    )


def _application(settings: Settings, bank: SimulatorServer, address: str) -> Starlette:
    """relink and the shop at one address, to which the simulator posts its webhooks."""

    def clock() -> float:
        return bank.simulator.now

    migrate(settings.database)
    parts = assemble(settings, clock)
    relink = serving(parts)
    with bank.lock:
        bank.simulator.add_endpoint(*settings.webhook_secrets, url=f"{address}/webhooks/stripe")
        customers = sign_up(bank.simulator)
    assert settings.notify_secret is not None, "_settings() makes one"
    inbox = Inbox(settings.notify_secret, clock)
    shop = shop_routes(parts.service, inbox, customers, f"{bank.url}/stripebank")
    # The shop's routes come first: relink's answers forbid browsers to load anything.
    home = Route("/", lambda _: RedirectResponse("/demo"))
    return Starlette(
        routes=[home, *shop, Mount("/", relink)], lifespan=relink.router.lifespan_context
    )
