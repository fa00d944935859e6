"""relink and a simulated Stripe with faults; every step is checked against the invariants."""

from collections.abc import Callable

from relink.adapters.gateway import GatewayError
from relink.adapters.service import RelinkRefusedError, RelinkSession, UnknownAccountError
from relink.adapters.simulator import Account, Faults
from relink.engine import Address, Facts, Snapshot, Step
from relink.machines import RelinkPolicy
from relink.machines.properties import violations

from ..rig import Rig, SimulatedStripe

HOUR = 60 * 60
DAY = 24 * HOUR


class Life(Rig):
    """A rig that checks every step.

    Args:
        seed: of the simulator.
        faults: what goes wrong between relink and Stripe.
        policy: the service's policy.
    """

    def __init__(self, seed: int, faults: Faults, policy: RelinkPolicy | None = None) -> None:
        self._before: dict[Address, Snapshot[Facts]] = {}
        super().__init__(SimulatedStripe(seed, faults), policy=policy, watch=self._check)

    def come_to_rest(self) -> None:
        """End all faults, and let everything in flight finish.

        Webhooks arrive, reads are answered and commands are retried. Sessions stay open, and
        reminders are not due.
        """
        self.sim.faults = Faults()
        self.settle(within=HOUR)

    def request_relink(self, account: str, **wishes: object) -> RelinkSession | None:
        """Request a session; None where it is refused, or Stripe does not answer."""
        try:
            return self.service.request_relink(account, **wishes)
        except (RelinkRefusedError, UnknownAccountError, GatewayError):
            return None

    def _check(self, step: Step) -> None:
        after = {**self._before, **step.snapshots}
        if found := violations(self._before, step, after):
            raise AssertionError("; ".join(found))
        self._before.update(step.snapshots)


AT_STRIPE: dict[str, Callable[[Account], bool]] = {
    "active": lambda account: account.status == "active",
    "inactive_relinkable": lambda account: account.status == "inactive" and account.relinkable,
    "inactive_unrepairable": lambda account: (
        account.status == "inactive" and not account.relinkable
    ),
    "relinking": lambda account: account.status == "active" or account.relinkable,
    "new_account_linked": lambda account: account.status == "inactive",
    "disconnected": lambda account: account.status == "disconnected",
}
"""By relink's state of an account, what must be true at Stripe after everything has come to rest.
``relinked`` is missing: by then Stripe has reported the account."""
