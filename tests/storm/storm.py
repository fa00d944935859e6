"""One storm, and what webhooks and customers saw of it.

Half of the accounts break while no worker runs; that is how fast webhooks come in undisturbed, and
it leaves a backlog. The workers start on the backlog, and the other half breaks. At the same time
customers ask for relink sessions.
"""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import httpx

from relink.adapters.simulator import Delivery
from relink.adapters.simulator.webhooks import sign
from relink.adapters.store import Party

from ..kill.installation import API_TOKEN, Installation

SENDERS = 8
"""Webhooks that are delivered at once."""

OLDER = 2.1
"""Seconds from linking to breaking: Stripe's times are whole seconds, and two reports of one second
contradict each other."""

DONE = "SELECT count(*) AS n FROM outbox WHERE status = 'done' AND party = :party"
TRIED = """SELECT count(*) AS n FROM outbox
WHERE attempts > 1 OR (attempts = 1 AND status = 'due')"""


@dataclass(frozen=True, slots=True)
class Weather:
    """How large a storm is."""

    accounts: int
    workers: int
    customers: int
    """How many ask for a session."""
    every: float
    """Seconds from one customer to the next."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was seen."""

    calm: float
    """Webhooks per second without workers."""
    storm: float
    """Webhooks per second with workers on a backlog."""
    refused: Counter[int]
    """Webhooks that were not taken, by status."""
    sessions: Counter[int]
    """The answers to customers, by status."""
    waits: list[float]
    """How long customers waited (seconds), in order."""
    reads: float
    """Stripe commands that the workers did per second meanwhile."""
    failures: int
    """Commands with a failed attempt: nothing fails in this storm."""

    def __str__(self) -> str:
        waits = self.waits
        return "\n".join(
            (
                f"webhooks per second: {self.calm:.0f} in calm, {self.storm:.0f} in the storm",
                f"webhooks that were refused: {dict(self.refused)}",
                f"sessions: {dict(self.sessions)}; customers waited {waits[len(waits) // 2]:.2f} s "
                f"(median), {waits[-1]:.2f} s at most",
                f"Stripe commands per second: {self.reads:.1f}; with failures: {self.failures}",
            )
        )


def run(url: str, folder: Path, weather: Weather) -> Report:
    """Let a storm pass.

    Args:
        url: an empty PostgreSQL database with the schema.
        folder: for logs.
        weather: how large the storm is.
    """
    with Installation(url, folder, log_level="INFO") as at:
        at.postman.stop()
        at.receiver.is_well = True
        at.start()
        with at.stripe.lock:
            owners = [at.sim.add_customer() for _ in range(weather.accounts)]
            accounts = [at.sim.link_account(owner) for owner in owners]
        post(at, pending(at))
        time.sleep(OLDER)
        half = len(accounts) // 2
        calm, _ = post(at, broken(at, accounts[:half]))
        for _ in range(weather.workers):
            at.add_worker().start()
        for worker in at.workers:
            worker.wait_until_ready()
        deliveries = broken(at, accounts[half:])
        done, began = count(at, DONE), time.monotonic()
        with (
            httpx.Client(timeout=30, limits=httpx.Limits(max_connections=None)) as client,
            ThreadPoolExecutor(weather.customers) as pool,
        ):
            asked = [
                pool.submit(ask, client, at, account.id, number * weather.every)
                for number, account in zip(
                    range(weather.customers), cycle(accounts[:half]), strict=False
                )
            ]
            storm, refused = post(at, deliveries)
            answers = [each.result() for each in asked]
        seconds = time.monotonic() - began
        reads = (count(at, DONE) - done) / seconds
        return Report(
            calm=calm,
            storm=storm,
            refused=refused,
            sessions=Counter(status for status, _ in answers),
            waits=sorted(wait for _, wait in answers),
            reads=reads,
            failures=at.database.rows(TRIED)[0]["n"],
        )


def count(at: Installation, query: str) -> int:
    """How many commands of Stripe's."""
    found: int = at.database.rows(query, party=Party.STRIPE.value)[0]["n"]
    return found


def pending(at: Installation) -> list[Delivery]:
    """The webhooks that Stripe has sent."""
    with at.stripe.lock:
        return list(at.sim.due_webhooks())


def broken(at: Installation, accounts: Sequence[object]) -> list[Delivery]:
    """Let the consent of each expire; the webhooks that say so."""
    with at.stripe.lock:
        for account in accounts:
            at.sim.bank.expire_consent(account.authorization.id)  # type: ignore[attr-defined]
    return pending(at)


def post(at: Installation, deliveries: Sequence[Delivery]) -> tuple[float, Counter[int]]:
    """Deliver webhooks.

    Returns:
        How many were taken per second, and the statuses of those that were not.
    """
    left = list(deliveries)
    lock = threading.Lock()
    refused: Counter[int] = Counter()

    def send() -> None:
        with httpx.Client(timeout=30) as client:
            while True:
                with lock:
                    if not left:
                        return
                    delivery = left.pop()
                status = _post(client, at, delivery)
                if status != 200:
                    with lock:
                        refused[status] += 1

    began = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        for sending in [pool.submit(send) for _ in range(SENDERS)]:
            sending.result()
    return len(deliveries) / (time.monotonic() - began), refused


def _post(client: httpx.Client, at: Installation, delivery: Delivery) -> int:
    signature = sign(delivery.payload, delivery.endpoint.secrets, int(time.time()))
    headers = {**delivery.headers, "Stripe-Signature": signature}
    url = f"{at.address}/webhooks/stripe"
    return client.post(url, content=delivery.payload, headers=headers).status_code


def ask(client: httpx.Client, at: Installation, account: str, after: float) -> tuple[int, float]:
    """A customer asks for a session; the status, and the seconds until the answer."""
    time.sleep(after)
    began = time.monotonic()
    answer = client.post(
        f"{at.address}/accounts/{account}/relink-sessions",
        headers={"Authorization": f"Bearer {API_TOKEN}"},
    )
    return answer.status_code, time.monotonic() - began
