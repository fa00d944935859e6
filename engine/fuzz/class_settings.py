"""Settings of a test: attributes of its class, such as ``faults``, checked when the class is made.

A base class declares in ``_takes`` what each of them takes. So a wrong value is refused where it
stands in the code, and not by the first history that meets it, and an attribute that is almost
named like a setting is not silently ignored.
"""

import math
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from ..arguments import shown
from ..errors import ArgumentError
from ..suggest import unknown

Check = Callable[[Any], str | None]
"""Says what is wrong with a value, and what to give instead; None: nothing."""

NEAR = 0.85
"""How much alike a misspelled name and that of a setting are, at least."""


def check_settings(test: type, takes: Mapping[str, Check]) -> None:
    """Refuse values that settings do not take, and misspelled settings.

    Args:
        test: The class.
        takes: The check of each setting, by its name.

    Raises:
        ArgumentError: a value is wrong, or a name is almost that of a setting.
    """
    for name, check in takes.items():
        if hasattr(test, name) and (wrong := check(getattr(test, name))):
            raise ArgumentError(f"{test.__name__}: {name} is {wrong}")
    for name, value in vars(test).items():
        if name.startswith("_") or hasattr(test.__mro__[1], name):
            continue
        for meant in get_close_matches(name, takes.keys() - {name}, 1, NEAR):
            if name not in takes and takes[meant](value) is None:
                raise ArgumentError(
                    f"{test.__name__}: {name!r} is no setting; did you mean {meant!r}?"
                )


def instance_of(kind: type, cure: str) -> Check:
    """Takes instances of a class."""

    def check(given: Any) -> str | None:
        if isinstance(given, kind):
            return None
        if given is kind:
            return f"the class itself; call it: {cure}"
        return f"{shown(given)}; give {cure}"

    return check


def whole_number(least: int) -> Check:
    """Takes whole numbers from a least one."""

    def check(given: Any) -> str | None:
        is_good = isinstance(given, int) and not isinstance(given, bool) and given >= least
        return None if is_good else f"{shown(given)}; give a whole number from {least}"

    return check


def seconds(given: Any) -> str | None:
    """Takes a duration in seconds."""
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if is_number and math.isfinite(given) and given >= 0:
        return None
    return f"{shown(given)}; give seconds, 0 or more"


def names(known: Collection[str]) -> Check:
    """Takes several of some names."""

    def check(given: Any) -> str | None:
        if isinstance(given, str) or not isinstance(given, Collection):
            return f"{shown(given)}; give a list of names, such as [{next(iter(known))!r}]"
        for each in given:
            if each not in known:
                cure = unknown(str(each), known, f"the names are {', '.join(known)}")
                return f"not a list of known names: it has {shown(each)}; {cure}"
        return None

    return check
