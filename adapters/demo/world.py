"""The stage: a simulated Stripe, the service, and what happens between them, told as it goes.

Time is the simulator's, so that weeks pass in no time. Webhooks travel from the simulator to the
service, and commands from the service to the simulator; the stage only lets due things happen.

The simulator is served by other threads. So the stage holds its lock, and lets go of it only
while the service is at work.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from relink.adapters.explain import READS, of_delivery, tell, tell_command, tell_step
from relink.adapters.runner import Performer
from relink.adapters.service import RelinkRefusedError, Service
from relink.adapters.simulator import STRIPE_BANK, CustomerPart, Delivery, Faults
from relink.adapters.simulator.server import SimulatorServer
from relink.engine import Command, Step
from relink.machines.events import TimerFired

DAY = 24 * 60 * 60
"""Seconds."""

DOUBT = 5
"""Seconds that the stage lets pass for reads that wait until a contradiction can be settled."""

_ID = re.compile(r"\b(fca|fcauth|fcsess|evt|pm|cus)_\w*(\w{4})\b")


@dataclass(frozen=True, slots=True)
class Linked:
    """An account that a customer linked."""

    id: str
    login: str
    """Its authorization."""


class Stage:
    """Where the cast plays.

    Args:
        server: the simulated Stripe; its clock is the time.
        post: delivers a webhook to the service, and returns its ``outcome``; None where it
            did not accept the webhook.
        out: takes the story, line by line.
    """

    def __init__(
        self,
        server: SimulatorServer,
        post: Callable[[Delivery], str | None],
        out: Callable[[str], None],
    ) -> None:
        self.sim = server.simulator
        self.bank = self.sim.bank
        self._lock = server.lock
        self.counts: Counter[str] = Counter()
        self._post = post
        self._out = out
        self._service: Service | None = None
        self._performer: Performer | None = None
        self._arriving = False

    # ── what the service is given ────────────────────────────────────────────

    def watch(self, step: Step) -> None:
        """Tell a step of the service, unless it is a timer or an answer that came to nothing."""
        self.counts["decisions"] += len(step.deliveries)
        lines = list(tell_step(step))
        moved = any(d.decision.outcome == "moved" for d in step.deliveries)
        if isinstance(step.trigger, TimerFired) and not moved and not step.commands:
            lines = []
        elif not lines and self._arriving and step.deliveries:
            lines = tell(of_delivery(step.deliveries[0]))
        reads = sum(isinstance(command, READS) for command in step.commands)
        for line in lines:
            self._tell(f"      {line}")
        if reads:
            self._tell(f"      ▸ read {reads} object{'s' if reads > 1 else ''} at Stripe")
        for command in step.commands:
            self.counts[command.name] += 1

    def notify(self, command: Command, id: str) -> None:
        """Stand in for the service's own code, which would write to the customer."""
        self._tell(f"    ✉ {tell_command(command)}")

    def enter(self, service: Service, performer: Performer) -> None:
        """Begin: this is the service, and who performs its commands."""
        self._service, self._performer = service, performer

    @property
    def service(self) -> Service:
        """The service, once it has entered."""
        assert self._service is not None, "the service has not entered the stage"
        return self._service

    # ── what situations are made of ──────────────────────────────────────────

    @property
    def now(self) -> float:
        """The time (Unix seconds)."""
        return self.sim.now

    def link(
        self, customer: str, *, beside: Linked | None = None, institution: str = STRIPE_BANK
    ) -> Linked:
        """The customer links an account, as on the day they signed up."""
        made = self.sim.link_account(
            customer, authorization=beside.login if beside else None, institution=institution
        )
        assert made.authorization is not None, "a linked account has an authorization"
        self.settle()
        self.sim.advance(DAY)
        return Linked(made.id, made.authorization.id)

    def reported_status(self, what: str) -> None:
        """Tell what happens in the world."""
        self.settle()
        self.sim.advance(60)
        self._tell(f"  {what}")

    def relink(self, account: Linked) -> CustomerPart:
        """The customer comes back, and the service asks for a relink session.

        Where it is refused, the customer part is of no session and must not be used.
        """
        self.settle()
        self.sim.advance(60 * 60)
        self._tell("  the service asks for a relink session")
        try:
            with self._service_at_work():
                session = self.service.request_relink(account.id)
        except RelinkRefusedError as refused:
            self._tell(f"    refused: {refused.sentence}")
            return None  # type: ignore[return-value]
        self.counts["relink sessions"] += 1
        assert session.secret is not None, "a session in the service's page has a secret"
        return self.sim.customer(session.id)

    def passes(self, seconds: float, what: str) -> None:
        """Time passes, and what is due in it happens."""
        self.settle()
        self._tell(f"  {round(seconds / DAY)} days pass: {what}")
        until = self.now + seconds
        while self.now < until:
            self.sim.advance(min(DAY, until - self.now))
            self.settle()

    def shows(self, account: Linked) -> None:
        """Tell how the account stands, and what the service should do."""
        self.settle()
        self._show(account.id)

    def shows_replacement(self, account: Linked) -> None:
        """Tell how the account stands that the customer linked in its stead."""
        self.settle()
        snapshot, _ = self.service.account(account.id)
        if snapshot.facts.replaced_by:
            self._show(snapshot.facts.replaced_by)

    @contextmanager
    def disorder(self) -> Iterator[None]:
        """Webhooks come late and twice, until what was caused in here has arrived."""
        self.settle()
        self.sim.faults = Faults(duplicate=0.5, reorder=0.8)
        yield
        self.settle()
        self.sim.faults = Faults()

    def settle(self) -> None:
        """Let all webhooks that are on their way arrive, and the service do what is due."""
        while True:
            moved = self._deliver() + self._work_off()
            if self.sim.next_webhook_at is not None:
                self.sim.advance_to(self.sim.next_webhook_at)
            elif not moved:
                self.sim.advance(DOUBT)
                if not self._work_off():
                    return

    def _work_off(self) -> int:
        assert self._performer is not None, "the service has not entered the stage"
        with self._service_at_work():
            return self._performer.work_off()

    @contextmanager
    def _service_at_work(self) -> Iterator[None]:
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()

    def _deliver(self) -> int:
        delivered = 0
        for delivery in self.sim.due_webhooks():
            self._tell(f"    ← {delivery.type} {delivery.event}")
            self._arriving = True
            with self._service_at_work():
                outcome = self._post(delivery)
            self._arriving = False
            self.counts[f"webhooks {outcome or 'refused'}"] += 1
            if outcome is None:
                self.sim.webhook_failed(delivery)
            elif outcome != "applied":
                self._tell(f"      {outcome}, and nothing is done")
            delivered += 1
        return delivered

    def _show(self, account: str) -> None:
        snapshot, answer = self.service.account(account)
        charge = "may be charged" if answer.chargeable else "not to be charged"
        reasons = f" ({', '.join(answer.reasons)})" if answer.reasons else ""
        todo = "; ".join(
            f"{n.action}{f' {n.mode}' if n.mode else ''}, {n.reason}" for n in answer.next
        )
        self._tell(f"  ⇒ {account} is {snapshot.state}, {charge}{reasons}")
        if todo:
            self._tell(f"    next: {todo}")

    def _tell(self, line: str) -> None:
        self._out(_ID.sub(r"\1_…\2", line))
