"""A step that was taken, as data that a test can break by hand."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from relink.engine import Address, Command, Decision, Facts, Snapshot, Step
from relink.engine.record import Record

Machines = dict[Address, Snapshot[Facts]]


@dataclass(frozen=True)
class TakenStep:
    """A step that was taken, and the worlds around it. Every change makes a new one."""

    before: Machines
    step: Step
    after: Machines

    def with_machine(
        self, machine: str, key: str, state: str | None = None, **facts: Any
    ) -> "TakenStep":
        """The machine is in another state afterwards, or remembers something else."""
        address = Address(machine, key)
        was = self.after[address]
        changed = Snapshot(state or was.state, was.facts.after(facts), was.version)
        snapshots = dict(self.step.snapshots)
        if address in snapshots:
            snapshots[address] = changed
        return TakenStep(
            self.before,
            replace(self.step, snapshots=snapshots),
            {**self.after, address: changed},
        )

    def with_machine_before(self, machine: str, key: str, **facts: Any) -> "TakenStep":
        """The machine was before as it is afterwards, but for these facts."""
        address = Address(machine, key)
        was = self.after[address]
        before = Snapshot(was.state, was.facts.after(facts), was.version)
        return TakenStep({**self.before, address: before}, self.step, self.after)

    def in_state_before(self, machine: str, key: str, state: str) -> "TakenStep":
        """The machine was in another state before."""
        address = Address(machine, key)
        before = self.before[address]._replace(state=state)
        return replace(self, before={**self.before, address: before})

    def with_another(self, machine: str, key: str, like: str) -> "TakenStep":
        """Another machine decides something too, and is like one that does."""
        found = self.step.snapshots[Address(machine, like)]
        snapshots = {**self.step.snapshots, Address(machine, key): found}
        return replace(self, step=replace(self.step, snapshots=snapshots))

    def with_decision(
        self,
        machine: str,
        change: Callable[[Decision], Decision],
    ) -> "TakenStep":
        """The first decision of a machine is another one."""
        deliveries = list(self.step.deliveries)
        index = min(i for i, d in enumerate(deliveries) if d.address.machine == machine)
        decision = change(deliveries[index].decision)
        deliveries[index] = deliveries[index]._replace(decision=decision)
        return replace(self, step=replace(self.step, deliveries=tuple(deliveries)))

    def with_command(self, *commands: Command) -> "TakenStep":
        """The step asks for more."""
        return replace(self, step=replace(self.step, commands=(*self.step.commands, *commands)))

    def with_changed_command(self, kind: type[Command], **fields: Any) -> "TakenStep":
        """The step asks for something else."""
        commands = tuple(
            command.model_copy(update=fields) if isinstance(command, kind) else command
            for command in self.step.commands
        )
        return replace(self, step=replace(self.step, commands=commands))

    def after_another(self, other: "TakenStep") -> "TakenStep":
        """The same step, in which machines of other names do first what they do in another one."""
        first: TakenStep = _renamed(other)
        step = replace(
            self.step,
            deliveries=(*first.step.deliveries, *self.step.deliveries),
            snapshots={**first.step.snapshots, **self.step.snapshots},
            commands=(*first.step.commands, *self.step.commands),
        )
        return TakenStep({**first.before, **self.before}, step, {**first.after, **self.after})

    def command(self, kind: type[Command]) -> Command:
        """The command of this kind."""
        return next(command for command in self.step.commands if isinstance(command, kind))


def _renamed(value: Any) -> Any:
    """The same value, in which ``fca_1`` and all other names of things are others."""
    match value:
        case str() if type(value) is str:
            return re.sub(r"^(\w+)_(\d+)$", r"\1_9\2", value)
        case Record():
            changes = {name: _renamed(old) for name, old in value.__dict__.items()}
            return value.model_copy(update=changes)
        case Mapping():
            return {_renamed(key): _renamed(each) for key, each in value.items()}
        case TakenStep() | Step():
            names = [field.name for field in fields(value)]
            return replace(value, **{name: _renamed(getattr(value, name)) for name in names})
        case tuple() if hasattr(value, "_fields"):
            return type(value)(*map(_renamed, value))
        case tuple() | list() | frozenset():
            return type(value)(map(_renamed, value))
    return value


# ── other decisions ──────────────────────────────────────────────────────────


def deciding(state: str) -> Callable[[Decision], Decision]:
    """The same decision, and the machine is in this state afterwards."""
    return lambda decision: decision._replace(leaf=replace(decision.leaf, target=state))


def remembering(**facts: Any) -> Callable[[Decision], Decision]:
    """The same decision, and the machine remembers this."""
    return lambda decision: decision._replace(facts=decision.facts.after(facts))


def having_remembered(**facts: Any) -> Callable[[Decision], Decision]:
    """The same decision, and the machine had remembered this before."""

    def change(decision: Decision) -> Decision:
        was = decision.before
        before = Snapshot(was.state, was.facts.after(facts), was.version)
        return decision._replace(before=before)

    return change


def on_trigger(**fields: Any) -> Callable[[Decision], Decision]:
    """The same decision, on a trigger that differs in these fields."""
    return lambda decision: decision._replace(trigger=decision.trigger.model_copy(update=fields))


def asking_nothing(decision: Decision) -> Decision:
    """The same decision, and nothing is asked for."""
    return decision._replace(commands=())
