"""Identity: a record as text that is the same in every process."""

import json
from typing import Any

from pydantic import BaseModel, TypeAdapter

_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def identity_of(record: BaseModel) -> str:
    """The fields of a record as JSON. Sets are sorted: they have no order of their own."""
    if not _holds_set(record):
        return record.model_dump_json()
    return _ANY.dump_json(_sorted(record.model_dump())).decode()


def _holds_set(value: Any) -> bool:
    if isinstance(value, BaseModel):
        return any(map(_holds_set, value.__dict__.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_set, value))
    if isinstance(value, dict):
        return any(map(_holds_set, value.values()))
    return isinstance(value, (set, frozenset))


def _sorted(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted((_ANY.dump_python(each, mode="json") for each in value), key=json.dumps)
    if isinstance(value, dict):
        return {key: _sorted(held) for key, held in value.items()}
    return [_sorted(each) for each in value] if isinstance(value, (list, tuple)) else value
