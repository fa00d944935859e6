"""Carries Stripe's webhooks to the service: late, twice, in any order, and until they are taken.

Stripe itself takes days over all that, and the simulator does too; here it is seconds.
"""

import heapq
import itertools
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import NamedTuple

import httpx

from relink.adapters.simulator import Delivery
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.simulator.webhooks import sign

CARRIERS = 4
"""Webhooks that are delivered at once."""

TWICE = 0.2
LATE = 0.3
"""The parts of them that come twice, and that come late."""

LATEST = 5.0
"""Seconds by which those are late at most."""

AGAIN_AFTER = 1.0
"""Seconds after which one that was not taken is delivered again."""

TAKEN = ("applied", "duplicate", "ignored")


class Answer(NamedTuple):
    """What the service said of one delivery."""

    event: str
    outcome: str
    """One of ``TAKEN``; else the status, or the name of the error."""


class Postman:
    """Delivers from when it is started until it is stopped.

    Args:
        server: whose webhooks; those of endpoints without a URL.
        url: where to.
        seed: which are late, and which come twice.
    """

    def __init__(self, server: SimulatorServer, url: str, seed: int) -> None:
        self.answers: list[Answer] = []
        self.hurries = False
        """Whether nothing is late any more, and nothing comes twice."""
        self._server = server
        self.urls = [url]
        """Where to: one after the other, as a balancer does."""
        self._turns = itertools.count()
        self._dice = Random(f"postman {seed}")
        self._bag: list[tuple[float, int, Delivery]] = []
        self._count = itertools.count()
        self._in_hand = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._carriers = ThreadPoolExecutor(CARRIERS, "postman")
        self._running = [self._carriers.submit(self._carry) for _ in range(CARRIERS)]

    def stop(self) -> None:
        """Deliver nothing more."""
        self._stopping.set()
        self._carriers.shutdown()
        for running in self._running:
            running.result()

    @property
    def is_idle(self) -> bool:
        """Whether no webhook is on its way."""
        with self._lock:
            self._collect()
            return not self._bag and not self._in_hand

    def taken(self, outcome: str) -> Counter[str]:
        """The events that the service answered so, and how often it did."""
        return Counter(answer.event for answer in self.answers if answer.outcome == outcome)

    def _carry(self) -> None:
        with httpx.Client(timeout=15) as client:
            while not self._stopping.is_set():
                delivery = self._next()
                if delivery is None:
                    self._stopping.wait(0.05)
                    continue
                answer = self._deliver(client, delivery)
                with self._lock:
                    self.answers.append(answer)
                    self._in_hand -= 1
                    if answer.outcome not in TAKEN:
                        self._put(delivery, AGAIN_AFTER)

    def _next(self) -> Delivery | None:
        with self._lock:
            self._collect()
            if not self._bag or (self._bag[0][0] > time.monotonic() and not self.hurries):
                return None
            self._in_hand += 1
            return heapq.heappop(self._bag)[2]

    def _collect(self) -> None:
        """Take what Stripe has sent, and decide what becomes of it on its way."""
        with self._server.lock:
            sent = list(self._server.simulator.due_webhooks())
        draw = self._dice.random
        for delivery in sent:
            for _ in range(2 if draw() < TWICE and not self.hurries else 1):
                self._put(delivery, draw() * LATEST if draw() < LATE else 0.0)

    def _put(self, delivery: Delivery, late: float) -> None:
        heapq.heappush(self._bag, (time.monotonic() + late, next(self._count), delivery))

    def _deliver(self, client: httpx.Client, delivery: Delivery) -> Answer:
        signature = sign(delivery.payload, delivery.endpoint.secrets, int(time.time()))
        headers = {**delivery.headers, "Stripe-Signature": signature}
        url = self.urls[next(self._turns) % len(self.urls)]
        try:
            answer = client.post(url, content=delivery.payload, headers=headers)
        except httpx.TransportError as error:
            return Answer(delivery.event, type(error).__name__)
        outcome = answer.json()["outcome"] if answer.status_code == 200 else str(answer.status_code)
        return Answer(delivery.event, outcome)
