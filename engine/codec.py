"""The codec: events, commands, snapshots, decisions and steps as JSON, and back, unchanged.

:meth:`Codec.to_json` and :meth:`Codec.from_json` are a pair: what is read equals what was written,
and a field that was absent is absent again, also in nested models. An event inside of another
record keeps its name, so a timer brings back the event that it holds. What could not be read back
unchanged is refused when it is written.

Two things are left out on purpose: fields that a model excludes from every dump, such as secrets,
and the defaults of fields that were never set. A release that changes a default changes those.

What an earlier release wrote is read in today's form: see :mod:`.upgrade` for fields,
``former_names`` of events and commands, ``former_states`` of charts, and :mod:`.tombstone`.
"""

import dataclasses
import json
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from .arguments import explained, several, wrong_argument
from .chart_base import ChartBase
from .decision import Decision, Snapshot
from .effect import Command, Facts
from .errors import ArgumentError, with_known
from .event import Event
from .facts_json import facts_text
from .given import ChartOrTable, as_tables
from .json_parts import UnwrittenError, object_in, part
from .reason import Reason
from .record_codec import RecordCodec
from .system import Address, Delivery, Step
from .table import Table
from .tree import Leaf

T = TypeVar("T")

_READABLE = "Event, Command, Snapshot, Decision, Step, or the class of an event or a command"


