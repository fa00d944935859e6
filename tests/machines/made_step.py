"""A step that no machine took, put together from facts, decisions and commands.

The machines take no step that breaks a property, and few that nearly do. So a test of a property
makes its own, out of no more than the property looks at.
"""

from collections.abc import Callable, Hashable, Iterable
from itertools import product
from typing import Any

from relink.engine import Address, Command, Decision, Delivery, Event, Facts, Snapshot, Step
from relink.engine.tree import Leaf
from relink.machines import RelinkPolicy
from relink.machines.events import DomainEvent, ReadRequested
from relink.machines.properties import ALL, StepView

from .taken_step import Machines, TakenStep

AT = 1_000_000
"""Now (Unix seconds)."""

POLICY = RelinkPolicy(prompt_gap=100, announcement_lead=1_000)


class MadeStep:
    """A step to which a test adds what it is about. Every addition returns the step itself."""

    def __init__(self, trigger: DomainEvent | None = None) -> None:
        self.trigger = trigger or ReadRequested(
            causation_id="req_1", at=AT, policy=POLICY, kind="account", id="fca_1"
        )
        self.machines_before: Machines = {}
        self.machines_after: Machines = {}
        self.deciding: set[Address] = set()
        self.deliveries: list[Delivery] = []
        self.commands: list[Command] = []

    def before(self, machine: str, state: str | None, facts: Facts) -> "MadeStep":
        """A machine as it was; none if it has no state."""
        if state is not None:
            self.machines_before[_address(machine, facts)] = Snapshot(state, facts, 1)
        return self

    def after(
        self, machine: str, state: str | None, facts: Facts, *, decides: bool = True
    ) -> "MadeStep":
        """A machine as it is now; none if it has no state. Unless told, it decided something."""
        if state is not None:
            self.machines_after[_address(machine, facts)] = Snapshot(state, facts, 2)
            if decides:
                self.deciding.add(_address(machine, facts))
        return self

    def decision(
        self,
        machine: str,
        trigger: Event,
        was: tuple[str, Facts],
        now: tuple[str, Facts] | None = None,
        *commands: Command,
    ) -> "MadeStep":
        """A machine decides on an event: its state and facts were these, and are those."""
        state, facts = now or was
        leaf = Leaf(0, was[0], trigger.name, (), "stayed", state)
        decided = Decision(Snapshot(*was, 1), trigger, leaf, facts, commands)
        self.deliveries.append(Delivery(_address(machine, facts), decided))
        return self

    def asks(self, *commands: Command) -> "MadeStep":
        """The step asks for this."""
        self.commands.extend(commands)
        return self

    def taken(self) -> TakenStep:
        """The step, and the worlds around it."""
        snapshots = {address: self.machines_after[address] for address in self.deciding}
        step = Step(self.trigger, tuple(self.deliveries), snapshots, tuple(self.commands))
        return TakenStep(self.machines_before, step, self.machines_after)


def wrong(name: str, step: TakenStep) -> list[str]:
    """All that a property says of a step."""
    [judge] = [each for each in ALL if each.name == name]
    return list(judge.check(StepView(step.before, step.step, step.after)))


def broken(
    name: str, make: Callable[..., MadeStep], *domains: Iterable[Hashable]
) -> set[tuple[Any, ...]]:
    """The combinations of values of which a step is made that breaks a property.

    A step that breaks it has to break it also behind each that does not.
    """
    steps = {values: make(*values).taken() for values in product(*map(tuple, domains))}
    found = {values for values, step in steps.items() if wrong(name, step)}
    assert found, f"nothing breaks {name}"
    assert found != steps.keys(), f"everything breaks {name}"
    breaking = steps[min(found, key=repr)]
    for values in steps.keys() - found:
        assert wrong(name, breaking.after_another(steps[values])), values
    return found


def _address(machine: str, facts: Facts) -> Address:
    return Address(machine, facts.id)  # type: ignore[attr-defined]
