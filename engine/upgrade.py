"""Upgrades: how this release reads the fields that earlier releases stored.

A record says what became of fields that it does not have any more::

    class Payment(Facts):
        id: str
        cents: int = 0
        payer: str = ""

        upgrades = (
            renamed("sum", to="amount"),
            upcast("amount", into="cents", by=lambda amount: {"cents": round(amount * 100)}),
            upcast("first", "last", into="payer", by=joined),
            removed("note"),
        )

They are applied in order, to JSON, before it is validated. So the oldest stand first, and
each starts from the result of the one before. Nothing is stored beside the fields that says
which release wrote them: a former field is recognized by its name. Therefore no name is used
twice. A field that changes its meaning gets another name, and so does one whose default changes,
because a default is left out of what is stored.

Models inside of records can have ``upgrades: ClassVar = (…)`` too.
"""

import types
import typing
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, final

from pydantic import BaseModel, ConfigDict, TypeAdapter

from .arguments import explained, several
from .errors import RecordError, UpgradeError

Fields = Mapping[str, Any]
"""Fields as JSON, by name."""

Upcast = Callable[..., Fields]
"""Takes the former fields that are stored, by name, as JSON. Returns the fields made of them."""


_ANY: TypeAdapter[Any] = TypeAdapter(Any, config=ConfigDict(defer_build=True))


@final
@dataclass(frozen=True, slots=True)
class Upgrade:
    """What became of former fields; made by :func:`renamed`, :func:`removed`, :func:`upcast`."""

    former: tuple[str, ...]
    into: tuple[str, ...]
    by: Upcast | None = None

    def __str__(self) -> str:
        """How it is declared: ``renamed('sum', to='amount')``."""
        old, new = ", ".join(map(repr, self.former)), ", ".join(map(repr, self.into))
        if self.by is not None:
            return f"upcast({old}, into={new})"
        return f"renamed({old}, to={new})" if self.into else f"removed({old})"


@explained
def renamed(field: str, *, to: str) -> Upgrade:
    """Declare that a field has another name now.

    Args:
        field: Its former name.
        to: Its name today, or the former name in a later upgrade.
    """
    return Upgrade((field,), (to,))


@explained
def removed(*fields: str) -> Upgrade:
    """Declare that fields are gone. Their stored values are dropped.

    Args:
        fields: Their former names.
    """
    return Upgrade(fields, ())


@explained
def upcast(*fields: str, into: str | tuple[str, ...], by: Upcast) -> Upgrade:
    """Declare that fields are made of former ones.

    Args:
        fields: The former names.
        into: The fields that are made of them, or former names in later upgrades.
        by: A pure function. It gets the former fields by name, as JSON, and returns new ones by
            name. It is called where at least one of them is stored, with those that are: one that
            had its default is absent, so the parameter needs the same default.
    """
    return Upgrade(fields, (into,) if isinstance(into, str) else into, by)


@cache
def upgrades_of(model: type[BaseModel]) -> tuple[Upgrade, ...]:
    """What a model and its bases declare, the bases first."""
    declared = (vars(base).get("upgrades", ()) for base in reversed(model.__mro__))
    return tuple(each for some in declared for each in several(some))


def check_upgrades(model: type[BaseModel]) -> None:
    """Refuse upgrades that could not be told apart from what is stored today.

    Raises:
        RecordError: The message names the class, the upgrade and the rule.
    """
    declared = upgrades_of(model)
    if odd := next((each for each in declared if not isinstance(each, Upgrade)), None):
        raise RecordError(
            f"{model.__name__}.upgrades contains {odd!r}; it takes renamed(…), removed(…) and "
            "upcast(…)"
        )
    seen: set[str] = set()
    for number, each in enumerate(declared):
        where = f"{model.__name__}.upgrades: {each}"
        for name in each.former:
            if name in model.model_fields:
                raise RecordError(
                    f"{where}: {name!r} is a field today, so what an earlier release stored as "
                    "such cannot be told apart; give today's field another name"
                )
            if name in seen:
                raise RecordError(f"{where}: an earlier upgrade takes {name!r}; remove one of them")
        seen.update(each.former)
        later = {name for other in declared[number + 1 :] for name in other.former}
        if lost := [name for name in each.into if name not in model.model_fields.keys() | later]:
            raise RecordError(
                f"{where}: {lost[0]!r} is neither a field nor taken by a later upgrade; correct "
                "the name, or put the upgrades in the order of the releases, the oldest first"
            )


