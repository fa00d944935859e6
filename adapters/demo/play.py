"""The whole demo: Stripe and the service as two HTTP servers, the scenarios, and a summary.

The simulator stands in for Stripe's API, and the real SDK talks to it; its webhooks are signed and
posted to the service's endpoint. Nothing leaves 127.0.0.1.
"""

import json
import shlex
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from relink.adapters.gateway import ApiKey
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.runner import Performer
from relink.adapters.service import Service
from relink.adapters.simulator import Delivery, Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import SqlStore, migrate
from relink.adapters.stripe import StripeWebhooks
from relink.engine.diagram import svg
from relink.machines import CHARTS, relink_system

from .endpoint import serving, webhook_endpoint
from .scenarios import SCENARIOS
from .world import DemoWorld

SECRET = "whsec_demo"
TIMEOUT = 10.0
"""How long the simulated Stripe waits for the endpoint's answer (seconds)."""


def play(
    folder: Path,
    out: Callable[[str], None] = print,
    seed: int = 1,
    command: str = "relink",
) -> list[str]:
    """Play all scenarios, and check every step against relink's properties.

    Args:
        folder: where the database and the picture go; a database from an earlier run is replaced.
        out: receives the narration, line by line.
        seed: seed of the simulated world.
        command: what runs relink here, for the last line.

    Returns:
        the violations; empty when every property held in every step.

    Raises:
        OSError: the folder cannot be made, or cannot be written to.
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
        world = DemoWorld(server, lambda delivery: _post(endpoint, delivery), out)
        gateway = StripeGateway(transport)
        service = Service(
            store,
            gateway,
            webhooks=StripeWebhooks([SECRET], livemode=False),
            clock=lambda: sim.now,
            watch=world.watch,
        )
        performer = Performer(
            store, gateway, world.notify, clock=lambda: sim.now, watch=world.watch
        )
        world.connect(service, performer)
        endpoint = stack.enter_context(serving(webhook_endpoint(service.handle_webhook)))
        stack.enter_context(server.lock)
        for scenario in SCENARIOS:
            out(f"\n━━ {scenario.name}: {scenario.title}")
            scenario.play(world, sim.add_customer(scenario.name))
            world.settle()
    picture = folder / "account.svg"
    picture.write_text(svg(CHARTS["account"]), encoding="utf-8")
    out(f"\n━━ {len(SCENARIOS)} customers in {time.monotonic() - began:.1f} s")
    for name, count in sorted(world.counts.items()):
        out(f"  {count:>5}  {name}")
    for line in _checked(world):
        out(line)
    out(f"\nAn account's story as a picture: {picture}")
    account = next(iter(sim.world.accounts))
    url = shlex.quote(f"sqlite:///{database}")
    out(f"One account explained: {command} explain {account} --database {url}")
    return world.checks.violations


def _checked(world: DemoWorld) -> Iterator[str]:
    checks = world.checks
    checked = f"{checks.steps} steps checked against {checks.properties} properties"
    if not checks.violations:
        yield f"\n{checked}: none was violated."
        return
    count = len(checks.violations)
    yield f"\n{checked}: {count} violation{'s' if count > 1 else ''}"
    yield from (f"  {violation}" for violation in checks.violations)


def _post(endpoint: str, delivery: Delivery) -> str | None:
    """Post a webhook; returns the outcome that the service answers, or None if it refuses."""
    request = urllib.request.Request(
        f"{endpoint}/webhooks/stripe", delivery.payload, delivery.headers, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            outcome: str = json.load(answer)["outcome"]
            return outcome
    except urllib.error.HTTPError:
        return None
