"""Effects: what a transition wants done, as frozen data.

An effect method of a chart returns nothing, or one of these, or several in a
list: an :class:`Assign` changes the machine's facts, a :class:`Command` asks
the world for something, a :class:`Send` tells another machine of the system.
None of them does anything by itself.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar, Self, final

from pydantic import BaseModel, ConfigDict, SerializeAsAny

from .event import Event, snake_case


class Facts(BaseModel):
    """Base of what a machine remembers beside its state. Frozen; changed by :class:`Assign`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    _every_field: ClassVar[set[str]] = set()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Keep the names of its fields at hand."""
        super().__pydantic_init_subclass__(**kwargs)
        cls._every_field = set(cls.model_fields)

    def after(self, changes: Mapping[str, Any]) -> Self:
        """These facts with other values in some fields, which are not validated again.

        Whoever computes the values vouches for them by their types; validating each would cost
        more than deciding.
        """
        copy = object.__new__(type(self))
        # Past pydantic's frozen __setattr__, as its own model_copy does.
        fill = object.__setattr__
        fill(copy, "__dict__", {**self.__dict__, **changes})
        fill(copy, "__pydantic_fields_set__", self._every_field)
        fill(copy, "__pydantic_extra__", None)
        fill(copy, "__pydantic_private__", None)
        return copy


@final
class Assign:
    """Changes of facts, by field (XState's term).

    Every effect of a step sees the facts as they were before it. Assigns are
    merged in order afterwards; two that set one field differently are an error.
    """

    __slots__ = ("changes",)

    def __init__(self, **changes: Any) -> None:
        self.changes = changes

    def __repr__(self) -> str:
        return f"Assign({', '.join(f'{k}={v!r}' for k, v in self.changes.items())})"


class Command(BaseModel):
    """Base of what a machine may ask of the world. Frozen data, named after its class.

    Two commands with the same data are the same command: the ``id`` is a pure
    function of name and fields. What makes an occasion different (a session, a
    time, the event that caused it) must therefore be a field.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str] = "command"

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Name the command after its class."""
        super().__pydantic_init_subclass__(**kwargs)
        cls.name = snake_case(cls.__name__)

    @property
    def id(self) -> str:
        """The same for the same data, in every process and release: ``retrieve_account_5e8c…``."""
        # The data of an event alone does not tell which event it is.
        events = [value.name for value in self.__dict__.values() if isinstance(value, Event)]
        said = ":".join([self.name, *events, self.model_dump_json()])
        digest = hashlib.sha256(said.encode()).hexdigest()
        return f"{self.name}_{digest[:24]}"


class Send(Command):
    """An event for another machine of the same system, delivered within the same step."""

    machine: str
    """The name of the machine in its system, such as ``authorization``."""
    key: str
    """Which instance of it, such as the id of the authorization."""
    event: SerializeAsAny[Event]
