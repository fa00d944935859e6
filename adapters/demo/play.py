"""The whole demo: Stripe and the service as two HTTP servers, the cast, and what it came to.

The simulator stands in for Stripe's API, and the SDK talks to it; its webhooks are signed, and
posted to the service's endpoint. Nothing leaves 127.0.0.1.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from relink.adapters.gateway import ApiKey
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.graphviz import render
from relink.adapters.runner import Performer
from relink.adapters.service import Service
from relink.adapters.simulator import Delivery, Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import SqlStore, migrate
from relink.adapters.stripe import StripeWebhooks
from relink.engine.diagram import dot
from relink.machines import CHARTS, relink_system

from .endpoint import serving, webhook_endpoint
from .scenarios import CAST
from .world import Stage

SECRET = "whsec_demo"
TIMEOUT = 10.0
"""Seconds that the simulated Stripe waits for the endpoint's answer."""


def play(folder: Path, out: Callable[[str], None] = print, seed: int = 1) -> None:
    """Play the cast.

    Args:
        folder: where the database and the picture go; an older database there is replaced.
        out: takes the story, line by line.
        seed: of the simulated world.
    """
    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "relink.db"
    for old in folder.glob("relink.db*"):
        old.unlink()
    sim = Simulator(seed=seed)
    sim.add_endpoint(SECRET)
    with ExitStack() as stack:
        migrate(f"sqlite:///{database}")
        store = SqlStore(f"sqlite:///{database}", relink_system())
        stack.callback(store.close)
        server = stack.enter_context(SimulatorServer(sim))
        transport = SdkTransport(ApiKey("sk_test_demo"), server.url)
        stack.callback(transport.close)
        endpoint = ""
        stage = Stage(server, lambda delivery: _post(endpoint, delivery), out)
        gateway = StripeGateway(transport)
        service = Service(
            store,
            gateway,
            webhooks=StripeWebhooks([SECRET], livemode=False),
            clock=lambda: sim.now,
            watch=stage.watch,
        )
        performer = Performer(
            store, gateway, stage.notify, clock=lambda: sim.now, watch=stage.watch
        )
        stage.enter(service, performer)
        endpoint = stack.enter_context(serving(webhook_endpoint(service.handle_webhook)))
        stack.enter_context(server.lock)
        for situation in CAST:
            out(f"\n━━ {situation.name}: {situation.title}")
            situation.play(stage, sim.add_customer(situation.name))
            stage.settle()
    picture = folder / "account.svg"
    picture.write_bytes(render(dot(CHARTS["account"].table()), "svg"))
    out(f"\n━━ {len(CAST)} customers in {time.monotonic() - began:.1f} s")
    for name, count in sorted(stage.counts.items()):
        out(f"  {count:>5}  {name.replace('_', ' ')}")
    out(f"\nThe account's machine, drawn: {picture}")
    account = next(iter(sim.world.accounts))
    out(f"An account's story: relink explain {account} --database sqlite:///{database}")


def _post(endpoint: str, delivery: Delivery) -> str | None:
    """Post a webhook; the outcome that the service answers, or None when it refuses."""
    request = urllib.request.Request(
        f"{endpoint}/webhooks/stripe", delivery.payload, delivery.headers, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            outcome: str = json.load(answer)["outcome"]
            return outcome
    except urllib.error.HTTPError:
        return None