class Codec(RecordCodec):
    """Writes and reads the records of these classes, by their names.

    Args:
        events: Every class of event, other than those in the alphabets of the tables.
        commands: Every class of command.
        tables: The charts or tables whose snapshots and decisions are written, by the names of the
            machines; a list names each after its class.

    Raises:
        ArgumentError: something is no such class, or two have one name, now or formerly, so what
            is stored of one could not be told from the other.
    """

    @explained
    def __init__(
        self,
        events: Iterable[type[Event]] = (),
        commands: Iterable[type[Command]] = (),
        tables: Mapping[str, ChartOrTable] | Iterable[ChartOrTable] | None = None,
    ) -> None:
        self._tables = as_tables(() if tables is None else tables, "Codec")
        alphabets = (kind for table in self._tables.values() for kind in table.chart.alphabet)
        super().__init__([*several(events), *alphabets], several(commands))

    # -- The pair --

    def to_json(self, value: Event | Command | Snapshot[Any] | Decision | Step) -> dict[str, Any]:
        """A value as JSON-ready data that :meth:`from_json` reads.

        Raises:
            UnwritableError: it could not be read back unchanged; the message names the field.
            AssignedValueError: facts hold a value that the type of its field forbids.
            ArgumentError: it is something else, or the codec does not know its class.
        """
        match value:
            case Event() | Command():
                return {"name": value.name, "fields": self.fields(value)}
            case Snapshot():
                return self._snapshot_json(value, self._machine_of(value.facts))
            case Decision():
                return self._decision_json(value, self._machine_of(value.facts))
            case Step():
                return self._step_json(value)
        cure = "give one"
        if isinstance(value, type) and issubclass(value, (Event, Command)):
            cure = f"give an instance: {value.__name__}(...)"
        elif isinstance(value, Facts):
            cure = "give the Snapshot(state, facts) that they are in"
        what = "an event, a command, a snapshot, a decision or a step"
        raise wrong_argument("to_json", what, value, cure)

    def from_json(self, kind: type[T], data: Mapping[str, Any]) -> T:
        """The value that :meth:`to_json` wrote.

        Args:
            kind: Its class; of an event or command also ``Event`` or ``Command``.
            data: What was written.

        Raises:
            UnreadableError: it is unknown or does not fit.
            ArgumentError: nothing of that class is written.
        """
        # Snapshot[DoorFacts] is read as Snapshot is.
        plain: type = typing.get_origin(kind) or kind
        read = self._reader(plain)
        what = f"the JSON of {'an' if plain is Event else 'a'} {plain.__name__}"
        try:
            found = read(object_in(data, what), what)
        except UnwrittenError as error:
            raise self.unreadable(str(error)) from None
        if not isinstance(found, plain):
            raise self.unreadable(
                f"{what} is expected, and this is of a {type(found).__name__}; read it as one, or "
                "as any Event or Command"
            )
        return cast(T, found)

    def _reader(self, kind: type) -> Callable[[Mapping[str, Any], str], object]:
        if isinstance(kind, type):
            if issubclass(kind, Event):
                return self._event
            if issubclass(kind, Command):
                return self._command
            if (read := self._readers.get(kind)) is not None:
                return read
        cure = f"give {_READABLE}"
        given: object = kind
        if isinstance(given, (Event, Command)):
            cure = f"give the class, without parentheses: {type(given).__name__}"
        elif isinstance(given, Mapping):
            cure = "give the class first, then the data"
        elif isinstance(given, type) and issubclass(given, (Facts, ChartBase)):
            cure = "give Snapshot: facts are written in one"
        raise wrong_argument("from_json", "the class of what was written", given, cure)

    @property
    def _readers(self) -> dict[type, Callable[[Mapping[str, Any], str], object]]:
        return {Snapshot: self._snapshot, Decision: self._decision, Step: self._step}

    def _event(self, data: Mapping[str, Any], what: str) -> Event:
        return self.event(part(data, "name", str, what), part(data, "fields", Mapping, what))

    def _command(self, data: Mapping[str, Any], what: str) -> Command:
        return self.command(part(data, "name", str, what), part(data, "fields", Mapping, what))

    # -- Snapshots, decisions and steps --

    def _machine_of(self, facts: Facts) -> str:
        found = [n for n, t in self._tables.items() if t.chart.facts_type is type(facts)]
        if not found:
            raise ArgumentError(
                f"Codec: no table of the codec has facts of the type {type(facts).__name__}; give "
                "the codec the tables of its system: Codec(tables={...})"
            )
        return found[0]

    def _table(self, machine: str) -> Table:
        table = self._tables.get(machine)
        if table is None:
            raise self.unreadable(
                with_known(
                    f"the codec has no machine {machine!r}", "it has", machine, list(self._tables)
                )
            )
        return table

    def _snapshot_json(self, snapshot: Snapshot[Any], machine: str) -> dict[str, Any]:
        return {
            "machine": machine,
            "state": snapshot.state,
            "version": snapshot.version,
            "facts": json.loads(facts_text(snapshot.facts)),
        }

    def _snapshot(self, data: Mapping[str, Any], what: str) -> Snapshot[Facts]:
        machine = part(data, "machine", str, what)
        table = self._table(machine)
        state, version = part(data, "state", str, what), part(data, "version", int, what)
        fields = part(data, "facts", Mapping, what)
        if not state:  # before the first decision
            facts = self.facts(table.chart.facts_type, fields, machine)
            return Snapshot(state, facts, version)
        return self.snapshot(table, state, fields, version, machine)

    def _decision_json(self, decision: Decision, machine: str) -> dict[str, Any]:
        return {
            "machine": machine,
            "chart": self._table(machine).digest,
            "before": self._snapshot_json(decision.before, machine),
            "trigger": self.to_json(decision.trigger),
            "leaf": dataclasses.asdict(decision.leaf),
            "facts": json.loads(facts_text(decision.facts)),
            "commands": [self.to_json(command) for command in decision.commands],
        }

    def _decision(self, data: Mapping[str, Any], what: str) -> Decision:
        leaf = _leaf_parts(part(data, "leaf", Mapping, what), what)
        machine = part(data, "machine", str, what)
        trigger = self.from_json(Event, part(data, "trigger", Mapping, what))
        before = self._snapshot(part(data, "before", Mapping, what), f"before, in {what},")
        table = self._table(machine)
        stored = part(leaf, "target", str, what)
        facts = self.facts(table.chart.facts_type, part(data, "facts", Mapping, what), machine)
        target = self._state(table, stored, facts, machine)
        # Guards and effects stay as they were named: the leaf says what an older chart did.
        leaf.update(source=before.state, target=target, event=trigger.name)
        commands = self._commands_of(data, what)
        return Decision(before, trigger, _leaf(leaf, what), facts, commands)

    def _step_json(self, step: Step) -> dict[str, Any]:
        return {
            "trigger": self.to_json(step.trigger),
            "deliveries": [
                {
                    "key": delivery.address.key,
                    **self._decision_json(delivery.decision, delivery.address.machine),
                }
                for delivery in step.deliveries
            ],
            "snapshots": [
                {"key": address.key, **self._snapshot_json(snapshot, address.machine)}
                for address, snapshot in step.snapshots.items()
            ],
            "commands": [self.to_json(command) for command in step.commands],
        }

    def _step(self, data: Mapping[str, Any], what: str) -> Step:
        deliveries = [object_in(each, what) for each in part(data, "deliveries", list, what)]
        snapshots = [object_in(each, what) for each in part(data, "snapshots", list, what)]
        return Step(
            trigger=self.from_json(Event, part(data, "trigger", Mapping, what)),
            deliveries=tuple(
                Delivery(_address(each, what), self._decision(each, what)) for each in deliveries
            ),
            snapshots={_address(each, what): self._snapshot(each, what) for each in snapshots},
            commands=self._commands_of(data, what),
        )

    def _commands_of(self, data: Mapping[str, Any], what: str) -> tuple[Command, ...]:
        found = part(data, "commands", list, what)
        return tuple(self.from_json(Command, each) for each in found)


def _address(data: Mapping[str, Any], what: str) -> Address:
    return Address(part(data, "machine", str, what), part(data, "key", str, what))


def _leaf_parts(data: Mapping[str, Any], what: str) -> dict[str, Any]:
    try:
        return {
            **data,
            "reason": data["reason"] and Reason(**data["reason"]),
            "guards": tuple((name, answer) for name, answer in data["guards"]),
            "effects": tuple(data["effects"]),
        }
    except (KeyError, TypeError, ValueError):
        raise _wrong_leaf(what) from None


def _leaf(parts: dict[str, Any], what: str) -> Leaf:
    try:
        return Leaf(**parts)
    except TypeError:
        raise _wrong_leaf(what) from None


def _wrong_leaf(what: str) -> UnwrittenError:
    return UnwrittenError(f"{what} has another 'leaf' than to_json writes; give what it returned")
