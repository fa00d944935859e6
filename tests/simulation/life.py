"""relink and a simulated Stripe with faults; every step is checked against the invariants."""

from relink.adapters.gateway import GatewayError
from relink.adapters.service import RelinkRefusedError, RelinkSession, UnknownAccountError
from relink.adapters.simulator import PREVIEW, Account, Faults, Simulator
from relink.engine import Address, Facts, Snapshot, Step
from relink.machines import RelinkPolicy
from relink.machines.properties import violations

from ..rig import WEBHOOK_SECRET, Rig, SimulatedStripe

SECOND = 1
HOUR = 60 * 60
DAY = 24 * HOUR

_CHANGES = (".reactivated", ".deactivated", ".disconnected")
"""The events of an account that starts or stops working."""


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


def agrees(sim: Simulator, account: Account, state: str, replaced_by: str | None) -> bool:
    """Whether a state of relink's is what Stripe's truth about an account allows, at rest.

    Args:
        sim: the simulator.
        account: the account there.
        state: relink's.
        replaced_by: the account that the customer linked instead, for relink.
    """
    match state:
        case "active":
            return account.status == "active"
        case "inactive_relinkable":
            return account.status == "inactive" and account.relinkable
        case "inactive_unrepairable":
            return account.status == "inactive" and not account.relinkable
        case "relinking":
            return account.status == "active" or account.relinkable
        case "new_account_linked":
            return account.status == "inactive" or _never_stopped(sim, account, replaced_by)
        case "disconnected":
            return account.status == "disconnected"
    return False


def _never_stopped(sim: Simulator, account: Account, replaced_by: str | None) -> bool:
    """Whether it worked when a new account replaced it, and ever since (S6).

    Reports of one second have no order (K4), so an outage that was over within the second in which
    it was replaced, or lasted no longer than that, may have been none.
    """
    results = {
        session.id
        for session in sim.world.sessions.values()
        if any(linked.id == replaced_by for linked in session.linked)
    }
    replaced_at: float | None = None
    stopped_at: float | None = None
    for effect in sim.ledger.effects():
        if effect.subject in results and effect.kind.endswith("session.updated"):
            replaced_at = effect.at if replaced_at is None else replaced_at
        if effect.subject == account.id and effect.kind.endswith(_CHANGES):
            if not effect.kind.endswith("reactivated"):
                stopped_at = effect.at if stopped_at is None else stopped_at
                continue
            is_over = stopped_at is not None and replaced_at is not None
            if is_over and effect.at - max(stopped_at or 0, replaced_at or 0) > SECOND:
                return False
            stopped_at = None
    return replaced_at is not None and stopped_at is None
