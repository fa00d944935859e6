"""How fast is a rehearsal? Simulated webhooks with faults, through machines and gateway.

One thread plays, under the simulator's clock: the simulator makes and signs webhooks, with
duplicates, late and disordered ones; the service verifies them and decides; the in-process gateway
carries out what was decided, against API faults. No HTTP and no database.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from relink.adapters.gateway import GatewayError
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.runner import Performer
from relink.adapters.service import RelinkRefusedError, Service, UnknownAccountError
from relink.adapters.simulator import Faults, NotPossibleError, Simulator
from relink.adapters.store import MemoryStore
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Step
from relink.machines import relink_system

from .measure import Line, progress, unhindered
from .size import Size

DECISIONS = "decisions"
SECRET = "whsec_benchmark"
CUSTOMERS = 500
FAULTS = Faults(
    duplicate=0.1,
    reorder=0.1,
    delay=0.02,
    rate_limited=0.01,
    error_before=0.01,
    error_after=0.01,
    timeout_before=0.01,
    timeout_after=0.01,
)
ACTS = ("choose_expected", "choose_expected", "choose_new", "fail_to_sign_in", "cancel")


def newcomer(sim: Simulator) -> str:
    """A customer who links three accounts by one login, which is returned."""
    customer = sim.add_customer("Jo")
    first = sim.link_account(customer)
    assert first.authorization
    for _ in range(2):
        sim.link_account(customer, authorization=first.authorization.id)
    return first.authorization.id


def act(sim: Simulator, service: Service, chance: random.Random, logins: list[str]) -> None:
    """A link breaks at a bank, or one customer comes back to repair theirs.

    Who can't repair it any more leaves, and another customer comes.
    """
    which = chance.randrange(len(logins))
    login = sim.world.authorizations[logins[which]]
    try:
        if login.status == "active":
            chance.choice((sim.bank.expire_consent, sim.bank.change_password))(login.id)
            return
        account = next(account for account in login.accounts if account.relinkable)
        session = service.request_relink(account.id, mode=chance.choice((None, "any_eligible")))
        sim.advance(30)
        getattr(sim.customer(session.id), chance.choice(ACTS))()
    except (StopIteration, RelinkRefusedError, UnknownAccountError):
        logins[which] = newcomer(sim)
    except (NotPossibleError, GatewayError):
        return


class Rehearsal:
    """A simulated Stripe with customers, and relink.

    Args:
        seed: for all that is drawn.
        customers: who have linked three accounts each.
    """

    def __init__(self, seed: int, customers: int) -> None:
        self.counts = Counter[str]()
        self._sim = Simulator(seed=seed)
        self._sim.add_endpoint(SECRET)
        store, gateway = MemoryStore(relink_system()), SimulatorGateway(self._sim)
        self._service = Service(
            store,
            gateway,
            webhooks=StripeWebhooks([SECRET], livemode=False),
            clock=lambda: self._sim.now,
            timer=lambda: self._sim.now,
            sleep=self._sim.advance,
            watch=self._watch,
        )
        self._performer = Performer(
            store,
            gateway,
            notify=lambda command, id: self.counts.update([command.name]),
            clock=lambda: self._sim.now,
            watch=self._watch,
        )
        self._logins = [newcomer(self._sim) for _ in range(customers)]
        self._sim.faults = FAULTS
        self._chance = random.Random(seed)

    def _watch(self, step: Step) -> None:
        self.counts.update(decisions=len(step.deliveries))

    def play(self, webhooks: int) -> None:
        """Play until so many more webhooks have been delivered."""
        wanted = self.counts["webhooks"] + webhooks
        while self.counts["webhooks"] < wanted:
            act(self._sim, self._service, self._chance, self._logins)
            for delivery in self._sim.due_webhooks(self._sim.now + 60):
                outcome = self._service.handle_webhook(delivery.payload, delivery.signature)
                self.counts.update(["webhooks", f"webhooks {outcome}"])
            self._performer.work_off()


def run(size: Size) -> Iterator[Line]:
    """Play several rounds, and count webhooks and decisions."""
    rehearsal = Rehearsal(seed=0, customers=min(CUSTOMERS, size.simulated))
    rates: dict[str, list[float]] = {"webhooks": [], DECISIONS: []}
    with quiet():
        rehearsal.play(size.simulated)
        for number in range(size.runs):
            progress(f"simulate: round {number + 1} of {size.runs}")
            before = rehearsal.counts.copy()
            with unhindered():
                began = time.perf_counter()
                rehearsal.play(size.simulated)
                took = time.perf_counter() - began
            for name, readings in rates.items():
                readings.append((rehearsal.counts[name] - before[name]) / took)
    for name, readings in rates.items():
        yield Line("simulate", name, f"{name}/s", tuple(readings))


@contextmanager
def quiet() -> Iterator[None]:
    """Requests are repeated all the time, and each is logged."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
