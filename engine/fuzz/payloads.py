"""Payloads: random events, made from their pydantic fields.

The strategies read types, bounds, literals and nested models. They differ from uniformly random
values in two ways: numbers and strings come from few values, so that ids and times coincide, and
fields with a default are set or *left out*, since a model can tell which (``model_fields_set``).
"""

import types
import typing
from collections import deque
from collections.abc import (
    Collection,
    Hashable,
    Iterable,
    Mapping,
    MutableSequence,
    Sequence,
    Set,
)
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NewType, TypeVar

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from pydantic import BaseModel, Json, RootModel, ValidationError
from pydantic.fields import FieldInfo

from ..arguments import explained, shown_type
from ..effect import Command, Facts
from ..event import Event
from ..given import ChartOrTable, as_alphabet, as_event
from .no_payload import NeverAcceptedError, NoPayloadError
from .scalars import Bounds
from .schemas import accepted, is_recursive, of_type, sizes
from .values import NO_VALUES, Values, check_strategies

B = TypeVar("B", bound=BaseModel)
P = TypeVar("P", bound=Event | Command)

_OWN_RULES = ("value_error", "assertion_error", "string_pattern_mismatch")
"""Errors of a model's own validators, and of patterns, which pydantic reads differently."""
_ANYTHING = (Any, object, BaseModel, Event, Facts, Command)
_JSON: Any = Json
_LISTS = (list, deque, Sequence, MutableSequence, Iterable, Collection)


@explained
def payloads(kind: type[P], values: Values = NO_VALUES) -> st.SearchStrategy[P]:
    """Events or commands of one class.

    Args:
        kind: The class.
        values: Strategies for fields whose types say too little.

    Raises:
        ArgumentError: it is the class of neither, or a value is no strategy.
        NoPayloadError: the type of a field says too little, such as ``Any`` or ``Event``.
    """
    if not (isinstance(kind, type) and issubclass(kind, Command)):
        as_event(kind, "payloads")
    check_strategies("payloads", values)
    return instances(kind, values)


@explained
def events(
    known: ChartOrTable | Iterable[type[Event]], values: Values = NO_VALUES
) -> st.SearchStrategy[Event]:
    """Events of any class of a chart's alphabet, or of the given classes.

    Raises:
        ArgumentError: something is no chart, table, or class of an event.
        NoPayloadError: as in :func:`payloads`.
    """
    return st.one_of([payloads(event, values) for event in as_alphabet(known, "events")])


@explained
def histories(
    known: ChartOrTable | Iterable[type[Event]],
    values: Values = NO_VALUES,
    *,
    min_size: int = 0,
    max_size: int = 20,
) -> st.SearchStrategy[list[Event]]:
    """Lists of ``min_size`` to ``max_size`` events.

    Raises:
        NoPayloadError: as in :func:`payloads`.
    """
    return st.lists(events(known, values), min_size=min_size, max_size=max_size)


def instances(
    model: type[B], values: Values = NO_VALUES, *, defaults: bool = False
) -> st.SearchStrategy[B]:
    """Instances of any pydantic model, such as a chart's facts.

    Args:
        model: The class.
        values: Strategies for fields whose types say too little.
        defaults: Leave out every field that has a default.

    Raises:
        NoPayloadError: as in :func:`payloads`.
    """
    return _Maker(values).model(model, defaults=defaults)


