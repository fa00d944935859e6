"""Snapshots and decisions: what goes into a question, and what comes out.

Both are plain tuples with names, so that they cost next to nothing. What
explains a decision (transition, guards, reason) is not computed for it: it is
constant for each leaf of the decision tree, and read from there.
"""

from typing import Any, Generic, NamedTuple, TypeVar

from .effect import Command, Facts, Send
from .event import Event
from .reason import Reason
from .tree import Answers, Leaf, Outcome

F = TypeVar("F", bound=Facts, covariant=True)
"""The machine's facts model."""


class Started(Event):
    """What has happened to a new machine, where nothing else is named."""


class Snapshot(NamedTuple, Generic[F]):
    """All there is to know about one machine between two events."""

    state: str
    """Id of the active leaf state."""
    facts: F
    version: int = 0
    """How many events led here."""


class Decision(NamedTuple):
    """The answer to: given this snapshot, and that this happened, what follows?"""

    before: Snapshot[Any]
    """Where the machine was; for its first decision a snapshot with the empty state, version -1."""
    trigger: Event
    leaf: Leaf
    facts: Any
    """What the machine remembers after it: an instance of the chart's ``facts_type``."""
    commands: tuple[Command, ...]

    @property
    def state(self) -> str:
        """Id of the leaf state after."""
        return self.leaf.target

    @property
    def snapshot(self) -> Snapshot[Any]:
        """The machine after this decision, its version one higher."""
        return Snapshot(self.leaf.target, self.facts, self.before.version + 1)

    @property
    def transition(self) -> str | None:
        """The transition taken, as the chart declares it; None when none was."""
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
        """Why the event was ignored."""
        return self.leaf.reason

    @property
    def anomaly(self) -> bool:
        """Whether that it happened at all is worth a report."""
        return self.leaf.anomaly

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Facts that changed, by field: old and new value."""
        if self.facts is self.before.facts:
            return {}
        old, new = self.before.facts.__dict__, self.facts.__dict__
        return {name: (old[name], new[name]) for name in new if old[name] != new[name]}

    def __str__(self) -> str:
        """One line: ``locked --coin_inserted[is_enough]--> open: 1 command (click); sets sum``."""
        leaf = self.leaf
        if leaf.outcome == "ignored":
            report = " (anomaly)" if leaf.anomaly else ""
            return f"{leaf.source} --{leaf.event}--> ignored{report}: {leaf.reason}"
        count = len(self.commands)
        done = f"{count or 'no'} command{'' if count == 1 else 's'}"
        if count:
            done += f" ({', '.join(command.name for command in self.commands)})"
        if changes := self.changes:
            done += f"; sets {', '.join(changes)}"
        source = leaf.source or "(start)"
        return f"{source} --{leaf.label or leaf.event}--> {leaf.target}: {done}"

    def to_json(self) -> dict[str, Any]:
        """The decision as JSON-ready data, its keys in a fixed order."""
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
    if isinstance(command, Send):
        data["event"] = _event_json(command.event)
    return {"name": command.name, "id": command.id, "data": data}
