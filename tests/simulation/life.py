"""A service and a simulated Stripe in one thread, under the simulator's clock."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from relink.adapters.gateway import GatewayError
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.runner import Performer
from relink.adapters.service import RelinkRefusedError, RelinkSession, Service, UnknownAccountError
from relink.adapters.simulator import Account, Faults, Simulator
from relink.adapters.store import MemoryStore
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Address, Command, Facts, Snapshot, Step
from relink.machines import RelinkPolicy, relink_system
from relink.machines.invariants import violations

SECRET = "whsec_life"
DAY = 24 * 60 * 60


class _Alarm(logging.Handler):
    """Raises what was caught, logged and put off."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            raise record.exc_info[1]


@contextmanager
def _nothing_unforeseen() -> Iterator[None]:
    """What the performer would survive in production is to end the simulation."""
    log, alarm = logging.getLogger("relink.adapters.runner"), _Alarm()
    log.addHandler(alarm)
    try:
        yield
    finally:
        log.removeHandler(alarm)


class Life:
    """What happens between them, all of it checked against the invariants."""

    def __init__(self, seed: int, faults: Faults, policy: RelinkPolicy | None = None) -> None:
        self.sim = Simulator(seed=seed, faults=faults)
        self.sim.add_endpoint(SECRET)
        self.store = MemoryStore(relink_system())
        self.told: list[Command] = []
        gateway = SimulatorGateway(self.sim)
        self.service = Service(
            self.store,
            gateway,
            webhooks=StripeWebhooks([SECRET], livemode=False),
            policy=policy,
            clock=lambda: self.sim.now,
            sleep=self.sim.advance,
            watch=self._check,
        )
        self.performer = Performer(
            self.store,
            gateway,
            notify=lambda command, id: self.told.append(command),
            policy=policy,
            clock=lambda: self.sim.now,
            watch=self._check,
        )
        self._before: dict[Address, Snapshot[Facts]] = {}

    def pass_time(self, seconds: float) -> None:
        """Webhooks arrive and commands are carried out, each in its time."""
        until = self.sim.now + seconds
        while True:
            moments = (self.sim.next_webhook_at, self.store.next_due_at())
            moment = min((m for m in moments if m is not None and m <= until), default=None)
            self.sim.advance_to(until if moment is None else max(moment, self.sim.now))
            for delivery in self.sim.due_webhooks():
                self.service.handle_webhook(delivery.payload, delivery.signature)
            with _nothing_unforeseen():
                self.performer.work_off()
            if moment is None:
                return

    def settle(self) -> None:
        """Nothing goes wrong any more, and everything that is under way arrives: webhooks are
        delivered, reads answered, retries made. Sessions stay open, reminders are not due."""
        self.sim.faults = Faults()
        while self.sim.next_webhook_at is not None:
            self.pass_time(self.sim.next_webhook_at - self.sim.now + 1)
        self.pass_time(60 * 60)

    def request_relink(self, account: str, **wishes: object) -> RelinkSession | None:
        """Ask for a session; None where it is refused, or Stripe does not answer."""
        try:
            return self.service.request_relink(account, **wishes)
        except (RelinkRefusedError, UnknownAccountError, GatewayError):
            return None

    def state(self, account: Account) -> str | None:
        """What our machine says of it."""
        snapshot = self.store.snapshot(Address("account", account.id))
        return snapshot.state if snapshot else None

    def _check(self, step: Step) -> None:
        after = {**self._before, **step.snapshots}
        if found := violations(self._before, step, after):
            raise AssertionError("; ".join(found))
        self._before.update(step.snapshots)


TRUTH: dict[str, Callable[[Account], bool]] = {
    "active": lambda account: account.status == "active",
    "inactive_relinkable": lambda account: account.status == "inactive" and account.relinkable,
    "inactive_unrepairable": lambda account: (
        account.status == "inactive" and not account.relinkable
    ),
    "relinking": lambda account: account.status == "active" or account.relinkable,
    "new_account_linked": lambda account: account.status == "inactive",
    "disconnected": lambda account: account.status == "disconnected",
}
"""What Stripe has to say of an account that is, for us, in each state, once all has settled.
``relinked`` is not among them: Stripe's word has come by then."""
