"""How fast is a rehearsal? Simulated webhooks with faults, through machines and gateway.

Each process plays its share in one thread, under the simulator's clock: the simulator makes and
signs webhooks, with duplicates, late and disordered ones; the service verifies them and decides;
the in-process gateway carries out what was decided, against API faults. No HTTP and no database.

Run with ``python benchmarks/simulate.py``; it shows progress, and the rate at the end.
"""

import argparse
import gc
import logging
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from relink.adapters.gateway import GatewayError
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.runner import Performer
from relink.adapters.service import RelinkRefusedError, Service, UnknownAccountError
from relink.adapters.simulator import Faults, NotPossibleError, Simulator
from relink.adapters.store import MemoryStore
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Step
from relink.machines import relink_system

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


def rehearse(seed: int, wanted: int) -> Counter[str]:
    """Play until so many webhooks have been delivered, and count what came of it."""
    # What is kept lives to the end: looking through it over and over finds nothing to free.
    gc.set_threshold(200_000, 50, 1_000)
    logging.disable(logging.WARNING)  # requests are repeated all the time
    counts = Counter[str]()
    sim = Simulator(seed=seed)
    sim.add_endpoint(SECRET)
    store, gateway = MemoryStore(relink_system()), SimulatorGateway(sim)

    def watch(step: Step) -> None:
        counts.update(decisions=len(step.deliveries))

    service = Service(
        store,
        gateway,
        webhooks=StripeWebhooks([SECRET], livemode=False),
        clock=lambda: sim.now,
        timer=lambda: sim.now,
        sleep=sim.advance,
        watch=watch,
    )
    performer = Performer(
        store,
        gateway,
        notify=lambda command, id: counts.update([command.name]),
        clock=lambda: sim.now,
        watch=watch,
    )
    logins = [newcomer(sim) for _ in range(CUSTOMERS)]
    sim.faults = FAULTS
    chance = random.Random(seed)
    while counts["webhooks"] < wanted:
        act(sim, service, chance, logins)
        for delivery in sim.due_webhooks(sim.now + 60):
            outcome = service.handle_webhook(delivery.payload, delivery.signature)
            counts.update(["webhooks", f"webhooks {outcome}"])
            if sys.stderr.isatty() and counts["webhooks"] % 1_000 == 0:
                progress = f"seed {seed}: {counts['webhooks']:,} of {wanted:,} webhooks"
                print(f"\r{progress}", end="", file=sys.stderr, flush=True)
        performer.work_off()
    counts.update(f"commands {status}" for status in store.status.values())
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--webhooks", type=int, default=100_000, help="how many (100000)")
    parser.add_argument("--processes", type=int, default=2, help="that share them (2)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    share = -(-arguments.webhooks // arguments.processes)
    seeds = range(arguments.seed, arguments.seed + arguments.processes)
    began = time.perf_counter()
    with ProcessPoolExecutor(arguments.processes) as pool:
        counts = sum(pool.map(rehearse, seeds, [share] * len(seeds)), Counter[str]())
    took = time.perf_counter() - began
    rate = counts["webhooks"] / took
    print(f"\n{counts['webhooks']:,} webhooks in {took:.1f} s: {rate:,.0f} a second,", end=" ")
    print(f"in {arguments.processes} processes")
    for name, count in sorted(counts.items()):
        print(f"  {count:>9,}  {name.replace('_', ' ')}")


if __name__ == "__main__":
    main()