@dataclass(slots=True)
class _Maker:
    """Derives strategies, one for each model, so that a model may contain itself."""

    values: Values
    models: dict[type[BaseModel], st.SearchStrategy[Any]] = field(default_factory=dict)

    def model(self, model: type[B], *, defaults: bool = False) -> st.SearchStrategy[B]:
        if model not in self.models:
            self.models[model] = st.deferred(lambda: made)
            made = self._model(model, defaults)
        return self.models[model]

    def _model(self, model: type[B], defaults: bool) -> st.SearchStrategy[B]:
        required: list[tuple[str, st.SearchStrategy[Any]]] = []
        optional: list[tuple[str, st.SearchStrategy[Any]]] = []
        for name, info in model.model_fields.items():
            if defaults and not info.is_required():
                continue
            strategy = self._field(model, name, info)
            if info.is_required():
                required.append((name, strategy))
            elif strategy is not st.nothing():
                optional.append((name, strategy))

        given_or_not = st.booleans()
        is_root = issubclass(model, RootModel)

        @st.composite
        def made(draw: st.DrawFn) -> B | None:
            given: dict[str, Any] = {}
            try:
                for name, strategy in required:
                    given[name] = draw(strategy)
                # Hypothesis shrinks to False, which leaves out a field without influence.
                for name, strategy in optional:
                    if draw(given_or_not):
                        given[name] = draw(strategy)
            except (NeverAcceptedError, InvalidArgument) as error:
                if isinstance(error, NeverAcceptedError):
                    why = error.rule
                else:
                    takes = shown_type(model.model_fields[name].annotation)
                    why = f"no {takes} lies within its bounds ({error})"
                place = f"{model.__name__}.{name}"
                raise NoPayloadError(
                    f"no payload for {place}: {why}; {_cure(model, name)}"
                ) from None
            if is_root and not given:
                return model()
            return _built(model, given["root"] if is_root else given)

        return typing.cast(
            st.SearchStrategy[B],
            accepted(
                made(), lambda built: built is not None, f"the validators of {model.__name__}"
            ),
        )

    def _field(self, model: type[BaseModel], name: str, info: FieldInfo) -> st.SearchStrategy[Any]:
        for key in (f"{model.__name__}.{name}", name):
            if key in self.values:
                return self.values[key]
        try:
            return self._type(info.annotation, tuple(info.metadata))
        except NoPayloadError as error:
            raise NoPayloadError(
                f"no payload for {model.__name__}.{name}: {error}; {_cure(model, name)}"
            ) from None

    def _type(self, annotation: Any, metadata: tuple[object, ...] = ()) -> st.SearchStrategy[Any]:
        """Values of an annotation, within the bounds in its metadata."""
        if isinstance(annotation, Hashable) and annotation in self.values:
            return self.values[annotation]
        if alias := getattr(annotation, "__value__", None):  # type X = …
            if is_recursive(alias):
                return of_type(annotation, metadata, self.model)
            return self._type(alias, metadata)
        if isinstance(annotation, NewType):
            return self._type(annotation.__supertype__, metadata)
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            return self._type(arguments[0], (*arguments[1:], *metadata))
        if any(item is _JSON or isinstance(item, _JSON) for item in metadata):
            return of_type(annotation, metadata, self.model)
        if origin in (typing.Union, types.UnionType):
            # None first: Hypothesis shrinks to the first.
            nones = [one for one in arguments if one is type(None)]
            others = [one for one in arguments if one is not type(None)]
            found = [self._type(one, metadata) for one in others]
            return st.one_of([*(st.none() for _ in nones), *found])
        if origin is not Literal and arguments:
            made = self._container(origin, arguments, Bounds.of(metadata))
            if made is not None:
                return made
        if annotation in _ANYTHING:
            raise NoPayloadError(f"the type {annotation.__name__} allows anything")
        if isinstance(annotation, type) and origin is None and issubclass(annotation, BaseModel):
            return self.model(annotation)
        return of_type(annotation, metadata, self.model)

    def _container(
        self, origin: Any, arguments: tuple[Any, ...], bounds: Bounds
    ) -> st.SearchStrategy[Any] | None:
        if not isinstance(origin, type) or not issubclass(origin, Iterable):
            return None
        if hasattr(origin, "_fields") or hasattr(origin, "__required_keys__"):
            return None  # a generic NamedTuple or TypedDict
        size = sizes(bounds)
        if issubclass(origin, tuple):
            if arguments[-1] is not Ellipsis:
                return st.tuples(*map(self._type, arguments))
            return st.lists(self._type(arguments[0]), **size).map(tuple)
        if issubclass(origin, Set):
            made = st.frozensets(self._type(arguments[0]), **size)
            return made.map(set) if origin is set else made
        if issubclass(origin, Mapping):
            # A Counter has counts for values.
            held = self._type(arguments[1]) if len(arguments) == 2 else st.integers(1, 9)
            return st.dictionaries(self._type(arguments[0]), held, **size)
        return st.lists(self._type(arguments[0]), **size) if origin in _LISTS else None


def _cure(model: type[BaseModel], name: str) -> str:
    return f"give a strategy with values={{'{model.__name__}.{name}': …}}"


def _built(model: type[B], given: Any) -> B | None:
    """The model, or None when one of its own validators rejects the combination."""
    try:
        return model.model_validate(given, by_alias=False, by_name=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["type"] not in _OWN_RULES:
                raise NoPayloadError(_rejected(model, detail)) from None
        return None


def _rejected(model: type[BaseModel], detail: Any) -> str:
    """What pydantic says of a generated value, with the field to give a strategy for."""
    first = detail["loc"][0] if detail["loc"] else ""
    fields = model.model_fields.items()
    field = next((name for name, info in fields if first in (name, info.validation_alias)), None)
    says = f"rejected the generated value {detail['input']!r}: {detail['msg']}"
    if field is None:
        return f"{model.__name__} {says}; give strategies with values={{…}}"
    inside = "".join(f"[{part!r}]" for part in detail["loc"][1:])
    takes = shown_type(model.model_fields[field].annotation)
    what = f", which takes {takes}, in {inside}" if inside else ""
    return f"{model.__name__}.{field}{what} {says}; {_cure(model, field)}"
