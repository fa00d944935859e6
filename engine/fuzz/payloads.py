"""Payloads: random events, made from their pydantic fields.

The strategies read types, bounds, literals and nested models. They differ from uniformly random
values in two ways: numbers and strings come from few values, so that ids and times coincide, and
fields with a default are set or *left out*, since a model can tell which (``model_fields_set``).
"""

import types
import typing
from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ..arguments import explained
from ..effect import Command, Facts
from ..errors import EngineError
from ..event import Event
from ..given import Drawable, as_alphabet, as_event
from .scalars import Bounds, floats, strings, whole_numbers

Values = Mapping[Any, st.SearchStrategy[Any]]
"""Strategies for fields whose types say too little.

A key is ``"Event.field"``, the name of a field (in every event and nested model), or a type (or
an alias, such as a ``Literal``). The first key that matches counts, in this order.
``st.nothing()`` always leaves out an optional field.
"""

B = TypeVar("B", bound=BaseModel)
P = TypeVar("P", bound=Event | Command)

NO_VALUES: Values = types.MappingProxyType({})
_FEW = 3
"""How many items a container gets beyond its minimum length."""
_TRIES = 3
_OWN_RULES = ("value_error", "assertion_error", "string_pattern_mismatch")
"""Errors of a model's own validators, and of patterns, which pydantic reads differently."""
_ANYTHING = (Any, object, BaseModel, Event, Facts, Command)


class NoPayloadError(EngineError):
    """A field without a strategy, or one that rejects its values; the message names the field."""


@explained
def payloads(kind: type[P], values: Values = NO_VALUES) -> st.SearchStrategy[P]:
    """Events or commands of one class.

    Args:
        kind: The class.
        values: Strategies for fields whose types say too little.

    Raises:
        ArgumentError: it is the class of neither.
        NoPayloadError: the type of a field says too little, such as ``Any`` or ``Event``.
    """
    if not (isinstance(kind, type) and issubclass(kind, Command)):
        as_event(kind, "payloads")
    return instances(kind, values)


@explained
def events(
    known: Drawable | Iterable[type[Event]], values: Values = NO_VALUES
) -> st.SearchStrategy[Event]:
    """Events of any class of a chart's alphabet, or of the given classes.

    Raises:
        ArgumentError: something is no chart, table, or class of an event.
        NoPayloadError: as in :func:`payloads`.
    """
    return st.one_of([payloads(event, values) for event in as_alphabet(known, "events")])


@explained
def histories(
    known: Drawable | Iterable[type[Event]],
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
            self.models[model] = made
        return self.models[model]

    def _model(self, model: type[B], defaults: bool) -> st.SearchStrategy[B]:
        required: list[tuple[str, st.SearchStrategy[Any]]] = []
        optional: list[tuple[str, st.SearchStrategy[Any]]] = []
        for name, info in model.model_fields.items():
            if defaults and not info.is_required():
                continue
            strategy = self._field(model, name, info)
            alias = info.validation_alias
            key = alias if isinstance(alias, str) else name
            if info.is_required():
                required.append((key, strategy))
            elif strategy is not st.nothing():
                optional.append((key, strategy))

        given_or_not = st.booleans()

        @st.composite
        def made(draw: st.DrawFn) -> B:
            for _ in range(_TRIES):
                given = {key: draw(strategy) for key, strategy in required}
                # Hypothesis shrinks to False, which leaves out a field without influence.
                given |= {key: draw(strategy) for key, strategy in optional if draw(given_or_not)}
                if (built := _built(model, given)) is not None:
                    return built
            return reject()

        return made()

    def _field(self, model: type[BaseModel], name: str, info: FieldInfo) -> st.SearchStrategy[Any]:
        for key in (f"{model.__name__}.{name}", name):
            if key in self.values:
                return self.values[key]
        try:
            return self._type(info.annotation, info.metadata)
        except NoPayloadError as error:
            raise NoPayloadError(
                f"no payload for {model.__name__}.{name}: {error}; give a strategy with "
                f"values={{'{model.__name__}.{name}': …}}"
            ) from None

    def _type(self, annotation: Any, metadata: Sequence[object] = ()) -> st.SearchStrategy[Any]:
        """Values of an annotation, within the bounds in its metadata."""
        if isinstance(annotation, Hashable) and annotation in self.values:
            return self.values[annotation]
        if alias := getattr(annotation, "__value__", None):  # type X = …
            return self._type(alias, metadata)
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            return self._type(arguments[0], (*metadata, *arguments[1:]))
        if origin in (typing.Union, types.UnionType):
            # None first: Hypothesis shrinks to the first.
            nones = [one for one in arguments if one is type(None)]
            others = [one for one in arguments if one is not type(None)]
            return st.one_of([self._type(one, metadata) for one in (*nones, *others)])
        if origin is Literal:
            return st.sampled_from(arguments)
        bounds = Bounds.of(metadata)
        if origin is not None:
            return self._container(annotation, origin, arguments, bounds)
        if isinstance(annotation, type):
            return self._class(annotation, bounds)
        raise NoPayloadError(f"the type {annotation!r} has no strategy")

    def _container(
        self, annotation: Any, origin: type, arguments: tuple[Any, ...], bounds: Bounds
    ) -> st.SearchStrategy[Any]:
        least = bounds.min_length or 0
        most = least + _FEW if bounds.max_length is None else bounds.max_length
        if issubclass(origin, tuple):
            if arguments[-1] is not Ellipsis:
                return st.tuples(*map(self._type, arguments))
            inner = self._type(arguments[0])
            return st.lists(inner, min_size=least, max_size=most).map(tuple)
        if issubclass(origin, Set):
            inner = self._type(arguments[0])
            made = st.frozensets(inner, min_size=least, max_size=most)
            return made.map(set) if origin is set else made
        if issubclass(origin, Mapping):
            keys, held = map(self._type, arguments)
            return st.dictionaries(keys, held, min_size=least, max_size=most)
        if issubclass(origin, Iterable):
            return st.lists(self._type(arguments[0]), min_size=least, max_size=most)
        raise NoPayloadError(f"the type {annotation!r} has no strategy")

    def _class(self, annotation: type, bounds: Bounds) -> st.SearchStrategy[Any]:
        if annotation is type(None):
            return st.none()
        if annotation is bool:
            return st.booleans()
        if issubclass(annotation, Enum):
            return st.sampled_from(annotation)
        if annotation is int:
            return whole_numbers(bounds)
        if annotation is float:
            return floats(bounds)
        if annotation is str:
            return strings(bounds)
        if annotation in _ANYTHING:
            raise NoPayloadError(f"the type {annotation.__name__} allows anything")
        if issubclass(annotation, BaseModel):
            return self.model(annotation)
        return st.from_type(annotation)


def _built(model: type[B], given: dict[str, Any]) -> B | None:
    """The model, or None when one of its own validators rejects the combination."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        for detail in error.errors():
            if detail["type"] not in _OWN_RULES:
                place = ".".join(map(str, (model.__name__, *detail["loc"])))
                raise NoPayloadError(
                    f"{place} rejected the generated value {detail['input']!r}: {detail['msg']}; "
                    f"give a strategy with values={{'{place}': …}}"
                ) from None
        return None
