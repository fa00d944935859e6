"""Events and commands as JSON, and back, exactly.

A record is the name of its class and its fields. Fields with their default value are left out,
so the default policy takes no space; a release that changes a default must therefore rewrite
what is stored. Fields that a model excludes from every dump are never written. Within nested
models, fields that were never set are left out: in a
:class:`~relink.machines.report.StatusReport`, absent and null mean different things.

An event within an event or command (a timer carries one) is stored with its name.
"""

import functools
import json
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from relink.engine import Command, Event
from relink.machines import events, messages, reported
from relink.machines.commands import BY_NAME, require_family

from .errors import UnreadableRecordError

R = TypeVar("R", bound=Event | Command)


class Codec:
    """Reads and writes the records of these classes, by their names.

    Args:
        events: every class of event that a machine may be sent.
        commands: every class of command that a machine may ask for.

    Raises:
        TypeError: a class of command is of no family, so nobody would carry it out; or two classes
            have one name, so what is stored of one could not be told from the other.
    """

    def __init__(self, events: Iterable[type[Event]], commands: Iterable[type[Command]]) -> None:
        self._events = _by_name(events)
        self._commands = _by_name(commands)
        for kind in self._commands.values():
            require_family(kind)
        self._shapes: dict[type[BaseModel], _Shape] = {}

    def fields(self, record: Event | Command) -> dict[str, Any]:
        """The fields of a record, ready for JSON. The caller stores the name beside them."""
        self._shape(type(record))
        dumped = record.model_dump(mode="json", exclude_unset=True)
        for field, info in type(record).model_fields.items():
            value = getattr(record, field)
            if field not in dumped:
                continue
            if not info.is_required() and value == info.get_default(call_default_factory=True):
                del dumped[field]
            elif isinstance(value, Event):
                dumped[field] = {"name": value.name, "fields": self.fields(value)}
        return dumped

    def text(self, record: Event | Command) -> str:
        """The fields of a record as JSON: the same as :meth:`fields`, and much faster."""
        shape = self._shape(type(record))
        if shape.nests:
            return json.dumps(self.fields(record))
        own = record.__dict__
        defaults = {name for name, default in shape.defaults if own[name] == default}
        return record.model_dump_json(exclude_unset=True, exclude=defaults)

    def _shape(self, kind: "type[Event | Command]") -> "_Shape":
        """How to write records of this class; refuses a class that could not be read back."""
        shape = self._shapes.get(kind)
        if shape is None:
            if kind not in (self._events.get(kind.name), self._commands.get(kind.name)):
                raise TypeError(
                    f"{kind.__module__}.{kind.__qualname__} is not one of the codec's classes, so "
                    "it could not be read back. Give the store a Codec with all events and "
                    "commands of its system."
                )
            shape = self._shapes[kind] = _shape_of(kind)
        return shape

    def event(self, name: str, fields: Mapping[str, Any]) -> Event:
        """The event of this name with these fields.

        Raises:
            UnreadableRecordError: its name is unknown, or its fields don't fit.
        """
        return self._read(self._events, name, fields)

    def command(self, name: str, fields: Mapping[str, Any]) -> Command:
        """The command of this name with these fields.

        Raises:
            UnreadableRecordError: its name is unknown, or its fields don't fit.
        """
        return self._read(self._commands, name, fields)

    def _read(self, kinds: Mapping[str, type[R]], name: str, fields: Mapping[str, Any]) -> R:
        kind = kinds.get(name)
        if kind is None:
            raise UnreadableRecordError(f"no event or command is named {name!r}")
        nested = {
            field: self._nested(fields[field], f"{name}.{field}")
            for field, info in kind.model_fields.items()
            if field in fields and _is_event(info.annotation)
        }
        return validated(kind, {**fields, **nested}, name)

    def _nested(self, value: Any, what: str) -> Event:
        match value:
            case {"name": str(name), "fields": dict(fields)}:
                return self.event(name, fields)
        raise UnreadableRecordError(f"stored {what} is not an event: it lacks name or fields")


def _by_name(kinds: Iterable[type[R]]) -> dict[str, type[R]]:
    found: dict[str, type[R]] = {}
    for kind in kinds:
        other = found.setdefault(kind.name, kind)
        if other is not kind:
            raise TypeError(
                f"{kind.__module__}.{kind.__qualname__} and {other.__module__}."
                f"{other.__qualname__} are both stored as {kind.name!r}. Rename one."
            )
    return found


class _Shape(NamedTuple):
    """What writing the records of a class depends on."""

    nests: bool
    """Whether one of its fields can hold an event."""
    defaults: tuple[tuple[str, Any], ...]
    """The fields that have a default, with it."""


def _shape_of(kind: type[BaseModel]) -> _Shape:
    fields = kind.model_fields
    return _Shape(
        any(_is_event(info.annotation) for info in fields.values()),
        tuple(
            (name, info.get_default(call_default_factory=True))
            for name, info in fields.items()
            if not info.is_required()
        ),
    )


M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], fields: Mapping[str, Any] | str, what: str) -> M:
    """The stored fields as a model.

    Args:
        model: the class.
        fields: as JSON, parsed or not.
        what: what they are, for the error.

    Raises:
        UnreadableRecordError: they don't fit; the text names ``what`` and the wrong fields.
    """
    try:
        if isinstance(fields, str):
            return model.model_validate_json(fields)
        return model.model_validate(fields)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
    raise UnreadableRecordError(f"stored {what} does not fit {model.__name__}: {faults}")


@functools.cache
def domain_codec() -> Codec:
    """The codec of relink's own events and commands."""
    found = (*_declared(events), *_declared(messages), *_declared(reported))
    return Codec(found, BY_NAME.values())


def _declared(module: ModuleType) -> list[type[Event]]:
    """The events that the module itself declares."""
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind.__module__ == module.__name__
    ]


def _is_event(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Event)
