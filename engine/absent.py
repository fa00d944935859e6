"""Attributes that are absent under their name, and present under almost that name."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from types import FunctionType
from typing import Any

from .library.names import is_declaration


def misspelled(own: Mapping[str, Any], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Names of attributes that nothing reads, each with the name that was meant.

    Args:
        own: What a chart defines, by name.
        known: The names of attributes that the engine reads.
    """
    absent = [name for name in known if name not in own]
    for name, value in own.items():
        if name in known or isinstance(value, FunctionType) or is_declaration(value):
            continue
        for meant in get_close_matches(name, absent, n=1, cutoff=0.8):
            yield name, f"did you mean {meant!r}?"
