"""Effects: the results of a transition, as frozen data.

An effect method of a chart returns None, one of these, or a list of them: an :class:`Assign`
changes the machine's facts, a :class:`Command` asks an adapter to do something, a :class:`Send`
sends an event to another machine of the system. None of them does anything by itself.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar, Self, final

from pydantic import BaseModel, SerializeAsAny

from .arguments import wrong_argument
from .event import Event, snake_case
from .frozen import FROZEN, frozen, may_hold_container
from .identity import identity_of
from .record import Record

# The slots of a record, past pydantic's frozen __setattr__.
_set_values = vars(BaseModel)["__dict__"].__set__
_set_names = vars(BaseModel)["__pydantic_fields_set__"].__set__
_set_extra = vars(BaseModel)["__pydantic_extra__"].__set__
_set_private = vars(BaseModel)["__pydantic_private__"].__set__


class Facts(Record):
    """Base of what a machine remembers besides its state. Frozen; changed by :class:`Assign`."""

    _every_field: ClassVar[set[str]] = set()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Compute once what each copy needs."""
        super().__pydantic_init_subclass__(**kwargs)
        fields = cls.model_fields
        cls._every_field = set(fields)
        cls._containers = frozenset(
            name for name, info in fields.items() if may_hold_container(info.annotation)
        )

    def after(self, changes: Mapping[str, Any]) -> Self:
        """A copy with other values in some fields, without validation.

        Validation would cost more than the decision itself. :attr:`Table.checked` and the fuzz
        tests find values that a field's type forbids, and a codec refuses to write them.

        Args:
            changes: New values by field. The caller checks that the fields exist.
        """
        if not changes:
            return self
        fields = {**self.__dict__, **changes}
        if not self._containers.isdisjoint(changes):
            for name in self._containers.intersection(changes):
                if type(fields[name]) not in FROZEN:
                    fields[name] = frozen(fields[name])
        copy = object.__new__(type(self))
        _set_values(copy, fields)
        _set_names(copy, self._every_field)
        _set_extra(copy, None)
        _set_private(copy, None)
        return copy


_BY_FIELD = "name the fields: Assign(field=value), or Assign(**changes) for a dict"


@final
class Assign:
    """Changes of facts, by field (XState's term).

    Every effect of a step sees the facts as they were before it. Assigns are merged in order
    afterwards. Two that set one field differently are an error.
    """

    __slots__ = ("changes",)

    def __init__(self, *positional: object, **changes: Any) -> None:
        """``changes`` are the new values, by field.

        Raises:
            ArgumentError: a value is given without its field.
        """
        if positional:
            raise wrong_argument("Assign", "new values by field", positional[0], _BY_FIELD)
        self.changes = changes

    def __repr__(self) -> str:
        return f"Assign({', '.join(f'{k}={v!r}' for k, v in self.changes.items())})"


class Command(Record):
    """Base of what a machine asks an adapter to do. Frozen data, named after its class.

    Two commands with the same data are the same command: ``id`` is a pure function of name and
    fields. If the same request can come up twice, a field has to tell the two apart (a session,
    a time, the event that caused it).
    """

    name: ClassVar[str] = "command"

    former_names: ClassVar[tuple[str, ...]] = ()
    """What it was named in earlier releases: commands stored under these names are read as this
    one. Not inherited."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Name the command after its class."""
        super().__pydantic_init_subclass__(**kwargs)
        cls.name = snake_case(cls.__name__)

    @property
    def id(self) -> str:
        """A hash of name and data, the same in every process and release: ``click_5e8c…``."""
        # The data of an event does not say which event it is.
        events = [value.name for value in self.__dict__.values() if isinstance(value, Event)]
        identity = ":".join([self.name, *events, identity_of(self)])
        digest = hashlib.sha256(identity.encode()).hexdigest()
        return f"{self.name}_{digest[:24]}"


class Send(Command):
    """An event for another machine of the same system, delivered within the same step."""

    machine: str
    """The machine's name in its system, such as ``authorization``."""
    key: str
    """The key of the instance, such as the authorization's id."""
    event: SerializeAsAny[Event]
    phase: int = 0
    """When in the step: a later phase begins once nothing is left to deliver of the earlier ones.
    So a machine can be reviewed after everything that a report says is taken in."""
