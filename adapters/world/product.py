"""One process of the product, made of the parts that :mod:`relink.adapters.bootstrap` makes it of.

The service, the performer, the gateway, its rate limits and retries, the store and the periodic
tasks are the product's own. What stands at the edge is the world's: time, the threads that the
parts run in, HTTP in both directions, and what is random about an id.

A test of the world puts a fault into the product by a subclass: each part is made in a method.
"""

import json
from typing import cast

from relink.adapters.gateway import (
    TEST_RATE,
    Gateway,
    LocalRateLimits,
    RateLimiter,
)
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.rate_limiter import RateLimitedTransport
from relink.adapters.gateway.transport import Transport
from relink.adapters.notifications import NotifyError, notification, sign
from relink.adapters.runner import Performer, PeriodicTask, reconcile
from relink.adapters.runner.overdue import warn_if_overdue
from relink.adapters.runner.streaks import Streaks
from relink.adapters.service import Service, WebhookOutcome
from relink.adapters.store import DueCommand, Store
from relink.adapters.store.retention import prune
from relink.adapters.stripe import StripeWebhooks
from relink.machines.commands import Notification

from .faults import Fault
from .ports import WorldStore, WorldTransport
from .surroundings import Surroundings

HOUR = 60 * 60.0

SECRET = "whsec_world"
NOTIFY_SECRET = "notify_world"

RECONCILE_EVERY = 2 * HOUR
"""Seconds between two calls of the sweep. In production it is a minute, and each call does less."""

OTHERS_EVERY = 12 * HOUR
"""Seconds between two runs of the other periodic tasks."""


class Product:
    """The parts of one process.

    Args:
        world: around it.
        store: what the process opened.
    """

    def __init__(self, world: Surroundings, store: Store) -> None:
        self.world = world
        self.store = self.make_store(cast("Store", WorldStore(store, world)))
        lanes = LocalRateLimits(TEST_RATE, world.timer).lanes
        self.service = self.make_service(self.make_gateway(lanes.callers))
        self.performer = self.make_performer(self.make_gateway(lanes.background))
        self.periodic_tasks = self.make_periodic_tasks()

    # ── the parts ────────────────────────────────────────────────────────────

    def make_store(self, store: Store) -> Store:
        """The store that the parts use."""
        return store

    def make_transport(self) -> Transport:
        """The way to Stripe."""
        return WorldTransport(self.world)

    def make_gateway(self, limiter: RateLimiter) -> Gateway:
        """A gateway that keeps to a rate limit."""
        world = self.world
        limited = RateLimitedTransport(self.make_transport(), limiter, world.sleep)
        return StripeGateway(limited, timer=world.timer)

    def make_service(self, gateway: Gateway) -> Service:
        """The use cases."""
        world = self.world
        return Service(
            self.store,
            gateway,
            webhooks=self.make_webhooks(),
            policy=world.policy,
            clock=world.clock,
            timer=world.timer,
            sleep=world.sleep,
            new_id=world.new_id,
        )

    def make_webhooks(self) -> StripeWebhooks:
        """The webhook endpoint."""
        return StripeWebhooks([SECRET], livemode=False, policy=self.world.policy)

    def make_performer(self, gateway: Gateway) -> Performer:
        """What makes attempts at commands."""
        world = self.world
        return Performer(
            self.store,
            gateway,
            self.notify,
            world.clock,
            world.policy,
            streaks=Streaks(world.timer),
        )

    def make_periodic_tasks(self) -> tuple[PeriodicTask, ...]:
        """The sweep, retention, and the look for what is overdue."""
        store, world = self.store, self.world
        period, policy = world.sweep_period, world.policy
        return (
            PeriodicTask(
                "reconcile",
                RECONCILE_EVERY,
                lambda: reconcile(store, world.clock(), period, policy),
            ),
            PeriodicTask("prune", OTHERS_EVERY, lambda: prune(store, world.clock())),
            PeriodicTask("overdue", OTHERS_EVERY, lambda: warn_if_overdue(store, world.clock())),
        )

    # ── what it does ─────────────────────────────────────────────────────────

    def handle_webhook(self, payload: bytes, signature: str) -> WebhookOutcome:
        """Take a webhook; what is returned is what Stripe is answered."""
        return self.service.handle_webhook(payload, signature)

    def perform(self, due: DueCommand) -> None:
        """Make one attempt at a command of the outbox."""
        self.performer.perform(due)

    def notify(self, command: Notification, id: str) -> None:
        """Post a notification to the embedding service, signed as in production.

        Raises:
            NotifyError: it was not accepted, or no answer came.
        """
        world = self.world
        world.may_be_killed(Fault.KILLED_BEFORE_NOTIFICATION)
        world.let_others_go_on()
        now = int(world.clock())
        body = json.dumps(notification(command, id, now)).encode()
        signature = sign(body, NOTIFY_SECRET, now)
        if world.chance.strikes(Fault.SERVICE_DOWN):
            world.story.say(f"service: refuses {id}")
            raise NotifyError("the notification got 503")
        world.embedding.receive(body, signature)
        world.may_be_killed(Fault.KILLED_AFTER_NOTIFICATION)
        if world.chance.strikes(Fault.SERVICE_ANSWER_LOST):
            raise NotifyError("the notification got no answer")
