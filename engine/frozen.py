"""Frozen containers: lists, dicts and sets that refuse changes.

A frozen model protects its fields, and not the list in one of them. So every list, dict or set in
a record is replaced by a subclass that equals it, is dumped like it, and raises
:class:`~relink.engine.errors.MutationError` when something tries to change it.
"""

import dataclasses
import types
import typing
from collections.abc import Hashable, Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from pydantic import BaseModel

from .errors import MutationError

M = TypeVar("M", bound=BaseModel)


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    kind = type(self).__mro__[1].__name__
    raise MutationError(
        f"a {kind} in facts, an event or a command cannot be changed; make a new {kind}, and let "
        "an effect return it in an Assign"
    )


class FrozenList(list[Any]):
    """A list that refuses changes. ``copy()`` gives one that does not."""

    __slots__ = ()
    append = extend = insert = pop = remove = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by means of a plain list."""
        return type(self), (list(self),)


class FrozenDict(dict[Any, Any]):
    """A dict that refuses changes. ``copy()`` gives one that does not."""

    __slots__ = ()
    pop = popitem = clear = update = setdefault = _refuse
    __setitem__ = __delitem__ = __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by means of a plain dict."""
        return type(self), (dict(self),)


class FrozenSet(set[Any]):
    """A set that refuses changes. ``copy()`` gives one that does not."""

    __slots__ = ()
    add = remove = discard = pop = clear = update = _refuse
    intersection_update = difference_update = symmetric_difference_update = _refuse
    __ior__ = __iand__ = __isub__ = __ixor__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by means of a plain set."""
        return type(self), (set(self),)

    def copy(self) -> set[Any]:
        """A plain set."""
        return set(self)


FROZEN = (FrozenDict, FrozenList, FrozenSet)
"""The types of containers that need no freezing."""


_ATOMS = {int, str, float, bool, type(None)}


def frozen(value: Any) -> Any:
    """The value with every list, dict and set in it frozen; itself when there is none."""
    kind = type(value)
    if kind is list:
        return FrozenList(value if _ATOMS.issuperset(map(type, value)) else map(frozen, value))
    if kind is dict:
        if _ATOMS.issuperset(map(type, value.values())):
            return FrozenDict(value)
        return FrozenDict((key, frozen(held)) for key, held in value.items())
    if kind is set:
        return FrozenSet(value)
    if kind is tuple:
        made = tuple(map(frozen, value))
        return made if any(new is not old for new, old in zip(made, value, strict=True)) else value
    # A record froze its own fields when it was made.
    if isinstance(value, BaseModel) and not hasattr(kind, "_containers"):
        freeze_fields(value)
    return value


def freeze_fields(model: M) -> M:
    """Freeze the containers in the fields of a model, in place."""
    fields = model.__dict__
    # Facts know which: 10 of the 50 fields of an account, whose first facts take half the work so.
    for name in getattr(type(model), "_containers", None) or fields:
        value = fields[name]
        if (made := frozen(value)) is not value:
            fields[name] = made
    return model


@cache
def _scan(annotation: Hashable) -> tuple[bool, str | None]:
    return _scanned(annotation, set())


def may_hold_container(annotation: Any) -> bool:
    """Whether values of this type can hold a list, dict or set that has to be frozen."""
    return _scan(annotation)[0] if isinstance(annotation, Hashable) else True


def mutable_part(annotation: Any) -> str | None:
    """What in values of this type could be changed all the same, for people; None if nothing.

    What cannot be known, such as ``Any``, is left to the checks of :attr:`Table.checked`.
    """
    return _scan(annotation)[1] if isinstance(annotation, Hashable) else None


@cache
def changeable_fields(model: type[BaseModel]) -> frozenset[str]:
    """The fields of a model that can hold something that could be changed in place."""
    scans = {name: info.annotation for name, info in model.model_fields.items()}
    return frozenset(
        name
        for name, annotation in scans.items()
        if not isinstance(annotation, Hashable) or _scan(annotation) != (False, None)
    )


def _scanned(annotation: Any, seen: set[Any]) -> tuple[bool, str | None]:
    if annotation is Ellipsis or annotation in seen:
        return False, None
    if annotation in (Any, tuple):  # A class, since Python 3.11; and a tuple of anything.
        return True, None
    seen.add(annotation)
    if alias := getattr(annotation, "__value__", None):  # type X = …
        return _scanned(alias, seen)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return False, None
    if origin is Annotated:
        return _scanned(arguments[0], seen)
    if origin is not None and not isinstance(annotation, type):
        parts = [_scanned(part, seen) for part in arguments if isinstance(part, Hashable)]
        own = _of_class(origin, seen) if isinstance(origin, type) else (False, None)
        return _joined([own, *parts])
    if isinstance(annotation, type):
        # list[int] counts as a type in Python 3.11.
        parts = [_scanned(part, seen) for part in arguments]
        return _joined([_of_class(origin or annotation, seen), *parts])
    return True, None


def _joined(parts: list[tuple[bool, str | None]]) -> tuple[bool, str | None]:
    return any(holds for holds, _ in parts), next((what for _, what in parts if what), None)


_UNIONS = (types.UnionType, typing.Union)
_CHANGEABLE = ("bytearray", "deque", "defaultdict", "OrderedDict", "Counter", "array")


def _of_class(kind: type, seen: set[Any]) -> tuple[bool, str | None]:
    if kind in _UNIONS or issubclass(kind, (Enum, tuple, frozenset, str, bytes)):
        return False, None
    if kind.__name__ in _CHANGEABLE:
        return False, f"{kind.__name__}, which can be changed; use list, dict, tuple or bytes"
    if issubclass(kind, BaseModel):
        if not kind.model_config.get("frozen"):
            return True, f"{kind.__name__}, a model that is not frozen; set frozen=True in it"
        parts = [_scanned(info.annotation, seen) for info in kind.model_fields.values()]
        return _joined(parts)
    if dataclasses.is_dataclass(kind):
        settings: Any = getattr(kind, "__dataclass_params__", None)
        if settings is not None and not settings.frozen:
            return True, f"{kind.__name__}, a dataclass that is not frozen; set frozen=True in it"
        return True, None
    holds = kind is object or issubclass(kind, (list, dict, set, Mapping)) or _is_abstract(kind)
    return holds, None


def _is_abstract(kind: type) -> bool:
    """Whether it is one of ``collections.abc``, such as ``Sequence``."""
    return kind.__module__ == "collections.abc"
