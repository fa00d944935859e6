"""Known types: values for those whose schemas do not say what they accept.

Pydantic checks them with code, or leaves them to other libraries: addresses, paths, patterns,
predicates, card numbers.
"""

import math
import re
import typing
from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from hypothesis import strategies as st
from pydantic import (
    ByteSize,
    EmailStr,
    IPvAnyAddress,
    IPvAnyInterface,
    IPvAnyNetwork,
    JsonValue,
    NameEmail,
)

from .scalars import Bounds, strings, whole_numbers

FEW = 3
"""How many items a container gets beyond its minimum length."""
LETTERS = st.sampled_from(["a", "b", "c"])
PLAIN = st.one_of(st.integers(0, 9), LETTERS)
_MAIL = LETTERS.map(lambda letter: f"{letter}@example.com")
_NAMES = st.sampled_from(["a", "b", "c"]).map(lambda letter: f"{letter}.txt")
_JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), PLAIN),
    lambda inner: st.one_of(
        st.lists(inner, max_size=FEW), st.dictionaries(LETTERS, inner, max_size=FEW)
    ),
    max_leaves=5,
)
_CARDS = st.sampled_from(["4242424242424242", "5555555555554444", "378282246310005"])
_COLOURS = st.sampled_from(["red", "green", "#00f"])
_KNOWN: dict[Any, st.SearchStrategy[Any]] = {
    EmailStr: _MAIL,
    NameEmail: _MAIL.map(lambda mail: f"Name <{mail}>"),
    IPvAnyAddress: st.ip_addresses(),
    IPvAnyInterface: st.ip_addresses(),
    IPvAnyNetwork: st.ip_addresses(),
    re.Pattern: LETTERS.map(re.compile),
    deque: st.lists(PLAIN, max_size=FEW).map(deque),
    JsonValue: _JSON_VALUES,
    Hashable: PLAIN,
}
"""Types whose schemas do not say what they accept."""
_NAMED: dict[str, st.SearchStrategy[Any]] = {
    "pydantic.types.PaymentCardNumber": _CARDS,
    "pydantic_extra_types.payment.PaymentCardNumber": _CARDS,
    "pydantic.color.Color": _COLOURS,
    "pydantic_extra_types.color.Color": _COLOURS,
}
"""The same, by name: they are deprecated, or of another distribution."""
_LETTER_OF: dict[Any, str] = {
    str.islower: "abc",
    str.isupper: "ABC",
    str.isdigit: "123",
    str.isdecimal: "123",
    str.isnumeric: "123",
    str.isspace: " \t\n",
    str.istitle: "ABC",
}
_NUMBER_OF: dict[Any, float] = {math.isnan: math.nan, math.isinf: math.inf}
"""What predicates of annotated-types accept, and few other values of the type are."""


def known(
    annotation: Any, metadata: Iterable[object], bounds: Bounds
) -> st.SearchStrategy[Any] | None:
    """Values of a type whose schema does not say what it accepts; None for any other.

    Args:
        annotation: The type.
        metadata: What stands beside it in ``Annotated``, or in the field.
        bounds: The bounds in the metadata.
    """
    for item in metadata:
        predicate = getattr(item, "func", None)
        if not isinstance(predicate, Hashable):
            continue
        if annotation is str and predicate in _LETTER_OF:
            return strings(bounds, _LETTER_OF[predicate])
        if annotation is float and predicate in _NUMBER_OF:
            return st.just(_NUMBER_OF[predicate])
    if annotation is JsonValue:
        return _JSON_VALUES
    kind = typing.get_origin(annotation) or annotation
    if not isinstance(kind, type):
        return None
    if issubclass(kind, PurePath):
        return _NAMES.map(kind)
    if kind is ByteSize:
        return whole_numbers(bounds if bounds.all_given() else replace(bounds, ge=0, le=1 << 20))
    if kind is re.Pattern and typing.get_args(annotation) == (bytes,):
        return LETTERS.map(lambda letter: re.compile(letter.encode()))
    return _KNOWN.get(kind, _NAMED.get(f"{kind.__module__}.{kind.__qualname__}"))
