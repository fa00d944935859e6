"""Snapshots and decisions: the input and output of :meth:`~relink.engine.Table.decide`.

Both are named tuples, which are cheap to make. What explains a decision (transition, guards,
reason) is not computed for each one: it is constant for each leaf of the decision tree, and read
from there.
"""

from typing import Any, Generic, NamedTuple, TypeVar

from .effect import Command, Facts
from .event import Event
from .reason import Reason
from .tree import Answers, Leaf, Outcome

F = TypeVar("F", bound=Facts, covariant=True)
"""The machine's facts model."""


made = tuple.__new__
"""Makes a named tuple of a tuple: in half the time of its class, which unpacks arguments first."""


class Started(Event):
    """The trigger of a machine's first decision, unless the caller gives another."""


class Snapshot(NamedTuple, Generic[F]):
    """Everything that is stored of one machine between two events."""

    state: str
    """Id of the active leaf state."""
    facts: F
    version: int = 0
    """How many events led here."""


class Decision(NamedTuple):
    """What follows from an event in a snapshot, and why."""

    before: Snapshot[Any]
    """Where the machine was. Before its first decision: the empty state, version -1."""
    trigger: Event
    leaf: Leaf
    facts: Any
    """What the machine remembers afterwards: an instance of the chart's ``facts_type``."""
    commands: tuple[Command, ...]

    @property
    def state(self) -> str:
        """Id of the leaf state afterwards."""
        return self.leaf.target

    @property
    def snapshot(self) -> Snapshot[Any]:
        """The machine after this decision, its version one higher."""
        before, _, leaf, facts, _ = self
        return made(Snapshot, (leaf.target, facts, before[2] + 1))

    @property
    def transition(self) -> str | None:
        """The transition taken, as the chart declares it; None when none was taken."""
        return self.leaf.transition

    @property
    def guards(self) -> Answers:
        """The guards asked, in order, with their answers."""
        return self.leaf.guards

    @property
    def outcome(self) -> Outcome:
        """``moved``, ``stayed`` or ``ignored``."""
        return self.leaf.outcome

    @property
    def reason(self) -> Reason | None:
        """Why the event was ignored; None when a transition was taken."""
        return self.leaf.reason

    @property
    def anomaly(self) -> bool:
        """Whether the event is worth reporting."""
        return self.leaf.anomaly

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Facts that changed, by field: the old and the new value."""
        if self.facts is self.before.facts:
            return {}
        old, new = self.before.facts.__dict__, self.facts.__dict__
        return {
            name: (old[name], new[name])
            for name in new
            if old[name] is not new[name] and old[name] != new[name]
        }

    def __str__(self) -> str:
        """One line: ``locked --coin_inserted[is_enough]--> open: 1 command (click); sets sum``."""
        leaf = self.leaf
        if leaf.outcome == "ignored":
            mark = " (anomaly)" if leaf.anomaly else ""
            return f"{leaf.source} --{leaf.event}--> ignored{mark}: {leaf.reason}"
        count = len(self.commands)
        done = f"{count or 'no'} command{'' if count == 1 else 's'}"
        if count:
            done += f" ({', '.join(command.name for command in self.commands)})"
        if changes := self.changes:
            done += f"; sets {', '.join(changes)}"
        source = leaf.source or "(start)"
        return f"{source} --{leaf.label or leaf.event}--> {leaf.target}: {done}"

    def to_json(self) -> dict[str, Any]:
        """The decision as JSON-ready data for people and logs, its keys in a fixed order.

        :class:`~relink.engine.Codec` writes what can be read back.
        """
        before, reason = self.before, self.reason
        return {
            "before": {
                "state": before.state,
                "version": before.version,
                "facts": before.facts.model_dump(mode="json"),
            },
            "trigger": _event_json(self.trigger),
            "outcome": self.outcome,
            "transition": self.transition,
            "guards": [{"guard": name, "answer": answer} for name, answer in self.guards],
            "effects": list(self.leaf.effects),
            "reason": None if reason is None else {"code": reason.code, "text": reason.sentence},
            "anomaly": self.anomaly,
            "after": {
                "state": self.state,
                "version": before.version + 1,
                "facts": self.facts.model_dump(mode="json"),
            },
            "changed": list(self.changes),
            "commands": [_command_json(command) for command in self.commands],
        }


def _event_json(event: Event) -> dict[str, Any]:
    return {"name": event.name, "data": event.model_dump(mode="json")}


def _command_json(command: Command) -> dict[str, Any]:
    data = command.model_dump(mode="json")
    for field, value in command.__dict__.items():
        # A timer or a Send: the data of an event does not say which event it is.
        if isinstance(value, Event) and field in data:
            data[field] = _event_json(value)
    return {"name": command.name, "id": command.id, "data": data}
