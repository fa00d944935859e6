"""Arguments: how a function refuses what it does not take, in one form.

The message names the function, the argument, what it takes, and the cure. What a function accepts
instead of exactly what it takes is in :mod:`.given`.
"""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from pydantic import BaseModel
from statemachine import State

from .errors import ArgumentError
from .place import chart_in_progress
from .suggest import did_you_mean

P = ParamSpec("P")
R = TypeVar("R")


def explained(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function explain a call whose arguments do not fit its signature.

    Raises:
        ArgumentError: an argument is missing or unknown; the message says which one was meant.
    """
    signature = inspect.signature(function)
    name = f"{function.__qualname__.removesuffix('.__init__')}()"

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            signature.bind(*args, **kwargs)
        except TypeError:
            raise ArgumentError(_misfit(name, signature, args, kwargs)) from None
        return function(*args, **kwargs)

    return call


def _misfit(
    name: str, signature: inspect.Signature, args: tuple[object, ...], kwargs: dict[str, Any]
) -> str:
    known = [x for x in signature.parameters if x != "self"]
    start = f"{chart_in_progress()}{name}: "
    for given in kwargs:
        if given not in known:
            meant = did_you_mean(given, known) or f"it takes {', '.join(known)}"
            return f"{start}it has no argument {given!r}; {meant}"
    try:
        partial = signature.bind_partial(*args, **kwargs)
    except TypeError:  # too many of them, or one twice
        if twice := [x for x, _ in zip(known, args, strict=False) if x in kwargs]:
            return f"{start}the argument {twice[0]} is given twice; give it once"
        named = [x.name for x in signature.parameters.values() if x.kind is x.KEYWORD_ONLY]
        if named and len(args) <= len(known):
            what = "'…'" if named[0] == "because" else "..."
            return f"{start}an argument lacks its name; give it by name: {named[0]}={what}"
        return f"{start}it takes fewer arguments than {len(args)}; it takes {', '.join(known)}"
    missing = [
        each.name
        for each in signature.parameters.values()
        if each.default is each.empty
        and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        and each.name not in partial.arguments
    ]
    return f"{start}the argument {missing[0]} is missing; add {missing[0]}=..."


def wrong_argument(function: str, what: str, given: object, cure: str) -> ArgumentError:
    """The error for an argument that is not what a function takes.

    Args:
        function: The function, such as ``mermaid``.
        what: What it takes there, such as ``a chart or its table``.
        given: What it got.
        cure: What to do.
    """
    start = f"{chart_in_progress()}{function}()"
    return ArgumentError(f"{start}: it takes {what}, and got {shown(given)}; {cure}")


def shown(given: object) -> str:
    """What was given, in few characters, and without the values of fields."""
    if isinstance(given, type):
        return f"the class {given.__name__}"
    if given is None or isinstance(given, (str, int, float)):
        return repr(given)
    if inspect.isroutine(given):
        return f"the function {given.__qualname__}"
    article = "an" if type(given).__name__[:1] in "AEIOU" else "a"
    return f"{article} {type(given).__name__}"


def shown_type(annotation: object) -> str:
    """A type as its author wrote it, as far as Python keeps that."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def several(given: Any) -> tuple[Any, ...]:
    """A tuple of what was given: several items, or one."""
    # A model can be iterated over: it gives its fields.
    is_one = isinstance(given, (str, State, type, BaseModel)) or not isinstance(given, Iterable)
    return (given,) if is_one else tuple(given)
