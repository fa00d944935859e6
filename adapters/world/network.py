"""Webhooks on their way from Stripe: late, twice, in another order, or never.

The simulator says what Stripe sends, and this module what becomes of it. Stripe delivers a webhook
again, with longer and longer pauses, until it is answered with a 2xx, for three days.
"""

import heapq
from dataclasses import dataclass, replace

from relink.adapters.simulator import Delivery, Simulator
from relink.adapters.simulator.webhooks import BACKOFF, sign

from .chance import Chance
from .faults import Fault

LATENCY = 1.5
"""The longest time that a webhook takes in any case (seconds)."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook on its way."""

    event: str
    type: str
    payload: bytes
    attempt: int = 0


class Network:
    """Carries webhooks from a simulator to the service.

    Args:
        sim: sends them; it has no faults of its own.
        chance: says what becomes of each.
        secret: signs them.
    """

    def __init__(self, sim: Simulator, chance: Chance, secret: str) -> None:
        self._sim = sim
        self._chance = chance
        self._secret = secret
        self._queue: list[tuple[float, int, Webhook]] = []
        self._queued = 0
        self.lost: set[str] = set()
        """The events of which no webhook comes any more, though none was taken."""

    def accept(self, delivery: Delivery) -> None:
        """Take over a webhook that Stripe sends now."""
        webhook, chance = Webhook(delivery.event, delivery.type, delivery.payload), self._chance
        late = chance.uniform(0, LATENCY)
        if chance.strikes(Fault.LOST):
            self.lost.add(webhook.event)
            return
        if chance.strikes(Fault.REORDERED):
            late += chance.uniform(0, 60)
        if chance.strikes(Fault.DELAYED):
            late += chance.uniform(3600, 2 * 86400)
        self._put(late, webhook)
        if chance.strikes(Fault.DUPLICATED):
            self._put(late + chance.uniform(0, 600), webhook)

    @property
    def next_at(self) -> float:
        """When the next webhook arrives (Unix seconds)."""
        return self._queue[0][0] if self._queue else float("inf")

    def take(self) -> tuple[Webhook, str]:
        """The next webhook, with its signature of now."""
        webhook = heapq.heappop(self._queue)[2]
        return webhook, sign(webhook.payload, (self._secret,), int(self._sim.now))

    def failed(self, webhook: Webhook) -> None:
        """A webhook was not answered with a 2xx."""
        if webhook.attempt >= len(BACKOFF):
            self.lost.add(webhook.event)
            return
        self._put(BACKOFF[webhook.attempt], replace(webhook, attempt=webhook.attempt + 1))

    def _put(self, late: float, webhook: Webhook) -> None:
        self._queued += 1
        heapq.heappush(self._queue, (self._sim.now + late, self._queued, webhook))
