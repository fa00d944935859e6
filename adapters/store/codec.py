"""Events and commands as JSON, and back: the engine's codec, for what relink stores.

See :mod:`relink.engine.codec`. Every command has to be of a family, since its family says who
carries it out.
"""

import functools
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, TypeVar

from pydantic import BaseModel

from relink import engine
from relink.engine import Command, Event
from relink.machines import events, messages
from relink.machines.commands import BY_NAME, require_family

from .errors import UnreadableRecordError

M = TypeVar("M", bound=BaseModel)


class Codec(engine.Codec):
    """Writes and reads the records of these classes, by their names.

    Args:
        events: every class of event that a machine may be sent.
        commands: every class of command that a machine may ask for.

    Raises:
        TypeError: a class of command is of no family, so nobody would carry it out; or two classes
            have one name, so what is stored of one could not be told from the other.
    """

    unreadable = UnreadableRecordError

    def __init__(self, events: Iterable[type[Event]], commands: Iterable[type[Command]]) -> None:
        listed = list(commands)
        super().__init__(events, listed)
        for kind in listed:
            require_family(kind)


def validated(model: type[M], fields: Mapping[str, Any] | str, what: str) -> M:
    """The stored fields as a model.

    Args:
        model: the class.
        fields: as JSON, parsed or not.
        what: what they are, for the error.

    Raises:
        UnreadableRecordError: they don't fit; the text names ``what`` and the wrong fields.
    """
    return Codec.validated(model, fields, f"stored {what}")


@functools.cache
def domain_codec() -> Codec:
    """The codec of relink's own events and commands."""
    return Codec([*_declared(events), *_declared(messages)], BY_NAME.values())


def _declared(module: ModuleType) -> list[type[Event]]:
    """The events that the module itself declares."""
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind.__module__ == module.__name__
    ]
