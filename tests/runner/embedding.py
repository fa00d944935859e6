"""A service and a performer with a simulated Stripe, all in one thread and its time."""

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
    """A service that embeds relink.

    Args:
        url: its database.
        gateway: makes the performer's gateway from the simulator's.
        start: when its time begins (Unix seconds).
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
            timer=lambda: self.sim.now,
            sleep=self.sim.advance,
        )
        self.performer = Performer(
            self.store,
            gateway(self.stripe),
            lambda command, id: self.told.append((command, id)),
            clock=lambda: self.sim.now,
            watch=self.steps.append,
        )

    def receive_webhooks(self) -> None:
        """Receive the webhooks that are on their way."""
        while self.sim.next_webhook_at is not None:
            self.sim.advance_to(self.sim.next_webhook_at)
            for delivery in self.sim.due_webhooks():
                self.service.handle_webhook(delivery.payload, delivery.signature)

    def settle(self, seconds: float = 600) -> None:
        """Receive all webhooks, and perform all commands that come due within so many seconds."""
        until = self.sim.now + seconds
        while True:
            self.receive_webhooks()
            self.performer.work_off()
            due_at = self.store.next_due_at()
            if self.sim.next_webhook_at is None and (due_at is None or due_at > until):
                return
            if due_at is not None:
                self.sim.advance_to(min(due_at, until))

    def linked(self, name: str | None = "Jo") -> str:
        """Link an account, and receive its webhooks."""
        linked = self.sim.link_account(self.sim.add_customer(name))
        self.receive_webhooks()
        return linked.id

    def linked_instead(self, name: str | None = "Jo") -> str:
        """Link a new account instead of one whose consent expired; webhooks are pending."""
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
        """The state of an account's machine."""
        snapshot = self.store.snapshot(Address(machine, account))
        return snapshot.state if snapshot else None

    def built(self, account: str) -> str | None:
        """The state of what was built on an account; how far the build is, where nothing was."""
        build = self.store.snapshot(Address("build", account))
        made = getattr(build.facts, "made", None) if build else None
        return self.state(made, "payment_method") if made else build and build.state

    def asked(self, method: str = "", path: str = "") -> list[Asked]:
        """The requests that Stripe got."""
        entries = [entry for entry in self.sim.ledger.entries if isinstance(entry, Asked)]
        return [e for e in entries if e.method.startswith(method) and e.path.startswith(path)]

    def count(self, kind: str) -> int:
        """How often an effect happened at Stripe."""
        return sum(isinstance(e, Effect) and e.kind == kind for e in self.sim.ledger.entries)

    def due(self) -> list[str]:
        """The names of the commands that are due, at any time."""
        return [due.command.name for due in self.store.due_commands(float("inf"), 100)]
