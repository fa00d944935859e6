"""Sends webhooks as Stripe does: signed anew at each attempt, and until they are taken.

Stripe waits for minutes and hours between its attempts; here it is half a second.
"""

import heapq
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

import httpx

from relink.adapters.simulator import Delivery
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.simulator.webhooks import sign

CARRIERS = 48
"""Webhooks that are under way at once. One that is not answered keeps no other one waiting."""

TIMEOUT = 5.0
"""Seconds that an attempt may take."""

AGAIN_AFTER = 0.5
"""Seconds from an attempt that was not taken to the next one."""


@dataclass(slots=True)
class Sent:
    """One webhook, and what was answered."""

    event: str
    type: str
    first_at: float
    """When it was sent first (Unix seconds)."""
    answered_at: float | None = None
    """When a 2xx status came (Unix seconds)."""
    outcomes: list[str] = field(default_factory=list)
    """What the service said, each time it took it; else the status, or the name of the error."""

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None


class Sender:
    """Sends the webhooks of a simulator, from when it is made until it is stopped.

    Args:
        server: whose webhooks; those of endpoints without a URL.
        addresses: of servers, which it takes in turn.
    """

    def __init__(self, server: SimulatorServer, addresses: list[str]) -> None:
        self.sent: dict[str, Sent] = {}
        self.copies = 1
        """How many of each are sent at the same time."""
        self.lateness = 0.0
        """By how many seconds each is late at most, by chance."""
        self.secrets: tuple[str, ...] | None = None
        """What signs them, if not the endpoint's own secrets."""
        self.hangs_up = False
        """Whether the first attempt at each ends before the answer comes."""
        self._server = server
        self._urls = itertools.cycle([f"{address}/webhooks/stripe" for address in addresses])
        self._dice = Random("sender")
        self._bag: list[tuple[float, int, Delivery]] = []
        self._count = itertools.count()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        # Stripe sends from many machines: each attempt is a connection of its own.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._client = httpx.Client(timeout=TIMEOUT, limits=limits)
        self._carriers = ThreadPoolExecutor(CARRIERS, "sender")
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more."""
        self._stopping.set()
        self._thread.join()
        self._carriers.shutdown(cancel_futures=True)
        self._client.close()

    def forget(self) -> None:
        """Begin a new record."""
        with self._lock:
            self.sent = {}

    def record(self) -> list[Sent]:
        """All that was sent."""
        with self._lock:
            return list(self.sent.values())

    @property
    def is_idle(self) -> bool:
        """Whether Stripe has nothing more to send, and all is taken."""
        with self._lock, self._server.lock:
            simulator = self._server.simulator
            waiting = simulator.next_webhook_at
            return (
                not self._bag
                and all(sent.is_answered for sent in self.sent.values())
                and (waiting is None or waiting > simulator.now + 1)
            )

    def _run(self) -> None:
        while not self._stopping.wait(0.01):
            with self._lock:
                with self._server.lock:
                    new = list(self._server.simulator.due_webhooks())
                now = time.time()
                for delivery in new:
                    late = self._dice.random() * self.lateness
                    self.sent[delivery.event] = Sent(delivery.event, delivery.type, now + late)
                    self._put(delivery, late)
                due = []
                while self._bag and self._bag[0][0] <= time.monotonic():
                    due.append(heapq.heappop(self._bag)[2])
            for delivery in due:
                self._start(delivery)

    def _put(self, delivery: Delivery, late: float) -> None:
        heapq.heappush(self._bag, (time.monotonic() + late, next(self._count), delivery))

    def _start(self, delivery: Delivery) -> None:
        with self._lock:
            sent = self.sent.get(delivery.event)
        if sent is None:
            return
        gives_up = self.hangs_up and not sent.outcomes
        for copy in range(self.copies):
            self._carriers.submit(self._carry, delivery, sent, copy == 0, gives_up)

    def _carry(self, delivery: Delivery, sent: Sent, repeats: bool, gives_up: bool) -> None:
        outcome, is_taken = self._post(delivery, 0.001 if gives_up else TIMEOUT)
        with self._lock:
            sent.outcomes.append(outcome)
            if is_taken and not sent.is_answered:
                sent.answered_at = time.time()
            elif not is_taken and repeats and not sent.is_answered:
                self._put(delivery, AGAIN_AFTER)

    def _post(self, delivery: Delivery, timeout: float) -> tuple[str, bool]:
        secrets = self.secrets or delivery.endpoint.secrets
        signature = sign(delivery.payload, secrets, int(time.time()))
        headers = {**delivery.headers, "Stripe-Signature": signature}
        with self._lock:
            url = next(self._urls)
        try:
            answer = self._client.post(
                url, content=delivery.payload, headers=headers, timeout=timeout
            )
        except httpx.TransportError as error:
            return type(error).__name__, False
        if answer.status_code != 200:
            return str(answer.status_code), False
        return answer.json()["outcome"], True
