"""Classes of events or commands by the names that they are stored under."""

from collections.abc import Iterable
from typing import TypeVar

from .effect import Command
from .event import Event

R = TypeVar("R", bound=Event | Command)


def by_name(kinds: Iterable[type[R]]) -> dict[str, type[R]]:
    """Classes by their names.

    Raises:
        TypeError: two classes have one name.
    """
    found: dict[str, type[R]] = {}
    for kind in kinds:
        other = found.setdefault(kind.name, kind)
        if other is not kind:
            raise TypeError(
                f"{kind.__module__}.{kind.__qualname__} and {other.__module__}."
                f"{other.__qualname__} are both stored as {kind.name!r}. Rename one."
            )
    return found


def add_former_names(kinds: dict[str, type[R]]) -> None:
    """Add the classes by their former names.

    Raises:
        TypeError: a former name is that of another class, now or formerly.
    """
    for kind in list(kinds.values()):
        for name in vars(kind).get("former_names", ()):
            if (other := kinds.setdefault(name, kind)) is not kind or name == kind.name:
                raise TypeError(
                    f"{kind.__name__}.former_names has {name!r}, and so has {other.__name__}: what "
                    "is stored under it could not be told apart. Rename one."
                )
