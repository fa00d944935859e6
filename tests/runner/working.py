"""A worker as a process: ``python working.py DATABASE_URL STRIPE_URL``.

It says what it does, line by line: ``begin`` and ``end`` of each attempt for Stripe, and ``told``.
"""

import logging
import sys

from relink.adapters.gateway import Answer, ApiKey, Attempt
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.protocol import FIRST
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.runner import Performer, worker
from relink.adapters.runner.worker import Worker
from relink.adapters.store import SqlStore
from relink.engine import Command
from relink.machines import relink_system

SHORT = {"HEARTBEAT": 0.25, "FETCH_EVERY": 0.25}
"""Intervals of a worker (seconds), so that nobody waits long; the kill test has the real ones."""


def say(*words: str) -> None:
    print(*words, flush=True)


class Telling:
    """A gateway that says what goes through it."""

    def __init__(self, url: str) -> None:
        self.stripe = StripeGateway(SdkTransport(ApiKey("sk_test_worker"), url))

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        say("begin", command.id)
        answer = self.stripe.perform(command, at, attempt)
        say("end", command.id)
        return answer


def main() -> None:
    database, stripe = sys.argv[1:]
    for name, seconds in SHORT.items():
        setattr(worker, name, seconds)
    logging.basicConfig(level=logging.INFO, format="# %(name)s %(message)s", stream=sys.stdout)
    store = SqlStore(database, relink_system())
    performer = Performer(store, Telling(stripe), lambda command, id: say("told", id))
    Worker(store, performer).run()
    store.close()
    say("over")


if __name__ == "__main__":
    main()
