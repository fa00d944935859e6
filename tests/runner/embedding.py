"""The service and a performer, and a simulated Stripe behind them, in this thread and its time."""

from collections.abc import Callable

from relink.adapters.gateway import Gateway
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.runner import Performer
from relink.adapters.service import Service
from relink.adapters.simulator import Asked, Effect, Simulator
from relink.adapters.store import SqlStore
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Address, Command, Step
from relink.machines import relink_system

SECRET = "whsec_runner"


class Embedding:
    """What the tests of the runner have in common.

    Args:
        url: of its database.
        gateway: makes the performer's gateway out of the simulator's.
        start: the time when it begins (Unix seconds).
    """

    def __init__(
        self,
        url: str,
        gateway: Callable[[Gateway], Gateway] = lambda given: given,
        start: float = 1_760_000_000,
    ) -> None:
        self.sim = Simulator(seed=3, start=start)
        self.sim.add_endpoint(SECRET)
        self.store = SqlStore(url, relink_system())
        self.told: list[tuple[Command, str]] = []
        self.steps: list[Step] = []
        self.stripe = SimulatorGateway(self.sim)
        self.service = Service(
            self.store,
            self.stripe,
            webhooks=StripeWebhooks([SECRET], livemode=False),
            clock=lambda: self.sim.now,
            sleep=self.sim.advance,
        )
        self.performer = Performer(
            self.store,
            gateway(self.stripe),
            lambda command, id: self.told.append((command, id)),
            clock=lambda: self.sim.now,
            watch=self.steps.append,
        )

    def hear(self) -> None:
        """Take in the webhooks that are on their way."""
        while self.sim.next_webhook_at is not None:
            self.sim.advance_to(self.sim.next_webhook_at)
            for delivery in self.sim.due_webhooks():
                self.service.handle_webhook(delivery.payload, delivery.signature)

    def settle(self, seconds: float = 600) -> None:
        """Hear everything, and do everything that is due within so many seconds."""
        until = self.sim.now + seconds
        while True:
            self.hear()
            self.performer.work_off()
            due_at = self.store.next_due_at()
            if self.sim.next_webhook_at is None and (due_at is None or due_at > until):
                return
            if due_at is not None:
                self.sim.advance_to(min(due_at, until))

    def linked(self, name: str | None = "Jo") -> str:
        """An account that was linked, and heard of."""
        linked = self.sim.link_account(self.sim.add_customer(name))
        self.hear()
        return linked.id

    def linked_anew(self, name: str | None = "Jo") -> str:
        """A new account, linked in the stead of one whose consent expired, and not heard of."""
        account = self.linked(name)
        self.settle()
        login = self.sim.world.accounts[account].authorization
        assert login
        self.sim.bank.expire_consent(login.id)
        self.settle()
        session = self.service.request_relink(account, mode="any_eligible").id
        self.sim.advance(60)
        new = self.sim.customer(session).choose_new()
        assert new
        return new.id

    def state(self, account: str, machine: str = "account") -> str | None:
        """What a machine says of an account."""
        snapshot = self.store.snapshot(Address(machine, account))
        return snapshot.state if snapshot else None

    def asked(self, method: str = "", path: str = "") -> list[Asked]:
        """What Stripe was asked."""
        entries = [entry for entry in self.sim.ledger.entries if isinstance(entry, Asked)]
        return [e for e in entries if e.method.startswith(method) and e.path.startswith(path)]

    def count(self, kind: str) -> int:
        """How often this happened at Stripe."""
        return sum(isinstance(e, Effect) and e.kind == kind for e in self.sim.ledger.entries)

    def due(self) -> list[str]:
        """The names of the commands that are due, however late."""
        return [due.command.name for due in self.store.due_commands(float("inf"), 100)]
