"""Facts as JSON, without the fields that have their default: those are most of a new machine's."""

import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from .effect import Facts
from .errors import AssignedValueError
from .image import difference, image_of
from .shape import shape_of

_CURE = "an effect assigned it (Table.checked names it)"


def facts_text(facts: Facts, before: Facts | None = None) -> str:
    """Facts as JSON, without the fields that have their default.

    A row that nobody can read is a lost machine, so what could not be read is refused.

    Args:
        facts: What to write.
        before: The same machine's facts before, which are known to be readable: what they share is
            not checked again.

    Raises:
        AssignedValueError: a value is not one that the type of its field allows, or JSON would
            change it.
    """
    model, own = type(facts), facts.__dict__
    refuse_misfits(facts, before)
    # Most values are the defaults themselves, and nearly all others differ: no calls for these.
    defaults = {
        name
        for name, default in _defaults(model)
        if own[name] is default or (own[name] == default and _is_same(own[name], default))
    }
    # Within the fields, absent and null mean different things.
    try:
        text = facts.model_dump_json(
            by_alias=False, exclude_unset=True, exclude=defaults, warnings="error"
        )
    except (ValueError, ArithmeticError):
        raise AssignedValueError(_unwritable(facts)) from None
    if not _is_exact(model):
        _read_back(facts, text)
    return text


def refuse_misfits(facts: Facts, before: Facts | None = None) -> None:
    """Refuse facts that hold a value that the type of its field forbids.

    Args: as for :func:`facts_text`.

    Raises:
        AssignedValueError: The message names the field, and quotes no value.
    """
    if wrong := misfits(facts, before):
        field, fault = wrong[0]
        raise AssignedValueError(
            f"{type(facts).__name__}.{field} cannot be written: {fault}; {_CURE}"
        )


def misfits(facts: Facts, before: Facts | None = None) -> list[tuple[str, str]]:
    """The fields whose values their types forbid, each with what is wrong.

    Values that pydantic would convert are among them: what is remembered would not be what is
    read back. Models within the facts are looked at too, since ``model_copy`` checks nothing.

    Args: as for :func:`facts_text`.
    """
    model, given = type(facts), facts.__dict__
    changed = given
    if type(before) is model:
        old = before.__dict__
        changed = {name: value for name, value in given.items() if value is not old[name]}
    if changed is given or _has_rules_of_its_own(model):
        found = list(_misfits_of(facts))
    else:
        found = [(name, fault) for name in changed if (fault := _misfit(model, name, given[name]))]
    for field in _with_models(model) & changed.keys():
        for inner in _models_in(changed[field]):
            found += [(field, f"{name}: {fault}") for name, fault in _misfits_of(inner)]
    return found


def _misfit(model: type[Facts], field: str, value: Any) -> str | None:
    """Why the type of a field forbids a value; None if it allows it."""
    try:
        again = _validator(model, field)(value, strict=True)
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    is_other = again is not value and again != value
    return f"it would become another {type(again).__name__}" if is_other else None


@cache
def _validator(model: type[Facts], field: str) -> Callable[..., Any]:
    info = model.model_fields[field]
    kind: Any = info.annotation
    adapter = TypeAdapter[Any](Annotated[kind, *info.metadata] if info.metadata else kind)
    # Without the adapter's own method, a call in Python that takes longer than the validation.
    return adapter.validator.validate_python


@cache
def _with_models(model: type[BaseModel]) -> frozenset[str]:
    """The fields that can hold models."""
    fields = model.model_fields.items()
    return frozenset(name for name, info in fields if _may_hold_model(info.annotation))


def _may_hold_model(annotation: Any) -> bool:
    """Whether values of this type can be or hold models, as far as can be known."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return False
    if origin is Annotated:
        return _may_hold_model(parts[0])
    if origin in (tuple, list, dict, set, frozenset, typing.Union, types.UnionType):
        return any(part is not Ellipsis and _may_hold_model(part) for part in parts) or not parts
    if not isinstance(annotation, type) or parts:
        return True
    if issubclass(annotation, tuple) and hasattr(annotation, "_fields"):  # a NamedTuple
        return any(map(_may_hold_model, typing.get_type_hints(annotation).values()))
    return not issubclass(annotation, (str, int, float, Decimal, Enum, types.NoneType))


@cache
def _has_rules_of_its_own(model: type[Facts]) -> bool:
    """Whether it has validators, which see more than one field."""
    rules = model.__pydantic_decorators__
    return bool(rules.field_validators or rules.model_validators)


def _misfits_of(model: BaseModel) -> Iterator[tuple[str, str]]:
    given = dict(model.__dict__)
    try:
        again = type(model).__pydantic_validator__.validate_python(
            given, strict=True, by_alias=False, by_name=True
        )
    except ValidationError as error:
        for fault in error.errors():
            yield str(fault["loc"][0]) if fault["loc"] else "", fault["msg"]
        return
    for field, new in again.__dict__.items():
        if new is not given[field] and new != given[field]:
            yield field, f"it would become another {type(new).__name__}"


def _models_in(value: Any) -> Iterator[BaseModel]:
    if isinstance(value, BaseModel):
        yield value
        for name in _with_models(type(value)):
            yield from _models_in(value.__dict__[name])
    elif isinstance(value, Mapping):
        for held in value.values():
            yield from _models_in(held)
    elif isinstance(value, (Sequence, Set)) and not isinstance(value, (str, bytes, bytearray)):
        for held in value:
            yield from _models_in(held)


def _read_back(facts: Facts, text: str) -> None:
    """Read it, where the types of the fields do not already guarantee the result."""
    model = type(facts)
    try:
        again = model.model_validate_json(text, by_alias=False, by_name=True)
    except ValidationError:
        raise AssignedValueError(_unwritable(facts)) from None
    for name, old in facts.__dict__.items():
        place = difference(image_of(old), image_of(again.__dict__[name]), name)
        if place is not None:
            # Not the value itself, which may be a secret.
            raise AssignedValueError(
                f"{model.__name__} cannot be written as JSON and read back unchanged: {place} "
                "would be another value; give the field a type that JSON can hold"
            )


def _unwritable(facts: Facts) -> str:
    for field in type(facts).model_fields:
        try:
            facts.model_dump_json(by_alias=False, include={field}, warnings="error")
        except (ValueError, ArithmeticError):
            return f"{type(facts).__name__}.{field} cannot be written as JSON; {_CURE}"
    return f"{type(facts).__name__} cannot be written as JSON; {_CURE}"


def _is_same(value: Any, default: Any) -> bool:
    """Whether the default is read in place of its equal: 0.0 is not -0.0."""
    if isinstance(default, (float, Decimal)):
        return type(value) is type(default) and str(value) == str(default)
    return True


@cache
def _is_exact(model: type[Facts]) -> bool:
    return shape_of(model).is_exact


@cache
def _defaults(model: type[Facts]) -> tuple[tuple[str, Any], ...]:
    """The fields that have a default of their own, with it."""
    return tuple(
        (name, info.get_default(call_default_factory=True))
        for name, info in model.model_fields.items()
        if not (info.is_required() or info.default_factory_takes_validated_data)
    )
