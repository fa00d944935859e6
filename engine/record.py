"""Records: what events, commands and facts have in common.

A record is frozen, all the way down: its class refuses to be anything else, and the lists, dicts
and sets in it refuse changes (:mod:`.frozen`). It is made of fields alone, so a dump of the fields
is the whole record. And no field has the name of something that the engine itself reads.

A class that breaks this is refused when it is made. relink's own classes are not looked at then: a
test checks each of them, so that no process has to, and a validator is built when it is first
needed. Together that takes 50 of 120 ms off the import of the machines.
"""

import inspect
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler

from .defaults import check_defaults
from .errors import FrozenRecordError, RecordError
from .frozen import freeze_fields, may_hold_container
from .record_class import RecordMeta, is_own
from .reserved import MEANT_TO_BE_SET, WHY, refuse_name
from .upgrade import Upgrade, check_upgrades


class Record(BaseModel, metaclass=RecordMeta):
    """Base of :class:`Event`, :class:`Command` and :class:`Facts`. Subclass these, not this."""

    # Infinite numbers would become null, and bytes would have to be UTF-8.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_inf_nan="strings",
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )

    upgrades: ClassVar[tuple[Upgrade, ...]] = ()
    """What became of the fields that earlier releases stored, the oldest release first; see
    :mod:`.upgrade`. A subclass adds to what its bases declare."""

    _containers: ClassVar[frozenset[str]] = frozenset()
    """The fields that can hold a list, dict or set; only facts, which are copied, know them."""

    def __eq__(self, other: object) -> bool:
        """Whether the other is a record of the same class with equal fields.

        As in pydantic, which is ten times slower for a record that is compared with itself.
        """
        if self is other:
            return True
        if type(self) is type(other) and self.__dict__ == other.__dict__:
            return True
        return super().__eq__(other)

    if not TYPE_CHECKING:

        def __delattr__(self, name: str) -> NoReturn:
            """Refuse to change a record.

            Raises:
                FrozenRecordError: always.
            """
            raise FrozenRecordError(
                f"{type(self).__name__}.{name} cannot be deleted, since records are frozen"
            )

        def __setattr__(self, name: str, value: object) -> NoReturn:
            """Refuse to change a record.

            Raises:
                FrozenRecordError: always.
            """
            record = type(self).__name__
            raise FrozenRecordError(
                f"{record}.{name} cannot be set, since records are frozen; make another "
                "record, and for facts let an effect return an Assign"
            )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse names that the engine reads, before pydantic sees them.

        Raises:
            RecordError: the message names the class, the name and the cure.
        """
        super().__init_subclass__(**kwargs)
        if not is_own(cls.__module__):
            _check_names(cls)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse what would make the record more than its fields, or changeable.

        Raises:
            RecordError: the message names the class, the rule and the cure.
        """
        super().__pydantic_init_subclass__(**kwargs)
        if not is_own(cls.__module__):
            check_class(cls)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> Any:
        """Freeze the containers in the fields of each record that is made.

        Records without such fields, which are nearly all, take the short way.
        """
        if any(may_hold_container(info.annotation) for info in cls.model_fields.values()):
            return AfterValidator(freeze_fields).__get_pydantic_core_schema__(source, handler)
        return handler(source)


def check_class(cls: type[Record]) -> None:
    """Refuse a class whose records would be more than their fields, or changeable.

    Raises:
        RecordError: the message names the class, the rule and the cure.
    """
    for name in _reserved(cls) & cls.model_fields.keys():  # a field of another base
        refuse_name(cls.__name__, name)
    if not cls.model_config.get("frozen"):
        raise RecordError(f"{cls.__name__} is not frozen; remove frozen=False")
    engines = next(base for base in cls.__mro__ if _is_of_engine(base))
    if cls.model_config.get("extra") != getattr(engines, "model_config", {}).get("extra"):
        raise RecordError(
            f"{cls.__name__} takes unknown fields, so a misspelled one would go unseen; remove "
            "extra from its model_config"
        )
    if private := list(cls.__private_attributes__):
        raise RecordError(
            f"{cls.__name__}.{private[0]} is a private attribute, which is neither compared "
            "nor stored; make it a field, or keep it elsewhere"
        )
    if computed := list(cls.model_computed_fields):
        raise RecordError(
            f"{cls.__name__}.{computed[0]} is a computed field, which is written and cannot "
            "be read back; make it a plain property"
        )
    check_upgrades(cls)
    check_defaults(cls)


def check_types(model: type[BaseModel]) -> None:
    """Look up the types that were not defined yet when the class of a record was made.

    Raises:
        RecordError: one of them is still not defined.
    """
    if model.__pydantic_complete__:
        return
    try:
        model.model_rebuild()
        check_defaults(model)
    except NameError as error:
        raise RecordError(
            f"{model.__name__}: the type {error.name!r} of a field is not defined; define it, or "
            "import it in the module of the class"
        ) from error


def cached_properties(model: type[BaseModel]) -> list[str]:
    """Names of a model's cached properties, which keep values in the instance."""
    return [
        name
        for base in model.__mro__
        for name, value in vars(base).items()
        if isinstance(value, cached_property)
    ]


def _is_of_engine(kind: type) -> bool:
    return kind.__module__.rpartition(".")[0] == __package__


def _check_names(cls: type[Record]) -> None:
    annotated = inspect.get_annotations(cls)
    for name in annotated:
        if not name.startswith("_") and hasattr(BaseModel, name):
            refuse_name(cls.__name__, name)
    for name in _reserved(cls) - MEANT_TO_BE_SET:
        definer = next(base for base in cls.__mro__ if name in vars(base))
        is_given = definer is cls or not issubclass(definer, Record)  # by a mixin
        # A command may compute its id in another way.
        if name in annotated or (is_given and not isinstance(vars(definer)[name], property)):
            refuse_name(cls.__name__, name)


def _reserved(cls: type[Record]) -> set[str]:
    """What the engine's own bases of a record define, other than fields."""
    return {name for base in cls.__mro__ if base is not cls for name in _defined(base)}


def _defined(base: type) -> frozenset[str]:
    return _defined_by_engine(base) if _is_of_engine(base) else frozenset()


@cache
def _defined_by_engine(base: type) -> frozenset[str]:
    if not issubclass(base, Record):
        return frozenset()
    return frozenset(WHY.keys() & vars(base).keys() - base.model_fields.keys())
