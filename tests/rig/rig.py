"""relink in front of a simulated Stripe, in one thread and on one virtual clock."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from relink.adapters.gateway import Gateway, WatchCommand
from relink.adapters.runner import Performer
from relink.adapters.service import Service
from relink.adapters.simulator import Delivery
from relink.adapters.store import MemoryStore, SqlStore, Store
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Address, Command, Step
from relink.machines import RelinkPolicy, relink_system

from .stripe import SimulatedStripe

WEBHOOK_SECRET = "whsec_rig"


class Rig:
    """relink, and a simulated Stripe behind it; a context manager that closes both.

    The clock is the simulator's. It moves only by :meth:`advance`, :meth:`settle` and
    :meth:`receive_webhooks`, and while a request waits for a retry.

    Args:
        stripe: Stripe's side; None makes one in this process.
        database: the URL of a migrated database; None keeps everything in memory.
        gateway_of: makes the performer's gateway from the simulator's.
        policy: the service's policy.
        watch: is called after every stored step.
        watch_command: is called after every attempt at a command.
        raises_unexpected: whether an unexpected error of an attempt ends the test. The performer
            itself logs it and tries again later.
    """

    def __init__(
        self,
        stripe: SimulatedStripe | None = None,
        database: str | None = None,
        *,
        gateway_of: Callable[[Gateway], Gateway] = lambda gateway: gateway,
        policy: RelinkPolicy | None = None,
        watch: Callable[[Step], None] = lambda step: None,
        watch_command: WatchCommand = lambda command, result, age: None,
        raises_unexpected: bool = True,
    ) -> None:
        self.stripe = stripe or SimulatedStripe()
        self.sim = self.stripe.sim
        self.sim.add_endpoint(WEBHOOK_SECRET)
        self.store: Store
        if database is None:
            self.store = MemoryStore(relink_system())
        else:
            self.store = SqlStore(database, relink_system())
        self.steps: list[Step] = []
        """Every step that was stored."""
        self.notified: list[tuple[Command, str]] = []
        """The commands for the embedding service, with their ids."""
        self.policy = policy
        self._watch = watch
        self._watch_command = watch_command
        self._raises_unexpected = raises_unexpected
        self.service = self.service_with(self.stripe.gateway)
        self.performer = Performer(
            self.store,
            gateway_of(self.stripe.gateway),
            lambda command, id: self.notified.append((command, id)),
            clock=lambda: self.now,
            policy=policy,
            watch=self._keep_step,
            watch_command=watch_command,
        )
        self.deliver: Callable[[Delivery], object] = self._handle
        """Takes a webhook to the service. Replace it to deliver in another way."""

    def service_with(self, gateway: Gateway) -> Service:
        """A service on the same store and clock, with another gateway."""
        return Service(
            self.store,
            gateway,
            webhooks=StripeWebhooks([WEBHOOK_SECRET], livemode=False),
            policy=self.policy,
            clock=lambda: self.now,
            timer=lambda: self.sim.now,
            sleep=self.sim.advance,
            watch=self._keep_step,
            watch_command=self._watch_command,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the store, and Stripe's side."""
        self.store.close()
        self.stripe.close()

    # ── time ─────────────────────────────────────────────────────────────────

    @property
    def now(self) -> float:
        """The time (Unix seconds)."""
        return self.sim.now

    def advance(self, seconds: float) -> None:
        """Let time pass. Webhooks arrive and commands are performed, each at its time."""
        until = self.now + seconds
        while self._next_happens(until):
            pass

    def settle(self, within: float = 600) -> None:
        """Deliver every webhook on its way, and perform what is due within ``within`` seconds.

        The clock stops at the last of them.
        """
        until = self.now + within
        while True:
            self.receive_webhooks()
            self.perform()
            due_at = self.next_due_at
            if self.sim.next_webhook_at is not None:
                continue
            if due_at is None or due_at > until:
                return
            self.sim.advance_to(due_at)

    def receive_webhooks(self) -> None:
        """Deliver every webhook on its way, each at its time. No command is performed."""
        while (at := self.sim.next_webhook_at) is not None:
            for delivery in self.sim.due_webhooks(max(at, self.now)):
                self.deliver(delivery)

    def perform(self) -> int:
        """Perform the commands that are due, and those that follow.

        Returns:
            the number of attempts.
        """
        with _raise_logged() if self._raises_unexpected else _unchanged():
            return self.performer.work_off()

    def _next_happens(self, until: float) -> bool:
        """Advance to the next webhook or command; whether time is left."""
        due_at = self.next_due_at
        moment = until if due_at is None else min(max(due_at, self.now), until)
        delivery = next(self.sim.due_webhooks(moment), None)
        if delivery is not None:
            self.deliver(delivery)
        self.perform()
        return delivery is not None or moment < until

    # ── what relink knows ────────────────────────────────────────────────────

    def state(self, account: str, machine: str = "account") -> str | None:
        """The state of a machine about an account; None where there is no such machine."""
        snapshot = self.store.snapshot(Address(machine, account))
        return snapshot.state if snapshot else None

    @property
    def next_due_at(self) -> float | None:
        """When the next command is due (Unix seconds); None when there is none."""
        return self.store.next_due_at()

    def due(self) -> list[str]:
        """The names of all commands that are not done, in the order of their due times."""
        return [due.command.name for due in self.store.due_commands(float("inf"), 100)]

    @property
    def notifications(self) -> list[Command]:
        """The commands for the embedding service."""
        return [command for command, _ in self.notified]

    # ── accounts in a known situation ────────────────────────────────────────

    def linked(self, name: str | None = "Jo", **how: object) -> str:
        """An account that a customer linked, by id; relink knows it."""
        account = self.stripe.link(name, **how)
        self.settle()
        return account

    def broken(self, name: str | None = "Jo", **how: object) -> str:
        """An account whose consent expired, by id; relink knows that."""
        account = self.linked(name, **how)
        self.stripe.expire_consent(account)
        self.settle()
        return account

    def _handle(self, delivery: Delivery) -> None:
        self.service.handle_webhook(delivery.payload, delivery.signature)

    def _keep_step(self, step: Step) -> None:
        self.steps.append(step)
        self._watch(step)


class _Raise(logging.Handler):
    """Raises the errors that are logged with their traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            raise record.exc_info[1]


@contextmanager
def _raise_logged() -> Iterator[None]:
    log, handler = logging.getLogger("relink.adapters.runner"), _Raise()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


@contextmanager
def _unchanged() -> Iterator[None]:
    yield
