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
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar, cast

from pydantic import BaseModel, ValidationError

from .decision import Decision, Snapshot, Started
from .effect import Command, Facts, Send
from .errors import (
    EngineError,
    UnknownStateError,
    UnreadableError,
    UnwritableError,
    UpgradeError,
)
from .event import Event
from .facts_json import facts_text
from .image import difference, image_of
from .kinds import add_former_names, by_name
from .reason import Reason
from .shape import Shape, shape_of
from .system import Address, Delivery, Step
from .table import Table
from .tree import Leaf
from .upgrade import has_upgrades, upgraded

R = TypeVar("R", bound=Event | Command)
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class Codec:
    """Writes and reads the records of these classes, by their names.

    Args:
        events: Every class of event, other than those in the alphabets of the tables.
        commands: Every class of command.
        tables: The tables whose snapshots and decisions are written, by the names of the machines.

    Raises:
        TypeError: two classes have one name, now or formerly, so what is stored of one could not
            be told from the other.
    """

    unreadable: ClassVar[type[EngineError]] = UnreadableError
    """What is raised for data that cannot be read."""

    def __init__(
        self,
        events: Iterable[type[Event]] = (),
        commands: Iterable[type[Command]] = (),
        tables: Mapping[str, Table] | None = None,
    ) -> None:
        self._tables = dict(tables or {})
        alphabets = (kind for table in self._tables.values() for kind in table.chart.alphabet)
        self._events: dict[str, type[Event]] = by_name([*events, *alphabets])
        self._events.setdefault(Started.name, Started)
        self._commands: dict[str, type[Command]] = by_name([*commands, Send])
        add_former_names(self._events)
        add_former_names(self._commands)
        self._shapes: dict[type[BaseModel], Shape] = {}

    # -- The pair --

    def to_json(self, value: Event | Command | Snapshot[Any] | Decision | Step) -> dict[str, Any]:
        """A value as JSON-ready data that :meth:`from_json` reads.

        Raises:
            UnwritableError: it could not be read back unchanged; the message names the field.
            AssignedValueError: facts hold a value that the type of its field forbids.
            TypeError: the codec does not know its class.
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
        raise TypeError(f"a {type(value).__name__} cannot be written")

    def from_json(self, kind: type[T], data: Mapping[str, Any]) -> T:
        """The value that :meth:`to_json` wrote.

        Args:
            kind: Its class; of an event or command also ``Event`` or ``Command``.
            data: What was written.

        Raises:
            UnreadableError: it is unknown or does not fit.
        """
        try:
            found = self._read_any(kind, data)
        except (KeyError, TypeError, AttributeError) as error:
            raise self.unreadable(
                f"the data is no {kind.__name__}: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(found, kind):
            raise self.unreadable(
                f"the data is a {type(found).__name__}, where a {kind.__name__} was expected"
            )
        return found

    def _read_any(self, kind: type, data: Mapping[str, Any]) -> object:
        if issubclass(kind, Event):
            return self.event(data["name"], data["fields"])
        if issubclass(kind, Command):
            return self.command(data["name"], data["fields"])
        if kind is Snapshot:
            return self._snapshot(data)
        if kind is Decision:
            return self._decision(data)
        if kind is Step:
            return self._step(data)
        raise TypeError(f"a {kind.__name__} cannot be read")

    # -- Events and commands --

    def fields(self, record: Event | Command) -> dict[str, Any]:
        """The fields of a record, ready for JSON. The caller stores the name beside them.

        Raises:
            UnwritableError: they could not be read back unchanged.
            TypeError: the codec does not know the class.
        """
        shape = self._shape(type(record))
        dumped = record.model_dump(
            mode="json",
            by_alias=False,
            exclude_unset=True,
            exclude=set(shape.events),
            warnings=False,
        )
        for field in shape.events:
            if field in record.model_fields_set:
                dumped[field] = self._encoded(getattr(record, field))
        if not shape.is_exact:
            self._check(record, dumped)
        return dumped

    def text(self, record: Event | Command) -> str:
        """The fields of a record as JSON: the same as :meth:`fields`, and much faster."""
        shape = self._shape(type(record))
        if shape.events or not shape.is_exact:
            return json.dumps(self.fields(record))
        return record.model_dump_json(by_alias=False, exclude_unset=True)

    def event(self, name: str, fields: Mapping[str, Any]) -> Event:
        """The event of this name with these fields.

        Raises:
            UnreadableError: its name is unknown, or its fields don't fit.
        """
        return self._read(self._events, name, fields)

    def command(self, name: str, fields: Mapping[str, Any]) -> Command:
        """The command of this name with these fields.

        Raises:
            UnreadableError: its name is unknown, or its fields don't fit.
        """
        return self._read(self._commands, name, fields)

    def _shape(self, kind: "type[Event | Command]") -> Shape:
        """How to write records of this class; refuses a class that could not be read back."""
        shape = self._shapes.get(kind)
        if shape is None:
            if kind not in (self._events.get(kind.name), self._commands.get(kind.name)):
                raise TypeError(
                    f"{kind.__module__}.{kind.__qualname__} is not one of the codec's classes, so "
                    "it could not be read back. Give the codec all events and commands of its "
                    "system."
                )
            shape = self._shapes[kind] = shape_of(kind)
        return shape

    def _read(self, kinds: Mapping[str, type[R]], name: str, fields: Mapping[str, Any]) -> R:
        kind = kinds.get(name)
        if kind is None:
            raise self.unreadable(
                f"no event or command is named {name!r}. If an earlier release stored it, add the "
                "name to former_names of the class that took its place, or keep its class, derived "
                "from RemovedEvent or RemovedCommand"
            )
        shape = self._shape(cast(type[Event], kind))
        what = f"stored {name}"
        fields = self._upgraded(kind, fields, what)
        if not shape.events:
            return self.validated(kind, json.dumps(dict(fields)), what)
        nested = {
            field: self._decoded(fields[field], f"{name}.{field}")
            for field in shape.events
            if field in fields
        }
        return self.validated(kind, {**fields, **nested}, what)

    def _encoded(self, value: Any) -> Any:
        """A value that holds events, each with its name."""
        if isinstance(value, Event):
            return {"name": value.name, "fields": self.fields(value)}
        if isinstance(value, (list, tuple)):
            return [self._encoded(item) for item in value]
        if isinstance(value, Mapping):
            return {"items": [[key, self._encoded(held)] for key, held in value.items()]}
        return value

    def _decoded(self, data: Any, what: str) -> Any:
        match data:
            case {"name": str(name), "fields": dict(fields)}:
                return self.event(name, fields)
            case {"items": list(items)}:
                return {key: self._decoded(held, what) for key, held in items}
            case list():
                return [self._decoded(item, what) for item in data]
            case None:
                return None
        raise self.unreadable(f"stored {what} is not an event: it lacks name or fields")

    def _check(self, record: Event | Command, dumped: dict[str, Any]) -> None:
        """Read it back, where the types of the fields do not already guarantee the result."""
        kind = type(record)
        what = f"{kind.__name__} cannot be written as JSON and read back unchanged"
        cure = "give the field a type that JSON can hold"
        kinds: Mapping[str, Any] = self._events if isinstance(record, Event) else self._commands
        try:
            again = self._read(kinds, record.name, json.loads(json.dumps(dumped)))
        except (EngineError, ValueError, TypeError) as error:
            raise UnwritableError(f"{what}: {error}; {cure}") from error
        written = {name for name, info in kind.model_fields.items() if not info.exclude}
        for name in sorted(written):
            old, new = getattr(record, name), getattr(again, name)
            if (place := difference(image_of(old), image_of(new), name)) is not None:
                # Not the value itself, which may be a secret.
                raise UnwritableError(f"{what}: {place} would be another value; {cure}")
        if record.model_fields_set & written != again.model_fields_set & written:
            raise UnwritableError(f"{what}: a field that was set would be absent; {cure}")

    # -- Snapshots, decisions and steps --

    def _machine_of(self, facts: Facts) -> str:
        found = [n for n, t in self._tables.items() if t.chart.facts_type is type(facts)]
        if not found:
            raise TypeError(
                f"no table of the codec has facts of the type {type(facts).__name__}; give the "
                "codec the tables of its system"
            )
        return found[0]

    def _table(self, machine: str) -> Table:
        table = self._tables.get(machine)
        if table is None:
            raise self.unreadable(
                f"the codec has no machine {machine!r}; it has {', '.join(self._tables) or 'none'}"
            )
        return table

    @classmethod
    def facts(cls, model: type[Facts], fields: Mapping[str, Any] | str, what: str) -> Facts:
        """Stored facts, in today's form.

        Args:
            model: Their class.
            fields: As JSON, parsed or not.
            what: Whose they are, for the error.

        Raises:
            UnreadableError: They don't fit.
        """
        what = f"stored facts of {what}"
        if has_upgrades(model):
            stored = json.loads(fields) if isinstance(fields, str) else fields
            fields = json.dumps(cls._upgraded(model, stored, what))
        return cls.validated(model, fields, what)

    @classmethod
    def snapshot(
        cls,
        table: Table,
        state: str,
        facts: Mapping[str, Any] | str,
        version: int,
        what: str,
    ) -> Snapshot[Facts]:
        """A stored machine, in today's form.

        Args:
            table: Its table.
            state: The state as it was stored.
            facts: The facts as they were stored, as JSON, parsed or not.
            version: Its version.
            what: Which machine it is, for the error.

        Raises:
            UnreadableError: The state is unknown, or the facts don't fit.
        """
        found = cls.facts(table.chart.facts_type, facts, what)
        return Snapshot(cls._state(table, state, found, what), found, version)

    @classmethod
    def _state(cls, table: Table, stored: str, facts: Facts, what: str) -> str:
        try:
            return table.current_state(stored, facts)
        except UnknownStateError as error:
            raise cls.unreadable(f"the stored state of {what}: {error}") from error
        except Exception as error:
            raise cls.unreadable(
                f"the stored state of {what}: the function for {stored!r} in "
                f"{table.chart.__name__}.former_states failed with {type(error).__name__}"
            ) from error

    @classmethod
    def _upgraded(
        cls, model: type[BaseModel], fields: Mapping[str, Any], what: str
    ) -> Mapping[str, Any]:
        try:
            return upgraded(model, fields)
        except UpgradeError as error:
            raise cls.unreadable(f"{what}: {error}") from error

    def _snapshot_json(self, snapshot: Snapshot[Any], machine: str) -> dict[str, Any]:
        return {
            "machine": machine,
            "state": snapshot.state,
            "version": snapshot.version,
            "facts": json.loads(facts_text(snapshot.facts)),
        }

    def _snapshot(self, data: Mapping[str, Any]) -> Snapshot[Facts]:
        machine = data["machine"]
        table = self._table(machine)
        state, version = str(data["state"]), int(data["version"])
        if not state:  # before the first decision
            facts = self.facts(table.chart.facts_type, data["facts"], machine)
            return Snapshot(state, facts, version)
        return self.snapshot(table, state, data["facts"], version, machine)

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

    def _decision(self, data: Mapping[str, Any]) -> Decision:
        leaf = dict(data["leaf"])
        if leaf["reason"] is not None:
            leaf["reason"] = Reason(**leaf["reason"])
        leaf["guards"] = tuple((name, answer) for name, answer in leaf["guards"])
        leaf["effects"] = tuple(leaf["effects"])
        machine, trigger = data["machine"], self.from_json(Event, data["trigger"])
        before = self._snapshot(data["before"])
        after = self.snapshot(
            self._table(machine), leaf["target"], data["facts"], before.version + 1, machine
        )
        # Guards and effects stay as they were named: the leaf says what an older chart did.
        leaf.update(source=before.state, target=after.state, event=trigger.name)
        return Decision(before, trigger, Leaf(**leaf), after.facts, self._commands_of(data))

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

    def _step(self, data: Mapping[str, Any]) -> Step:
        return Step(
            trigger=self.from_json(Event, data["trigger"]),
            deliveries=tuple(
                Delivery(Address(each["machine"], each["key"]), self._decision(each))
                for each in data["deliveries"]
            ),
            snapshots={
                Address(each["machine"], each["key"]): self._snapshot(each)
                for each in data["snapshots"]
            },
            commands=self._commands_of(data),
        )

    def _commands_of(self, data: Mapping[str, Any]) -> tuple[Command, ...]:
        return tuple(self.from_json(Command, each) for each in data["commands"])

    @classmethod
    def validated(cls, model: type[M], fields: Mapping[str, Any] | str, what: str) -> M:
        """Written fields as a model.

        Args:
            model: The class.
            fields: As JSON, parsed or not.
            what: What they are, for the error.

        Raises:
            UnreadableError: they don't fit; the message has ``what`` and the wrong fields.
        """
        try:
            if isinstance(fields, str):
                return model.model_validate_json(fields, by_alias=False, by_name=True)
            return model.model_validate(fields, by_alias=False, by_name=True)
        except ValidationError as error:
            found = error.errors()
        faults = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in found)
        hint = ""
        if any(fault["type"] in ("extra_forbidden", "missing") for fault in found):
            hint = (
                ". If an earlier release stored it so, say in upgrades of the class what became of "
                "the field (renamed, removed, upcast), or give a new field a default"
            )
        raise cls.unreadable(f"{what} does not fit {model.__name__}: {faults}{hint}")
