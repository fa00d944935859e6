"""Images: what a value looks like now, to be compared with what it looks like later.

An image holds no reference to anything that can change, so a change in place shows as a
difference, and the difference has a place, such as ``facts.items[2]``.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from pydantic import BaseModel

from .frozen import changeable_fields

_ATOMS = (str, bytes, int, float, complex, type(None), Enum, type, FunctionType, ModuleType)
_VALUES = {"uuid", "ipaddress", "pathlib", "fractions"}
"""Modules of immutable values. What they hold beside, such as caches, does not tell them apart."""


class Image(NamedTuple):
    """The type of a value, and its parts by their places within it; a value without parts alone."""

    kind: type
    atom: Any
    parts: tuple[tuple[str, "Image"], ...] = ()


def image_of(value: Any, seen: set[int] | None = None) -> Image:
    """The image of a value.

    Args:
        value: What to look at.
        seen: Ids of the objects that the image already has, so that each is looked at once.
    """
    kind = type(value)
    seen = set() if seen is None else seen
    if isinstance(value, _ATOMS) or kind.__module__.partition(".")[0] in _VALUES:
        return Image(kind, value)
    if id(value) in seen:
        return Image(kind, None)
    seen.add(id(value))
    if isinstance(value, Set):
        return Image(kind, frozenset(value))
    parts = _of_model(value, seen) if isinstance(value, BaseModel) else _of_parts(value, seen)
    if isinstance(value, (bytearray, memoryview)):
        return Image(kind, bytes(value))
    return Image(kind, None if parts or _is_container(value) else value, parts)


def difference(old: Image, new: Image, place: str) -> str | None:
    """The first place where two images differ; None when they are the same."""
    if old is new or old == new:
        # Equal, and True is not 1 for nothing: the types are part of an image.
        return None
    if old.kind is not new.kind or len(old.parts) != len(new.parts):
        return place
    for (name, before), (other, after) in zip(old.parts, new.parts, strict=True):
        if name != other:
            return place
        if (found := difference(before, after, place + name)) is not None:
            return found
    # NaN differs from itself.
    is_same = old.atom is new.atom or (old.atom != old.atom and new.atom != new.atom)
    return None if is_same or old.parts else place


def can_change(value: Any) -> bool:
    """Whether a value could be changed in place, as far as its type says."""
    if isinstance(value, (tuple, frozenset)):
        return any(map(can_change, value))
    return not isinstance(value, _ATOMS)


def _is_container(value: Any) -> bool:
    return isinstance(value, (BaseModel, Mapping, Sequence)) or dataclasses.is_dataclass(value)


def _of_model(model: BaseModel, seen: set[int]) -> tuple[tuple[str, Image], ...]:
    changeable = changeable_fields(type(model))
    parts = [
        # What cannot change in place can only have been replaced, by going past pydantic.
        (f".{name}", image_of(held, seen) if name in changeable else Image(type(held), held))
        for name, held in model.__dict__.items()
    ]
    parts += [
        (f".{name}", image_of(held, seen)) for name, held in (model.model_extra or {}).items()
    ]
    given = frozenset(model.model_fields_set)
    return (*parts, (".model_fields_set", Image(frozenset, given)))


def _of_parts(value: Any, seen: set[int]) -> tuple[tuple[str, Image], ...]:
    return tuple((place, image_of(part, seen)) for place, part in _parts(value))


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, held in value.items():
            yield f"[{key!r}]", held
    elif isinstance(value, (bytearray, memoryview)):
        pass
    elif isinstance(value, Sequence):
        for number, held in enumerate(value):
            yield f"[{number}]", held
    else:
        for name in _slots(value):
            yield f".{name}", getattr(value, name)
        for name, held in getattr(value, "__dict__", {}).items():
            yield f".{name}", held


def _slots(value: Any) -> Iterator[str]:
    for base in type(value).__mro__:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                yield name
