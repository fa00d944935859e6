"""Events and commands as JSON, and back: the engine's codec, for what relink stores.

See :mod:`relink.engine.codec`. Every command has to be of a family, since its family says who
carries it out. A :class:`~relink.engine.RemovedCommand` is of none: nobody does.
"""

import functools
from collections.abc import Iterable
from types import ModuleType

from relink import engine
from relink.engine import Command, Event, RemovedCommand
from relink.machines import events, messages, reported
from relink.machines.commands import BY_NAME, require_family

from .errors import UnreadableRecordError


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
            if not issubclass(kind, RemovedCommand):
                require_family(kind)


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
