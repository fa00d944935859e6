"""Stripe's side of a test: a simulator, and a gateway that reaches it."""

from contextlib import ExitStack
from typing import Any, Self

from relink.adapters.gateway import ApiKey, Gateway
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.simulator import Asked, Effect, Faults, Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.simulator.simulator import START

API_KEY = "sk_test_NobodyMayShowThis"

HTTP_TIMEOUT = 0.02
"""How long the server holds a request that a fault leaves unanswered (seconds)."""


class SimulatedStripe:
    """A simulated Stripe on a virtual clock.

    Over HTTP, the server's threads touch the simulator only while a request is being answered: the
    clock stands still, and no endpoint has a URL. So a test need not hold the server's lock.

    Args:
        seed: ids, secrets and faults are derived from it.
        faults: what goes wrong, and how often.
        start: the time at which the clock begins (Unix seconds).
        over_http: whether the gateway uses Stripe's SDK and HTTP.
    """

    def __init__(
        self,
        seed: int = 0,
        faults: Faults | None = None,
        *,
        start: float = START,
        over_http: bool = False,
    ) -> None:
        self._stack = ExitStack()
        if over_http:
            self.sim = Simulator(seed, faults or Faults(caller_timeout=HTTP_TIMEOUT), start=start)
            server = self._stack.enter_context(SimulatorServer(self.sim))
            transport = SdkTransport(ApiKey(API_KEY), server.url)
            self._stack.callback(transport.close)
            self.gateway: Gateway = StripeGateway(transport)
        else:
            self.sim = Simulator(seed, faults, start=start)
            self.gateway = SimulatorGateway(self.sim)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server and close the connections, if there are any."""
        self._stack.close()

    # ── what happens at Stripe ───────────────────────────────────────────────

    def link(self, name: str | None = "Jo", **how: Any) -> str:
        """A new customer links an account.

        Args:
            name: the customer's name.
            how: arguments of ``Simulator.link_account``.

        Returns:
            the account's id.
        """
        return self.sim.link_account(self.sim.add_customer(name), **how).id

    def authorization_of(self, account: str) -> str:
        """The id of an account's authorization."""
        authorization = self.sim.world.accounts[account].authorization
        assert authorization is not None, f"{account} has no authorization"
        return authorization.id

    def expire_consent(self, account: str) -> None:
        """The consent behind an account expires, so that it has to be relinked."""
        self.sim.bank.expire_consent(self.authorization_of(account))

    # ── what happened at Stripe ──────────────────────────────────────────────

    def requests(self, method: str = "", path: str = "", since: int = 0) -> list[Asked]:
        """The requests of a method to paths with a prefix, from an entry of the ledger on."""
        entries = self.sim.ledger.entries[since:]
        return [
            entry
            for entry in entries
            if isinstance(entry, Asked)
            and entry.method.startswith(method)
            and entry.path.startswith(path)
        ]

    def count(self, kind: str, since: int = 0) -> int:
        """The number of effects of one kind, from an entry of the ledger on."""
        entries = self.sim.ledger.entries[since:]
        return sum(isinstance(entry, Effect) and entry.kind == kind for entry in entries)
