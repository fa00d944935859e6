"""Identity: a record as text that is the same in every process."""

import json
import types
import typing
from enum import Enum
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

# As in a record: bytes need not be UTF-8, and infinite numbers are not null.
_ANY: TypeAdapter[Any] = TypeAdapter(
    Any,
    config=ConfigDict(ser_json_bytes="base64", ser_json_inf_nan="strings", defer_build=True),
)


def identity_of(record: BaseModel) -> str:
    """The fields of a record as JSON. Sets are sorted: they have no order of their own."""
    if not _holds_set(record):
        return record.model_dump_json()
    try:
        fields = record.model_dump()
    except TypeError:  # a set of models, of which pydantic makes dicts, and they have no hash
        fields = _fields(record)
    return _ANY.dump_json(_sorted(fields)).decode()


def _fields(model: BaseModel) -> dict[str, Any]:
    kinds = type(model).model_fields
    return {name: held for name, held in model if name not in kinds or not kinds[name].exclude}


def _holds_set(value: Any) -> bool:
    if isinstance(value, BaseModel):
        own = value.__dict__
        return any(_holds_set(own[name]) for name in _suspects(type(value)))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_set, value))
    if isinstance(value, dict):
        return any(map(_holds_set, value.values()))
    return isinstance(value, (set, frozenset))


@cache
def _suspects(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields that may hold a set, as far as their types say; most records have none."""
    fields = model.model_fields.items()
    return tuple(name for name, info in fields if not _is_orderly(info.annotation))


def _is_orderly(annotation: Any) -> bool:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return True
    if origin in (tuple, list, dict, typing.Union, types.UnionType):
        # typing.List has no parts, and may hold anything.
        return bool(parts) and all(part is Ellipsis or _is_orderly(part) for part in parts)
    plain = (str, int, float, bool, Enum, type(None))
    return isinstance(annotation, type) and not parts and issubclass(annotation, plain)


def _sorted(value: Any) -> Any:
    if isinstance(value, BaseModel):
        value = _fields(value)
    if isinstance(value, (set, frozenset)):
        return sorted((_ANY.dump_python(_sorted(x), mode="json") for x in value), key=json.dumps)
    if isinstance(value, dict):
        return {key: _sorted(held) for key, held in value.items()}
    return [_sorted(each) for each in value] if isinstance(value, (list, tuple)) else value