def upgraded(model: type[BaseModel], fields: Fields) -> Fields:
    """Stored fields in the form of this release; themselves where nothing changed.

    Args:
        model: The class that they are fields of.
        fields: As JSON.

    Raises:
        UpgradeError: A function of an upcast failed.
    """
    if not has_upgrades(model):
        return fields
    current = _own(model, fields)
    within = {name: walk(current[name]) for name, walk in _walks(model) if name in current}
    return {**current, **within} if within else current


def successors(model: type[BaseModel], fields: Iterable[str]) -> set[str]:
    """The fields that upgrades make of these, directly or by way of others."""
    known = set(fields)
    found: set[str] = set()
    for each in upgrades_of(model):
        if not (known | found).isdisjoint(each.former):
            found.update(each.into)
    return found


def has_upgrades(annotation: Any) -> bool:
    """Whether an upgrade is declared in a model, or in one within it."""
    return isinstance(annotation, Hashable) and _has_upgrades(annotation)


def _own(model: type[BaseModel], fields: Fields) -> Fields:
    declared = upgrades_of(model)
    if not any(name in fields for each in declared for name in each.former):
        return fields
    current = dict(fields)
    for each in declared:
        found = {name: current.pop(name) for name in each.former if name in current}
        if not found:
            continue
        made = _made(model, each, found)
        # A field that is stored in a newer form too was changed since.
        current = {**made, **current}
    return current


def _made(model: type[BaseModel], upgrade: Upgrade, found: Fields) -> Fields:
    if upgrade.by is None:
        return dict(zip(upgrade.into, found.values(), strict=False))
    where = f"{model.__name__}.upgrades: {upgrade}"
    try:
        made: dict[str, Any] = _ANY.dump_python(upgrade.by(**found), mode="json")
    except Exception as error:
        # Not the error's text, which may quote a value.
        raise UpgradeError(
            f"{where} failed with {type(error).__name__} on stored fields; correct its function"
        ) from error
    if not isinstance(made, dict) or not made.keys() <= set(upgrade.into):
        raise UpgradeError(f"{where} made something else than its fields; correct its function")
    return made


# -- Models within models ---------------------------------------------------------------------

_Walk = Callable[[Any], Any]
"""Upgrades a stored value."""


@cache
def _walks(model: type[BaseModel]) -> tuple[tuple[str, _Walk], ...]:
    """The fields that can hold models with upgrades, with the way into them."""
    walks = ((name, _walk_of(info.annotation)) for name, info in model.model_fields.items())
    return tuple((name, walk) for name, walk in walks if walk is not None)


@cache
def _has_upgrades(annotation: Hashable) -> bool:
    return _declares(annotation, set())


def _declares(annotation: Any, seen: set[Any]) -> bool:
    if not isinstance(annotation, Hashable) or annotation in seen:
        return False
    seen.add(annotation)
    parts = [getattr(annotation, "__value__", None), *typing.get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if upgrades_of(annotation):
            check_upgrades(annotation)
            return True
        parts = [info.annotation for info in annotation.model_fields.values()]
    return any(_declares(part, seen) for part in parts)


def _walk_of(annotation: Any) -> _Walk | None:
    """How to upgrade the values of this type; None where there is nothing to do."""
    if not has_upgrades(annotation):
        return None
    if alias := getattr(annotation, "__value__", None):  # type X = …
        return _walk_of(alias)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _walk_of(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return _one_of(annotation, arguments)
    if origin is None:
        model: type[BaseModel] = annotation
        return lambda value: upgraded(model, value) if isinstance(value, dict) else value
    walks = [_walk_of(argument) for argument in arguments]
    if origin is tuple and Ellipsis not in arguments:
        return lambda value: _of_places(walks, value)
    within = walks[-1] or walks[0]
    assert within is not None
    if issubclass(origin, Mapping):
        return lambda value: _of_values(within, value)
    return lambda value: [within(each) for each in value] if isinstance(value, list) else value


def _of_places(walks: list[_Walk | None], value: Any) -> Any:
    if not isinstance(value, list) or len(value) != len(walks):
        return value
    return [walk(each) if walk else each for walk, each in zip(walks, value, strict=True)]


def _of_values(walk: _Walk, value: Any) -> Any:
    return {k: walk(v) for k, v in value.items()} if isinstance(value, dict) else value


def _one_of(annotation: Any, members: tuple[Any, ...]) -> _Walk:
    """The way into a union of one model and values that are no JSON objects, such as None."""
    models = [each for each in members if isinstance(each, type) and issubclass(each, BaseModel)]
    walks = [walk for each in members if (walk := _walk_of(each)) is not None]
    if len(walks) > 1 or len(models) > 1:
        raise RecordError(
            f"{annotation} has several models, one of them with upgrades, and a stored value does "
            "not say which it is; put the upgrade into the record that has the field"
        )
    return walks[0]
