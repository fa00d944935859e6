"""Events: what happened, as frozen data.

A machine reads nothing from outside; everything it knows arrives in an event, time included. An
event is named after its class: transitions use the name ``coin_inserted`` for ``CoinInserted``.
"""

import re
from typing import Any, ClassVar

from .record import Record

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake_case(class_name: str) -> str:
    """``CoinInserted`` → ``coin_inserted``."""
    return _WORD_START.sub("_", class_name).lower()


class Event(Record):
    """Base of all events. Frozen; unknown fields are an error."""

    name: ClassVar[str] = "event"
    """The event's name in charts, made from the class name."""

    former_names: ClassVar[tuple[str, ...]] = ()
    """What it was named in earlier releases: events stored under these names are read as this
    one. Not inherited."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Name the event after its class."""
        super().__pydantic_init_subclass__(**kwargs)
        cls.name = snake_case(cls.__name__)
