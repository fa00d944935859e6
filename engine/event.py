"""Events: what happened, as frozen data.

A machine never asks the world anything; whatever it may know arrives in an
event, time included. An event is named after its class: ``CoinInserted`` is
sent to a chart as ``coin_inserted``, and that is the name its transitions use.
"""

import re
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake_case(class_name: str) -> str:
    """``CoinInserted`` → ``coin_inserted``."""
    return _WORD_START.sub("_", class_name).lower()


class Event(BaseModel):
    """Base of everything that can happen to a machine. Frozen; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str] = "event"
    """The event's name in charts, made from the class name."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Name the event after its class."""
        super().__pydantic_init_subclass__(**kwargs)
        cls.name = snake_case(cls.__name__)
