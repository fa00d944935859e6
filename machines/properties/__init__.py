"""What must hold after every step, whatever happens and in whatever order.

Each property is a named predicate over one step: the world before it, the step, and the world
after it. It looks only at the machines that a step concerns, and at those that they name, so
checking a step costs the same in a large world. There is a module for each family of rules:
:mod:`.states` (S), :mod:`.knowledge` (K), :mod:`.sessions` (R), :mod:`.new_account` (N),
:mod:`.prompts` (P), :mod:`.charging` (C), and :mod:`.consistency` for machines that mirror each
other.

Properties share no function with the code that they judge, since a mistake in a shared one would
hide itself. They import its types only, and restate what they need from the rules. The one
exception is :func:`relink.machines.assess`, which the C properties judge.

The property tests and the simulation ask :func:`violations` after every step.
"""

from types import ModuleType

from relink.engine import Step

from . import charging, consistency, knowledge, new_account, prompts, sessions, states
from .property import Property
from .step_view import StepView, World

FAMILIES: tuple[ModuleType, ...] = (
    states,
    knowledge,
    sessions,
    new_account,
    prompts,
    charging,
    consistency,
)
"""The modules that declare properties."""

ALL: tuple[Property, ...] = tuple(
    value for family in FAMILIES for value in vars(family).values() if isinstance(value, Property)
)
"""Every property, in the order of the rules."""


def violations(before: World, step: Step, after: World) -> list[str]:
    """What is wrong with a step, each with the name of the property that says so.

    Args:
        before: all machines before the step.
        step: the step.
        after: all machines after it.
    """
    view = StepView(before, step, after)
    found = [(each, each.judge(view)) for each in ALL]
    return [f"{each.name}: {wrong}" for each, wrong in found if wrong is not None]


__all__ = ["ALL", "Property", "StepView", "World", "violations"]
