"""Facts as JSON, without the fields that have their default: those are most of a new machine's."""

from functools import cache
from typing import Any

from .effect import Facts
from .errors import AssignedValueError
from .watch import misfits


def facts_text(facts: Facts) -> str:
    """Facts as JSON, without the fields that have their default.

    Raises:
        AssignedValueError: a value is not one that the type of its field allows, so it could not
            be read back unchanged.
    """
    model = type(facts)
    if _is_constrained(model):
        _refuse_misfits(facts)
    own = facts.__dict__
    defaults = {name for name, default in _defaults(model) if own[name] == default}
    # Within the fields, absent and null mean different things.
    try:
        return facts.model_dump_json(
            by_alias=False, exclude_unset=True, exclude=defaults, warnings="error"
        )
    except ValueError:
        _refuse_misfits(facts)
        raise


def _refuse_misfits(facts: Facts) -> None:
    if wrong := misfits(facts):
        field, fault = wrong[0]
        raise AssignedValueError(
            f"{type(facts).__name__}.{field} cannot be written: {fault}; an effect assigned it "
            "(Table.checked names it)"
        )


@cache
def _is_constrained(model: type[Facts]) -> bool:
    """Whether types alone don't say what a field allows, so that a dump does not notice."""
    rules = model.__pydantic_decorators__
    return bool(
        rules.field_validators
        or rules.model_validators
        or any(info.metadata for info in model.model_fields.values())
    )


@cache
def _defaults(model: type[Facts]) -> tuple[tuple[str, Any], ...]:
    """The fields that have a default, with it."""
    return tuple(
        (name, info.get_default(call_default_factory=True))
        for name, info in model.model_fields.items()
        if not info.is_required()
    )
