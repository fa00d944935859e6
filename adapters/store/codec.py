"""Events and commands as JSON, and back, exactly.

A record is the name of its class and its fields. Fields that have their default are left
out, so that the policy costs nothing where it is the default; a release that changes a
default must therefore rewrite what is stored. Fields that a model excludes from every
dump are never written. Within nested models the fields that were never set are left out,
because for a :class:`~relink.machines.report.Word` absent and null are different things.

An event within an event or command (a timer carries one) has its name beside it.
"""

import functools
import json
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from relink.engine import Command, Event
from relink.machines import commands, events, messages

from .errors import UnreadableRecordError

R = TypeVar("R", bound=Event | Command)


class Codec:
    """Reads and writes the records of these classes, by their names.

    Args:
        events: every class of event that a machine may be sent.
        commands: every class of command that a machine may ask for.
    """

    def __init__(self, events: Iterable[type[Event]], commands: Iterable[type[Command]]) -> None:
        self._events = {kind.name: kind for kind in events}
        self._commands = {kind.name: kind for kind in commands}
        self._shapes: dict[type[BaseModel], _Shape] = {}

    def fields(self, record: Event | Command) -> dict[str, Any]:
        """The fields of a record, ready for JSON; its name is for the caller to keep."""
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
        """The fields of a record as JSON: what :meth:`fields` gives, and much faster."""
        kind = type(record)
        shape = self._shapes.get(kind)
        if shape is None:
            shape = self._shapes[kind] = _shape_of(kind)
        if shape.nests:
            return json.dumps(self.fields(record))
        own = record.__dict__
        defaults = {name for name, default in shape.defaults if own[name] == default}
        return record.model_dump_json(exclude_unset=True, exclude=defaults)

    def event(self, name: str, fields: Mapping[str, Any]) -> Event:
        """The event that was written so.

        Raises:
            UnreadableRecordError: its name is unknown, or its fields don't fit.
        """
        return self._read(self._events, name, fields)

    def command(self, name: str, fields: Mapping[str, Any]) -> Command:
        """The command that was written so.

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


class _Shape(NamedTuple):
    """What has to be known of a class to write its records."""

    nests: bool
    """Whether an event can be in a field of it."""
    defaults: tuple[tuple[str, Any], ...]
    """The fields that have a default, and which."""


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
        model: which.
        fields: as JSON, parsed or not.
        what: names them in the error.

    Raises:
        UnreadableRecordError: they don't fit; it names what, and the fields at fault.
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
    outside, inside = _declared(events, Event), _declared(messages, Event)
    return Codec([*outside, *inside], _declared(commands, Command))


def _declared(module: ModuleType, base: type[R]) -> list[type[R]]:
    """The classes that the module itself declares."""
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, base) and kind.__module__ == module.__name__
    ]


def _is_event(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Event)
