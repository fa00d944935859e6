"""The whole demo: Stripe and the service as two HTTP servers, and the scenarios.

The simulator stands in for Stripe's API, and the real SDK talks to it; its webhooks are signed and
posted to the service's endpoint. Nothing leaves 127.0.0.1.
"""

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from relink.adapters.gateway import ApiKey
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.runner import Performer
from relink.adapters.service import Service
from relink.adapters.simulator import Delivery, Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import SqlStore, migrate
from relink.adapters.story import Story, tell
from relink.adapters.stripe import StripeWebhooks
from relink.adapters.terminal import Screen
from relink.engine.diagram import svg
from relink.machines import CHARTS, relink_system
from relink.machines.words.thoughts import Depth

from .checks import StepChecks
from .endpoint import serving, webhook_endpoint
from .narrate import title, told
from .scenarios import SCENARIOS
from .world import DemoWorld

SECRET = "whsec_demo"
TIMEOUT = 10.0
"""How long the simulated Stripe waits for the endpoint's answer (seconds)."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a whole demo."""

    stories: dict[str, Story]
    """The story of each customer, by name."""
    counts: Counter[str]
    """What was decided and asked for."""
    checks: StepChecks
    """Whether every step kept relink's properties."""
    database: Path
    picture: Path
    """The account chart."""
    seconds: float
    """How long it took."""


def play(
    folder: Path,
    screen: Screen | None = None,
    seed: int = 1,
    depth: Depth = Depth.STORY,
) -> Played:
    """Play all scenarios, tell each customer's story, and check every step.

    Args:
        folder: where the database and the picture go; a database from an earlier run is replaced.
        screen: where the stories are told.
        seed: seed of the simulated world.
        depth: how much to tell.

    Raises:
        OSError: the folder cannot be made, or cannot be written to.
    """
    began = time.monotonic()
    screen = screen or Screen()
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "relink.db"
    for old in folder.glob("relink.db*"):
        old.unlink()
    sim = Simulator(seed=seed)
    sim.add_endpoint(SECRET)
    stories: dict[str, Story] = {}
    with ExitStack() as stack:
        migrate(f"sqlite:///{database}")
        store = SqlStore(f"sqlite:///{database}", relink_system())
        stack.callback(store.close)
        server = stack.enter_context(SimulatorServer(sim))
        transport = SdkTransport(ApiKey("sk_test_demo"), server.url)
        stack.callback(transport.close)
        endpoint = ""
        world = DemoWorld(server, lambda delivery: _post(endpoint, delivery))
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
        for number, scenario in enumerate(SCENARIOS, 1):
            world.occurrences.clear()
            before = world.counts["webhooks duplicate"]
            customer = sim.add_customer(scenario.name)
            scenario.play(world, customer)
            world.settle()
            repeated = world.counts["webhooks duplicate"] - before
            story = tell(store, _accounts_of(store, customer), scenario.name)
            stories[scenario.name] = story
            screen.show(*title(screen, number, len(SCENARIOS), scenario.name, scenario.title))
            screen.show(*told(story, screen, depth, world.occurrences, repeated))
    picture = folder / "account.svg"
    picture.write_text(svg(CHARTS["account"]), encoding="utf-8")
    took = time.monotonic() - began
    return Played(stories, world.counts, world.checks, database, picture, took)


def _accounts_of(store: SqlStore, customer: str) -> list[str]:
    """A customer's accounts, in the order in which relink learned of them."""
    found = [account.facts for account in store.accounts(holder=customer)]
    return [facts.id for facts in sorted(found, key=lambda facts: facts.first_seen_at or 0)]


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
