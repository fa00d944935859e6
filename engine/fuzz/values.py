"""Values: strategies that the caller gives for fields, and how misspelled ones are found."""

import types
import typing
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from ..arguments import shown, shown_type
from ..errors import ArgumentError
from ..suggest import unknown

Values = Mapping[Any, st.SearchStrategy[Any]]
"""Strategies for fields whose types say too little.

A key is ``"Event.field"``, the name of a field (in every event and nested model), or a type (or
an alias, such as a ``Literal``). The first key that matches counts, in this order.
``st.nothing()`` always leaves out an optional field.
"""

NO_VALUES: Values = types.MappingProxyType({})


def check_strategies(function: str, values: Values) -> None:
    """Refuse values that are no strategies.

    Args:
        function: The function that got them, for the message.
        values: Strategies by field or type.

    Raises:
        ArgumentError: they are no mapping, or one is something else.
    """
    if not isinstance(values, Mapping):
        raise ArgumentError(
            f"{function}(): values is {shown(values)}; give strategies by field or type, such as "
            "{'Event.field': st.integers()}"
        )
    for key, given in values.items():
        if not isinstance(given, st.SearchStrategy):
            place = repr(key) if isinstance(key, str) else shown_type(key)
            raise ArgumentError(
                f"{function}(): values[{place}] is {shown(given)}; give a Hypothesis strategy, "
                "such as st.sampled_from([...]) or st.just(...)"
            )


def check_values(function: str, values: Values, models: Iterable[type[BaseModel]]) -> None:
    """Refuse values that are no strategies, or for fields that there are not.

    A type may be absent: values by type are often shared by tests.

    Args:
        function: The function that got them, for the message.
        values: Strategies by field or type.
        models: The classes of events and facts that they are for.

    Raises:
        ArgumentError: one is something else, or its field is in none of the models.
    """
    check_strategies(function, values)
    known = set(_fields(models))
    for key in values:
        if isinstance(key, str) and key not in known:
            # Of the same kind: 'Event.field', or 'field'.
            alike = [each for each in known if ("." in each) == ("." in key)]
            cure = unknown(key, alike, "name 'Event.field', a field, or a type; or remove it")
            raise ArgumentError(
                f"{function}(): values has {key!r}, and no event, facts or model in them has "
                f"that field; {cure}"
            )


def _fields(models: Iterable[type[BaseModel]]) -> Iterator[str]:
    seen: set[Any] = set()
    waiting: list[Any] = list(models)
    while waiting:
        annotation = waiting.pop()
        if not isinstance(annotation, Hashable) or annotation in seen:
            continue
        seen.add(annotation)
        waiting += typing.get_args(annotation)
        for inner in ("__value__", "__supertype__", "__bound__"):
            waiting.append(getattr(annotation, inner, None))
        if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
            for name, info in annotation.model_fields.items():
                yield name
                yield f"{annotation.__name__}.{name}"
                waiting.append(info.annotation)
