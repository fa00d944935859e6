"""relink and a simulated Stripe with faults; every step is checked against the invariants."""

from relink.adapters.gateway import GatewayError
from relink.adapters.service import RelinkRefusedError, RelinkSession, UnknownAccountError
from relink.adapters.simulator import PREVIEW, Account, Faults
from relink.adapters.world.rest import agrees
from relink.engine import Address, Facts, Snapshot, Step
from relink.machines import RelinkPolicy
from relink.machines.properties import violations

from ..rig import WEBHOOK_SECRET, Rig, SimulatedStripe

HOUR = 60 * 60
DAY = 24 * HOUR


class Life(Rig):
    """A rig that checks every step.

    Args:
        seed: of the simulator.
        faults: what goes wrong between relink and Stripe.
        policy: the service's policy.
        version: the API version of the webhooks.
        thin: whether they are thin notifications.
    """

    def __init__(
        self,
        seed: int,
        faults: Faults,
        policy: RelinkPolicy | None = None,
        version: str = PREVIEW,
        thin: bool = False,
    ) -> None:
        self._before: dict[Address, Snapshot[Facts]] = {}
        super().__init__(SimulatedStripe(seed, faults), policy=policy, watch=self._check)
        self.sim.webhooks.endpoints.clear()
        self.sim.add_endpoint(WEBHOOK_SECRET, version=version, thin=thin)

    def come_to_rest(self) -> None:
        """End all faults, and let everything in flight finish.

        Webhooks arrive, reads are answered and commands are retried. Sessions stay open, and
        reminders are not due.
        """
        self.sim.faults = Faults()
        self.sim.clear_faults()
        self.sim.keys.reset()
        self.settle(within=HOUR)

    def request_relink(self, account: str, **wishes: object) -> RelinkSession | None:
        """Request a session; None where it is refused, or Stripe does not answer."""
        try:
            return self.service.request_relink(account, **wishes)
        except (RelinkRefusedError, UnknownAccountError, GatewayError):
            return None

    def agrees(self, account: Account) -> bool:
        """Whether relink's state of an account is what Stripe's truth allows, at rest.

        ``relinked`` never is: by then Stripe has reported the account.
        """
        snapshot = self.store.snapshot(Address("account", account.id))
        assert snapshot is not None
        return agrees(self.sim, account, snapshot.state, snapshot.facts.replaced_by)

    def _check(self, step: Step) -> None:
        after = {**self._before, **step.snapshots}
        if found := violations(self._before, step, after):
            raise AssertionError("; ".join(found))
        self._before.update(step.snapshots)
