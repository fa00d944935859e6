"""``relink serve --demo``: relink and a shop that embeds it, beside a simulated Stripe.

Everything is as in real life, but in one process: the simulator stands in for Stripe's API, and
the SDK talks to it over HTTP; its webhooks are signed and posted to relink; relink's notifications
are signed and posted to the shop. Only the time is the simulator's, since people can put it ahead
in StripeBank. There is no API token, and nothing is kept.
"""

import os
import secrets
import signal
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from relink.adapters.bootstrap import assemble, serving
from relink.adapters.gateway import ApiKey, GatewaySettings
from relink.adapters.gateway.settings import LIVE
from relink.adapters.settings import Settings, SettingsError
from relink.adapters.simulator import Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import migrate

from .shop import Inbox, shop_routes, sign_up

KEY = ApiKey("sk_test_demo")

DRAIN = 2
"""Seconds that requests may take when the demo is stopped."""


def run_demo(host: str, port: int, seed: int = 1) -> int:
    """Serve the demo until it is interrupted; say where.

    Args:
        host: the address to bind: one that nobody else reaches.
        port: 0 takes a free one.
        seed: of the simulated world.

    Returns:
        the exit code.

    Raises:
        SettingsError: a live key is set.
        OSError: the address can't be bound.
    """
    if LIVE in os.environ.get("STRIPE_API_KEY", ""):
        raise SettingsError("a live key is set (STRIPE_API_KEY), and a demo is no place for it")
    with ExitStack() as stack:
        # Both ways to end it are alike: this function is left as by any exception.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        stack.callback(signal.signal, signal.SIGTERM, before)
        stack.enter_context(suppress(KeyboardInterrupt))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="relink-demo-")))
        listening = stack.enter_context(socket.create_server((host, port)))
        address = f"http://{host}:{listening.getsockname()[1]}"
        bank = stack.enter_context(SimulatorServer(Simulator(seed=seed, start=None), host))
        settings = _settings(f"sqlite:///{folder / 'relink.db'}", bank.url, address)
        app = _application(settings, bank, address)
        print(f"The shop         {address}/demo")
        print(f"StripeBank       {bank.url}/stripebank")
        print("All of it is simulated, and nothing is kept. Ctrl-C ends it.", flush=True)
        config = uvicorn.Config(
            app, log_config=None, server_header=False, timeout_graceful_shutdown=DRAIN
        )
        uvicorn.Server(config).run(sockets=[listening])
    return 0


def _settings(database_url: str, stripe_url: str, address: str) -> Settings:
    """What the environment would say, with secrets of this one time."""
    return Settings(
        gateway=GatewaySettings(KEY, stripe_url),
        webhook_secrets=(f"whsec_{secrets.token_hex(16)}",),
        database_url=database_url,
        notify_url=f"{address}/demo/notifications",
        notify_secret=secrets.token_hex(16),
    )


def _application(settings: Settings, bank: SimulatorServer, address: str) -> Starlette:
    """relink and the shop at one address; Stripe's webhooks come there from now on."""

    def clock() -> float:
        return bank.simulator.now

    migrate(settings.database_url)
    parts = assemble(settings, clock)
    relink = serving(parts)
    with bank.lock:
        bank.simulator.add_endpoint(*settings.webhook_secrets, url=f"{address}/webhooks/stripe")
        customers = sign_up(bank.simulator)
    assert settings.notify_secret is not None, "it was made above"
    inbox = Inbox(settings.notify_secret, clock)
    shop = shop_routes(parts.service, inbox, customers, f"{bank.url}/stripebank")
    # The shop stands before relink, whose answers forbid browsers to load anything.
    home = Route("/", lambda _: RedirectResponse("/demo"))
    return Starlette(
        routes=[home, *shop, Mount("/", relink)], lifespan=relink.router.lifespan_context
    )
