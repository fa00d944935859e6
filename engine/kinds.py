"""Classes of events or commands by the names that they are stored under."""

from collections.abc import Iterable
from typing import TypeVar

from .arguments import several, wrong_argument
from .effect import Command
from .errors import ArgumentError
from .event import Event

R = TypeVar("R", bound=Event | Command)


def by_name(kinds: Iterable[type[R]], base: type[R]) -> dict[str, type[R]]:
    """Classes by their names.

    Args:
        kinds: The classes.
        base: What they derive from.

    Raises:
        ArgumentError: something is no such class, or two have one name.
    """
    found: dict[str, type[R]] = {}
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, base)):
            raise _refused(kind, base)
        other = found.setdefault(kind.name, kind)
        if other is not kind:
            raise ArgumentError(
                f"Codec(): {kind.__module__}.{kind.__qualname__} and {other.__module__}."
                f"{other.__qualname__} are both stored as {kind.name!r}; rename one"
            )
    return found


def add_former_names(kinds: dict[str, type[R]]) -> None:
    """Add the classes by their former names.

    Raises:
        ArgumentError: a former name is that of another class, now or formerly.
    """
    for kind in list(kinds.values()):
        for name in several(vars(kind).get("former_names", ())):
            if (other := kinds.setdefault(name, kind)) is not kind or name == kind.name:
                raise ArgumentError(
                    f"{kind.__name__}.former_names has {name!r}, and so has {other.__name__}: what "
                    "is stored under it could not be told apart; remove one of the two names"
                )


def _refused(given: object, base: type[R]) -> ArgumentError:
    what, cure = f"classes of {base.name}s", f"give classes derived from {base.__name__}"
    if isinstance(given, (Event, Command)):
        cure = f"give the class, without parentheses: {type(given).__name__}"
    elif isinstance(given, type) and issubclass(given, (Event, Command)):
        other = "events" if issubclass(given, Event) else "commands"
        cure = f"give it in {other}=[{given.__name__}]"
    return wrong_argument("Codec", what, given, cure)
