"""``relink check``: every history of one account, within bounds, and what must hold in all of them.

:mod:`.around_account` is a model of all that happens around the account. Here are the properties:
those of :mod:`relink.machines.properties`, checked after every step, and what must be true at the
end.
"""

from collections.abc import Callable, Mapping

from relink.engine import Address, Step, System
from relink.engine.explore import (
    Exploration,
    Move,
    Progress,
    SystemModel,
    SystemState,
    always,
    each_move,
    explore,
)
from relink.machines.properties import ALL, Property, World

from .around_account import ACCOUNT, AroundAccount, Truth

__all__ = ["AT_REST", "ENDS", "AroundAccount", "Truth", "check", "sentences"]

Around = SystemState[Truth]

AT_REST: Mapping[str, str] = {
    "works": "active",
    "stops": "inactive_relinkable",
    "closes": "inactive_unrepairable",
    "is disconnected": "disconnected",
}
"""The state that an account must be in, by what is true at Stripe, once nothing is on the way."""

ENDS = "ends_in_what_is_true"


def sentences() -> list[str]:
    """Each property with the rules that it holds to and a sentence."""
    rules = [f"{each.name} ({each.rule}): {each.sentence}" for each in ALL]
    return [*rules, f"{ENDS} (K1): Once nothing is on the way, the account is in its true state."]


def check(
    system: System, bounds: Truth, on_progress: Callable[[Progress], object] | None = None
) -> Exploration[Around]:
    """Explore every history of one account.

    Args:
        system: The machines.
        bounds: How much may happen.
        on_progress: Called now and then.
    """
    properties = [each_move(_of_steps(each), name=each.name) for each in ALL]
    ends = always(_ends_in_what_is_true, name=ENDS)
    model = SystemModel(system, AroundAccount(bounds))
    return explore(model, [*properties, ends], stop_at_first=True, on_progress=on_progress)


def _of_steps(judged: Property) -> Callable[[Around, Move[Around]], str | None]:
    def wrong(before: Around, move: Move[Around]) -> str | None:
        if not isinstance(move.outcome, Step):
            return None
        worlds: tuple[World, World] = (before.machines, move.after.machines)
        return judged(worlds[0], move.outcome, worlds[1])

    return wrong


def _ends_in_what_is_true(state: Around) -> str | None:
    truth = state.environment
    if truth.webhooks or truth.reads or truth.has_lost:
        return None
    machine = state.machines.get(Address("account", ACCOUNT))
    known = machine.state if machine else "unknown"
    return None if known == AT_REST[truth.kind] else f"the account {truth.kind}, and is {known}"
