"""Defaults: those of a record's fields are values of their types, and always the same.

Pydantic does not validate defaults, and records are stored without the fields that were never
set. So a default of another type would reach guards as it is, and one that reads the clock would
be another value when it is read back. Both are found once, when the class is made.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from .arguments import shown
from .errors import RecordError
from .outside import Outside


def check_defaults(model: type[BaseModel]) -> None:
    """Refuse defaults that a field could not be given, or that differ from call to call.

    Raises:
        RecordError: the message names the fields, the rule and the cure.
    """
    if not model.__pydantic_complete__:
        return  # a type is not defined yet; the compiler looks again
    faults = [*_changing(model), *_misfits(model)]
    if faults:
        raise RecordError("\n  ".join([f"{model.__name__}:", *faults]) if faults[1:] else faults[0])


def _changing(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        factory: Any = info.default_factory
        if factory is None or info.default_factory_takes_validated_data:
            continue
        outside = Outside()
        try:
            with outside:
                first = factory()
            is_same = outside.found is None and first == factory()
        except Exception:
            continue  # it shows when a record is made
        if not is_same:
            yield (
                f"{model.__name__}.{name}: its default_factory gives another value each time, and "
                "a field that is not set is not stored; give a fixed default, or let the event "
                "carry the value"
            )


def _misfits(model: type[BaseModel]) -> Iterator[str]:
    given = {
        name: info.default
        for name, info in model.model_fields.items()
        if not info.is_required()
        and info.default_factory is None
        and not _is_validated(model, info)
    }
    # One strict look at all of them, which nearly always finds nothing.
    doubtful = _refused(model, given)
    for name in given:
        if name in doubtful and (rule := _misfit(model.model_fields[name])):
            yield (
                f"{model.__name__}.{name}: its default {shown(given[name])} is not a value of its "
                f"type: {rule}; give one that is, or allow it in the type"
            )


def _is_validated(model: type[BaseModel], info: FieldInfo) -> bool:
    own = info.validate_default
    return bool(model.model_config.get("validate_default") if own is None else own)


def _refused(model: type[BaseModel], given: dict[str, Any]) -> set[str]:
    if not given:
        return set()
    try:
        model.__pydantic_validator__.validate_python(
            given, strict=True, by_alias=False, by_name=True
        )
    except ValidationError as error:
        faults = error.errors()
        # Some releases of pydantic name the field, others its alias.
        first = {str(fault["loc"][0]) for fault in faults if fault["loc"]}
        return {
            name
            for name, info in model.model_fields.items()
            if name in first or info.validation_alias in first
        }
    except Exception:
        return set()  # a validator of the record's own fails: it shows when a record is made
    return set()


def _misfit(info: FieldInfo) -> str:
    """What is wrong with a default; empty if it equals what pydantic makes of it."""
    inner: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    try:
        made = TypeAdapter(inner).validate_python(info.default)
    except ValidationError as error:
        (fault, *_) = error.errors()
        return fault["msg"].replace("Input should", "it should")
    except Exception:
        return ""
    return "" if made == info.default else f"given as a value, it becomes {shown(made)}"
