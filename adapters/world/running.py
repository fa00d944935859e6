"""Running a world from its plan, and the report of it."""

import logging
from collections import Counter
from dataclasses import dataclass, field

from .faults import Fault
from .logged import Logged
from .moves import GAPS, MOVES, Move, link
from .plan import Plan
from .product import Product
from .record import WorldError
from .rest import check_at_rest, come_to_rest
from .world import World

LOG = "relink"
"""The logger of everything that the product logs."""


@dataclass(frozen=True)
class Report:
    """What came of one world."""

    plan: Plan
    rule: str | None
    """The rule that does not hold, by its short name; None where all do."""
    what: str | None
    """What is wrong."""
    digest: str
    """The same for the same history, byte for byte."""
    steps: int
    webhooks: int
    requests: int
    """Requests to Stripe."""
    days: float
    """How long the history took in its own time."""
    faults: Counter[Fault] = field(default_factory=Counter)
    """How often each kind of fault struck."""
    story: tuple[str, ...] = ()
    """What happened, line by line, if that was asked for."""

    @property
    def is_good(self) -> bool:
        """Whether everything holds."""
        return self.rule is None


def run_world(
    plan: Plan | int, product: type[Product] = Product, *, is_told: bool = False
) -> Report:
    """Let the history of a plan happen, and check it after every step and at its end.

    It stops at the first thing that is wrong.

    Args:
        plan: the plan, or a seed for its whole plan.
        product: the class of the process's parts; a subclass can have a fault planted.
        is_told: whether the report has the story.
    """
    plan = Plan.of(plan) if isinstance(plan, int) else plan
    world = World(plan, product, is_told)
    log, handler = logging.getLogger(LOG), Logged(world)
    before = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.WARNING)
    log.propagate = False
    try:
        _happen(world, plan)
    except WorldError as error:
        world.fail(error)
    finally:
        world.scheduler.close()
        world.database.close()
        log.removeHandler(handler)
        log.setLevel(before[0])
        log.propagate = before[1]
    began = world.sim.ledger.entries[0].at if world.sim.ledger.entries else world.sim.now
    return Report(
        plan=plan,
        rule=world.violation.rule if world.violation else None,
        what=world.violation.what if world.violation else None,
        digest=world.story.digest,
        steps=world.record.steps,
        webhooks=world.webhooks,
        requests=len(world.sim.ledger.requests()),
        days=(world.sim.now - began) / 86400,
        faults=world.chance.struck,
        story=tuple(world.story.lines),
    )


def _happen(world: World, plan: Plan) -> None:
    weights = [weight for _, weight, _ in MOVES]
    for number in plan.moves:
        world.chance.begin(f"kind of move {number}")
        if number < plan.accounts:
            gap, who = 1.0, "customer"
            move: Move = link
        else:
            gap = GAPS[world.chance.weighted([share for _, share in GAPS])][0]
            who, _, move = MOVES[world.chance.weighted(weights)]
        world.chance.begin(f"before move {number}")
        world.live(world.sim.now + gap)
        if world.violation is not None:
            return
        world.chance.begin(f"move {number}")
        what = move(world)
        if what is not None:
            world.story.say(f"{who}: {what}  (move {number})")
    come_to_rest(world)
    if world.violation is None:
        check_at_rest(world)
