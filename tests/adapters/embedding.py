"""A service that is embedded in this process, with a simulated Stripe and a real database."""

from itertools import count
from pathlib import Path
from typing import Any

from relink.adapters.gateway import Gateway
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.runner import Performer
from relink.adapters.service import Service
from relink.adapters.simulator import Asked, Simulator
from relink.adapters.store import SqlStore, migrate
from relink.adapters.stripe import StripeWebhooks
from relink.machines import relink_system
from relink.machines.commands import Notification

SECRET = "whsec_test"


class Embedding:
    """A service with a simulator behind it, and the notifications that it sent."""

    def __init__(self, folder: Path) -> None:
        self.sim = Simulator(seed=7)
        self.sim.add_endpoint(SECRET)
        self.notified: list[Notification] = []
        self._ids = count(1)
        url = f"sqlite:///{folder / 'relink.db'}"
        migrate(url)
        self.store = SqlStore(url, relink_system())
        self.gateway = SimulatorGateway(self.sim)
        self.service = self.service_with(self.gateway)
        self.performer = Performer(
            self.store,
            self.gateway,
            notify=lambda command, id: self.notified.append(command),
            clock=lambda: self.sim.now,
        )

    def service_with(self, gateway: Gateway) -> Service:
        """A service with another gateway, on the same store."""
        return Service(
            self.store,
            gateway,
            webhooks=StripeWebhooks([SECRET], livemode=False),
            clock=lambda: self.sim.now,
            timer=lambda: self.sim.now,
            sleep=self.sim.advance,
            new_id=lambda: next(self._ids),
        )

    def settle(self, seconds: float = 120) -> None:
        """Deliver webhooks and perform due commands until this much time has passed."""
        until = self.sim.now + seconds
        while self.sim.now < until:
            for delivery in self.sim.due_webhooks(self.sim.now + 1):
                self.service.handle_webhook(delivery.payload, delivery.signature)
                self.performer.work_off()
            self.performer.work_off()

    def broken_account(self, holder: str | None = None, **how: Any) -> str:
        """Link an account, and let its consent expire."""
        linked = self.sim.link_account(holder or self.sim.add_customer("Jo"), **how)
        assert linked.authorization
        self.settle()
        self.sim.bank.expire_consent(linked.authorization.id)
        self.settle()
        return linked.id

    def requests_to(self, path: str) -> list[Asked]:
        """The requests that the simulator got, to paths with this prefix."""
        entries = [entry for entry in self.sim.ledger.entries if isinstance(entry, Asked)]
        return [entry for entry in entries if entry.path.startswith(path)]
