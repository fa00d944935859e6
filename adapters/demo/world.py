"""The demo's world: a simulated Stripe, the service, and the time in which both live.

Time is the simulator's, so weeks pass at once. Webhooks go from the simulator to the service, and
commands from the service to the simulator. This module lets whatever is due happen, and checks
every step against the properties that relink promises. What it led to stands in the journal.

The simulator is served by other threads. The world holds the simulator's lock and releases it only
while the service works.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from relink.adapters.runner import Performer
from relink.adapters.service import RelinkRefusedError, Service
from relink.adapters.simulator import STRIPE_BANK, CustomerPart, Delivery, Faults
from relink.adapters.simulator.server import SimulatorServer
from relink.engine import Command, Step

from .checks import StepChecks
from .narrate import Occurrence

DAY = 24 * 60 * 60
"""Seconds."""

READ_DELAY = 5
"""Seconds to let pass for reads that wait until their answer cannot be ambiguous."""

COUNTED = {
    "attach_external_account": "payment methods to create",
    "collect_mandate": "requests for a mandate",
    "create_payment_method": "payment methods to create",
    "create_relink_session": "relink sessions",
    "notify_customer": "messages to customers",
    "payment_method_built": "notifications for the service",
    "payment_method_gone": "notifications for the service",
    "report_anomaly": "notifications for the operators",
    "request_billing_name": "notifications for the service",
    "request_new_payment_method": "requests for a new payment method",
    "wake": "timers",
}
"""Commands by name, in words. The others are reads."""


@dataclass(frozen=True, slots=True)
class Linked:
    """An account that a customer linked."""

    id: str
    authorization: str


class DemoWorld:
    """Everything that a scenario can use.

    Args:
        server: the simulated Stripe; its clock is the time.
        post: delivers a webhook to the service, and returns its ``outcome``, or None if the
            service did not accept the webhook.
    """

    def __init__(self, server: SimulatorServer, post: Callable[[Delivery], str | None]) -> None:
        self.sim = server.simulator
        self.bank = self.sim.bank
        self.counts: Counter[str] = Counter()
        self.occurrences: list[Occurrence] = []
        """What was made to happen, in order."""
        self.checks = StepChecks()
        self._lock = server.lock
        self._post = post
        self._service: Service | None = None
        self._performer: Performer | None = None

    # ── what the service is given ────────────────────────────────────────────

    def watch(self, step: Step) -> None:
        """Check a step, and count what it asks for."""
        self.checks.check(step)
        self.counts["decisions"] += len(step.deliveries)
        for command in step.commands:
            self.counts[COUNTED.get(command.name, "reads at Stripe")] += 1

    def notify(self, command: Command, id: str) -> None:
        """Stand in for the code of the service that writes to customers."""

    def connect(self, service: Service, performer: Performer) -> None:
        """Set the service, and the performer of its commands."""
        self._service, self._performer = service, performer

    @property
    def service(self) -> Service:
        """The service."""
        assert self._service is not None, "connect() comes first"
        return self._service

    # ── what scenarios are made of ───────────────────────────────────────────

    @property
    def now(self) -> float:
        """The time (Unix seconds)."""
        return self.sim.now

    def link(
        self, customer: str, *, beside: Linked | None = None, institution: str = STRIPE_BANK
    ) -> Linked:
        """The customer links an account, as they did when they signed up.

        Args:
            customer: ``cus_…``.
            beside: an account under the same authorization.
            institution: the bank; ignored with ``beside``.
        """
        made = self.sim.link_account(
            customer,
            authorization=beside.authorization if beside else None,
            institution=institution,
        )
        assert made.authorization is not None, "a linked account has an authorization"
        self.settle()
        self.sim.advance(DAY)
        return Linked(made.id, made.authorization.id)

    def narrate(self, what: str) -> None:
        """Note what happens next, a minute later."""
        self.settle()
        self.sim.advance(60)
        self.occurrences.append((self.now, what))

    def relink(self, account: Linked) -> CustomerPart | None:
        """An hour later the service requests a relink session for the customer.

        Returns:
            the customer's part of the session; None if relink refused it.
        """
        self.settle()
        self.sim.advance(60 * 60)
        try:
            with self._service_works():
                session = self.service.request_relink(account.id)
        except RelinkRefusedError:
            return None
        assert session.secret is not None, "a session in the service's page has a secret"
        return self.sim.customer(session.id)

    def pass_time(self, seconds: float, what: str) -> None:
        """Let time pass, and everything happen that is due in it."""
        self.settle()
        self.occurrences.append((self.now, f"{round(seconds / DAY)} days pass: {what}"))
        until = self.now + seconds
        while self.now < until:
            self.sim.advance(min(DAY, until - self.now))
            self.settle()

    def wait(self, seconds: float) -> None:
        """Let seconds pass. Only the webhooks that arrive in them are delivered."""
        until = self.now + seconds
        while (due := self.sim.next_webhook_at) is not None and due <= until:
            self.sim.advance_to(due)
            self._deliver()
            self._work_off()
        self.sim.advance_to(until)

    @contextmanager
    def disorder(self) -> Iterator[None]:
        """Deliver the webhooks of what happens in here late and more than once."""
        self.settle()
        self.sim.faults = Faults(duplicate=0.5, reorder=0.8)
        yield
        self.settle()
        self.sim.faults = Faults()

    def settle(self) -> None:
        """Deliver all webhooks that are on their way, and perform all commands that are due."""
        while True:
            moved = self._deliver() + self._work_off()
            if self.sim.next_webhook_at is not None:
                self.sim.advance_to(self.sim.next_webhook_at)
            elif not moved:
                self.sim.advance(READ_DELAY)
                if not self._work_off():
                    return

    def _work_off(self) -> int:
        assert self._performer is not None, "connect() comes first"
        with self._service_works():
            return self._performer.work_off()

    @contextmanager
    def _service_works(self) -> Iterator[None]:
        """Release the lock while the service works."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()

    def _deliver(self) -> int:
        delivered = 0
        for delivery in self.sim.due_webhooks():
            with self._service_works():
                outcome = self._post(delivery)
            self.counts[f"webhooks {outcome or 'refused'}"] += 1
            if outcome is None:
                self.sim.webhook_failed(delivery)
            delivered += 1
        return delivered
