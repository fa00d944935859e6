"""Records as JSON: events and commands by their names, and facts, written and read unchanged.

An event inside of another record keeps its name, so a timer brings back the event that it holds.
What could not be read back unchanged is refused when it is written.
"""

import json
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar, cast

from pydantic import BaseModel, ValidationError

from .decision import Snapshot, Started
from .effect import Command, Facts, Send
from .errors import (
    ArgumentError,
    EngineError,
    UnknownStateError,
    UnreadableError,
    UnwritableError,
    UpgradeError,
)
from .event import Event
from .image import difference, image_of
from .json_parts import UnwrittenError, kind_of, object_in
from .kinds import add_former_names, by_name
from .record_class import faults_of
from .shape import Shape, shape_of
from .suggest import did_you_mean
from .table import Table
from .upgrade import has_upgrades, upgraded

R = TypeVar("R", bound=Event | Command)
M = TypeVar("M", bound=BaseModel)


_DAMAGED = "it was damaged, or something other than a codec wrote it"


class RecordCodec:
    """Writes and reads the records of these classes. Use :class:`~relink.engine.Codec`.

    Args:
        events: Every class of event.
        commands: Every class of command.

    Raises:
        ArgumentError: something is no such class, or two have one name, now or formerly, so what
            is stored of one could not be told from the other.
    """

    unreadable: ClassVar[type[EngineError]] = UnreadableError
    """What is raised for data that cannot be read."""

    def __init__(self, events: Iterable[type[Event]], commands: Iterable[type[Command]]) -> None:
        self._events: dict[str, type[Event]] = by_name(events, Event)
        self._events.setdefault(Started.name, Started)
        self._commands: dict[str, type[Command]] = by_name([*commands, Send], Command)
        add_former_names(self._events)
        add_former_names(self._commands)
        self._shapes: dict[type[BaseModel], Shape] = {}

    def fields(self, record: Event | Command) -> dict[str, Any]:
        """The fields of a record, ready for JSON. The caller stores the name beside them.

        Raises:
            UnwritableError: they could not be read back unchanged.
            ArgumentError: it is no event or command, or the codec does not know its class.
        """
        shape = self._shape(type(record))
        try:
            # By way of the text, since only that notices what is no UTF-8.
            text = record.model_dump_json(
                by_alias=False, exclude_unset=True, exclude=set(shape.events), warnings=False
            )
        except ValueError:
            raise _unwritable(record, shape) from None
        dumped: dict[str, Any] = json.loads(text)
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
        try:
            return record.model_dump_json(by_alias=False, exclude_unset=True)
        except ValueError:
            raise _unwritable(record, shape) from None

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
            if not issubclass(kind, (Event, Command)):
                raise ArgumentError(
                    f"Codec: it writes events and commands, and got {kind.__name__}; give an "
                    "instance of one"
                )
            if kind not in (self._events.get(kind.name), self._commands.get(kind.name)):
                raise ArgumentError(
                    f"Codec: {kind.__module__}.{kind.__qualname__} is not one of the codec's "
                    "classes, so it could not be read back; give the codec all events and commands "
                    "of its system"
                )
            shape = self._shapes[kind] = shape_of(kind)
        return shape

    def _read(self, kinds: Mapping[str, type[R]], name: str, fields: Mapping[str, Any]) -> R:
        kind = kinds.get(name)
        if kind is None:
            raise self.unreadable(self._unknown(kinds, name))
        shape = self._shape(cast(type[Event], kind))
        what = f"stored {name}"
        if not isinstance(fields, Mapping):
            raise self.unreadable(f"{what} has {kind_of(fields)} as fields; give an object")
        fields = self._upgraded(kind, fields, what)
        if not shape.events:
            return self.validated(kind, self._text(fields, what), what)
        nested = {
            field: self._decoded(fields[field], f"{name}.{field}")
            for field in shape.events
            if field in fields
        }
        return self.validated(kind, {**fields, **nested}, what)

    def _unknown(self, kinds: Mapping[str, object], name: str) -> str:
        if kinds is self._events:
            rule, removed = f"no event is named {name!r}", "RemovedEvent"
            if name in self._commands:
                return f"{rule}, but a command is; read it as a Command"
        else:
            rule, removed = f"no command is named {name!r}", "RemovedCommand"
            if name in self._events:
                return f"{rule}, but an event is; read it as an Event"
        cure = did_you_mean(name, kinds) or "give the codec its class, or correct the name."
        return (
            f"{rule}; {cure} If an earlier release stored it, add the name to former_names of the "
            f"class that took its place, or keep its class, derived from {removed}"
        )

    def _text(self, fields: Mapping[str, Any], what: str) -> str:
        try:
            return json.dumps(dict(fields))
        except (TypeError, ValueError):
            raise self.unreadable(
                f"{what} has fields with something that JSON cannot hold; give what json.loads "
                "returned"
            ) from None

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
            case {"items": list(items)} if all(map(_is_item, items)):
                return {key: self._decoded(held, what) for key, held in items}
            case list():
                return [self._decoded(item, what) for item in data]
            case None:
                return None
        raise self.unreadable(
            f"stored {what} is not an event: it is {kind_of(data)} without name and fields; give "
            "what to_json returned"
        )

    def _check(self, record: Event | Command, dumped: dict[str, Any]) -> None:
        """Read it back, where the types of the fields do not already guarantee the result."""
        kind = type(record)
        what = f"{kind.__name__} cannot be written as JSON and read back unchanged"
        cure = _CURE
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
            try:
                stored = object_in(json.loads(fields) if isinstance(fields, str) else fields, what)
            except ValueError:
                raise cls.unreadable(f"{what}: this is no JSON; {_DAMAGED}") from None
            except UnwrittenError as error:
                raise cls.unreadable(str(error)) from None
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
            found = {fault["type"] for fault in error.errors()}
            faults = "; ".join(faults_of(model, error, "add it"))
        if "json_invalid" in found:
            raise cls.unreadable(f"{what}: this is no JSON; {_DAMAGED}")
        hint = ""
        if not found.isdisjoint(("extra_forbidden", "missing")):
            hint = "" if faults.endswith("?") else "."
            hint += (
                " If an earlier release stored it so, say in upgrades of the class what became of "
                "the field (renamed, removed, upcast), or give a new field a default"
            )
        raise cls.unreadable(f"{what}: the fields do not fit {model.__name__}: {faults}{hint}")


_CURE = "give the field a type that JSON can hold, such as a text for bytes"


def _unwritable(record: Event | Command, shape: Shape) -> UnwritableError:
    """Name the field that JSON has no form for: bytes or a text that are no UTF-8, say."""
    kind = type(record)
    for field in sorted(record.model_fields_set - set(shape.events)):
        try:
            record.model_dump_json(by_alias=False, include={field})
        except ValueError:
            return UnwritableError(f"{kind.__name__}.{field} cannot be written as JSON; {_CURE}")
    return UnwritableError(f"{kind.__name__} cannot be written as JSON; {_CURE}")


def _is_item(item: Any) -> bool:
    """Whether it is a key of a mapping with what the mapping holds."""
    return isinstance(item, list) and len(item) == 2 and isinstance(item[0], Hashable)
