"""The codec: events, commands, snapshots, decisions and steps as JSON, and back, unchanged.

:meth:`Codec.to_json` and :meth:`Codec.from_json` are a pair: what is read equals what was written,
and a field that was absent is absent again, also in nested models. An event inside of another
record keeps its name, so a timer brings back the event that it holds. What could not be read back
unchanged is refused when it is written.

Two things are left out on purpose: fields that a model excludes from every dump, such as secrets,
and the defaults of fields that were never set. A release that changes a default changes those.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from pydantic import BaseModel, ValidationError

from .decision import Decision, Snapshot, Started
from .effect import Command, Facts, Send
from .errors import AssignedValueError, EngineError, UnreadableError, UnwritableError
from .event import Event
from .image import difference, image_of
from .reason import Reason
from .shape import Shape, shape_of
from .system import Address, Delivery, Step
from .table import Table
from .tree import Leaf
from .watch import misfits

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
        TypeError: two classes have one name, so what is stored of one could not be told from the
            other.
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
            raise self.unreadable(f"no event or command is named {name!r}")
        shape = self._shape(cast(type[Event], kind))
        what = f"stored {name}"
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

    def _facts(self, machine: str, fields: Mapping[str, Any]) -> Facts:
        model = self._table(machine).chart.facts_type
        return self.validated(model, json.dumps(dict(fields)), f"facts of {machine}")

    def _snapshot_json(self, snapshot: Snapshot[Any], machine: str) -> dict[str, Any]:
        return {
            "machine": machine,
            "state": snapshot.state,
            "version": snapshot.version,
            "facts": json.loads(facts_text(snapshot.facts)),
        }

    def _snapshot(self, data: Mapping[str, Any]) -> Snapshot[Facts]:
        facts = self._facts(data["machine"], data["facts"])
        return Snapshot(str(data["state"]), facts, int(data["version"]))

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
        return Decision(
            before=self._snapshot(data["before"]),
            trigger=self.from_json(Event, data["trigger"]),
            leaf=Leaf(**leaf),
            facts=self._facts(data["machine"], data["facts"]),
            commands=self._commands_of(data),
        )

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
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
            )
        raise cls.unreadable(f"{what} does not fit {model.__name__}: {faults}")


def facts_text(facts: Facts) -> str:
    """Facts as JSON, without the fields that have their default.

    Raises:
        AssignedValueError: a value is not one that the type of its field allows, so it could not
            be read back unchanged.
    """
    model = type(facts)
    if _is_constrained(model):
        _refuse_misfits(facts)
    own = facts.__dict__
    defaults = {name for name, default in _defaults(model) if own[name] == default}
    # Within the fields, absent and null mean different things.
    try:
        return facts.model_dump_json(
            by_alias=False, exclude_unset=True, exclude=defaults, warnings="error"
        )
    except ValueError:
        _refuse_misfits(facts)
        raise


def _refuse_misfits(facts: Facts) -> None:
    if wrong := misfits(facts):
        field, fault = wrong[0]
        raise AssignedValueError(
            f"{type(facts).__name__}.{field} cannot be written: {fault}; an effect assigned it "
            "(Table.checked names it)"
        )


@cache
def _is_constrained(model: type[Facts]) -> bool:
    """Whether types alone don't say what a field allows, so that a dump does not notice."""
    rules = model.__pydantic_decorators__
    return bool(
        rules.field_validators
        or rules.model_validators
        or any(info.metadata for info in model.model_fields.values())
    )


@cache
def _defaults(model: type[Facts]) -> tuple[tuple[str, Any], ...]:
    """The fields that have a default, with it."""
    return tuple(
        (name, info.get_default(call_default_factory=True))
        for name, info in model.model_fields.items()
        if not info.is_required()
    )


def by_name(kinds: Iterable[type[R]]) -> dict[str, type[R]]:
    """Classes by their names.

    Raises:
        TypeError: two classes have one name.
    """
    found: dict[str, type[R]] = {}
    for kind in kinds:
        other = found.setdefault(kind.name, kind)
        if other is not kind:
            raise TypeError(
                f"{kind.__module__}.{kind.__qualname__} and {other.__module__}."
                f"{other.__qualname__} are both stored as {kind.name!r}. Rename one."
            )
    return found
