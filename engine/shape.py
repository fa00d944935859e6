"""Shapes: what the types of a record's fields say about writing it as JSON.

Most types survive JSON whatever their value: text, numbers, enums, and tuples, dicts and models of
these. Records made of such fields need no check when they are written. Others (unions of several
types, ``Any``, a model that has subclasses) depend on the value.
"""

import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .event import Event


@dataclass(frozen=True, slots=True)
class Shape:
    """What writing the records of a class depends on."""

    events: tuple[str, ...]
    """The fields that can hold events."""
    is_exact: bool
    """Whether every value of the other fields survives."""


def shape_of(kind: type[BaseModel]) -> Shape:
    """The shape of a class of events, commands or facts."""
    fields = {name: info for name, info in kind.model_fields.items() if not info.exclude}
    events = tuple(name for name, info in fields.items() if _holds_event(info.annotation))
    return Shape(
        events,
        not _has_serializers(kind)
        and _are_exact(kind, set(events), frozenset({kind}))
        and all(_is_only_event(fields[name].annotation) for name in events),
    )


def _are_exact(model: type[BaseModel], left_out: set[str], around: frozenset[Any]) -> bool:
    """Whether every value of the fields of a model survives."""
    # Without this setting an infinite number becomes null, which an optional one takes for none.
    keeps_infinity = model.model_config.get("ser_json_inf_nan") == "strings"
    return all(
        _is_exact(info.annotation, around, keeps_infinity)
        and _keeps_values(info.metadata)
        and not info.default_factory_takes_validated_data  # which may give another value
        for name, info in model.model_fields.items()
        if name not in left_out and not info.exclude
    )


def _parts(annotation: Any) -> tuple[Any, ...]:
    return typing.get_args(annotation)


def _holds_event(annotation: Any) -> bool:
    if isinstance(annotation, type) and not _parts(annotation):
        return issubclass(annotation, Event)
    return any(_holds_event(part) for part in _parts(annotation))


def _is_only_event(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Event)


def _has_serializers(kind: type[BaseModel]) -> bool:
    found = kind.__pydantic_decorators__
    return bool(found.field_serializers or found.model_serializers or kind.model_computed_fields)


def _keeps_values(metadata: Iterable[object]) -> bool:
    """Whether it only says which values are allowed. Validators and serializers may change them."""
    return all(
        # Field(ge=1) within a tuple, say.
        _keeps_values(each.metadata)
        if isinstance(each, FieldInfo)
        else type(each).__module__ == "annotated_types"
        for each in metadata
    )


def _is_exact(annotation: Any, around: frozenset[Any], keeps_infinity: bool) -> bool:
    if alias := getattr(annotation, "__value__", None):  # type X = …
        return _is_exact(alias, around, keeps_infinity)
    origin, parts = typing.get_origin(annotation), _parts(annotation)
    if origin is Annotated:
        return _keeps_values(parts[1:]) and _is_exact(parts[0], around, keeps_infinity)
    if not parts and origin in (tuple, list, frozenset, set, dict):
        # typing.List may hold anything.
        return bool(annotation == tuple[()])
    if origin is Literal:
        kinds = {type(part) for part in parts} - {type(None)}
        return len(kinds) == 1 and kinds <= {str, int, bool}  # JSON has no members of an Enum
    if origin in (typing.Union, types.UnionType):
        # One type, or nothing.
        inner = [part for part in parts if part is not type(None)]
        is_kept = keeps_infinity or float not in inner
        return len(inner) == 1 and is_kept and _is_exact(inner[0], around, keeps_infinity)
    if origin in (tuple, list, frozenset, set):
        return all(part is Ellipsis or _is_exact(part, around, keeps_infinity) for part in parts)
    if origin is dict:
        return parts[0] is str and _is_exact(parts[1], around, keeps_infinity)
    if not isinstance(annotation, type):
        return False
    if issubclass(annotation, Enum):
        values = [member.value for member in annotation]
        return len({str(value) for value in values}) == len(values) and {
            type(value) for value in values
        } <= {str, int}
    if issubclass(annotation, tuple) and hasattr(annotation, "_fields"):  # a NamedTuple
        if annotation in around:
            return True
        types_of = typing.get_type_hints(annotation, include_extras=True).values()
        return all(_is_exact(each, around | {annotation}, keeps_infinity) for each in types_of)
    if issubclass(annotation, BaseModel):
        if annotation in around:
            return True
        return (
            not annotation.__subclasses__()
            and not _has_serializers(annotation)
            and annotation.model_config.get("extra") != "allow"
            and _are_exact(annotation, set(), around | {annotation})
        )
    return annotation in (str, int, float, bool, type(None))
