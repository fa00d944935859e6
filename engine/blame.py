"""Blame: which guard or effect raised an error, and where in its code."""

import traceback
from collections.abc import Mapping
from types import FunctionType


def raised_by(
    error: BaseException, methods: Mapping[str, FunctionType], guards: frozenset[str]
) -> str:
    """``the guard 'is_newer' raised TypeError (parcel.py, line 31)``; empty if none did.

    Args:
        error: What was raised.
        methods: The chart's own methods, by name.
        guards: The names of those that are guards.
    """
    names = {method.__code__: name for name, method in methods.items()}
    for frame, line in traceback.walk_tb(error.__traceback__):
        if (name := names.get(frame.f_code)) is not None:
            role = "guard" if name in guards else "effect"
            place = f"{frame.f_code.co_filename}, line {line}"
            return f"the {role} {name!r} raised {type(error).__name__} ({place})"
    return ""
