"""What a chart declares, as the engine needs it.

An author may leave out the comma of a tuple of one, use a list, or name an event instead of its
class. All of that has one meaning. What has none is left as it is, for :mod:`.validation` to
refuse with its place.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from .declaration import Ignored, Impossible
from .event import Event

T = TypeVar("T")


def with_classes(declaration: T, alphabet: Iterable[object]) -> T:
    """A declaration with the classes of events instead of their names."""
    if not isinstance(declaration, (Ignored, Impossible)):
        return declaration
    if not any(isinstance(event, str) for event in declaration.events):
        return declaration
    classes = {x.name: x for x in alphabet if isinstance(x, type) and issubclass(x, Event)}
    events: Any = tuple(
        classes.get(event, event) if isinstance(event, str) else event
        for event in declaration.events
    )
    return replace(declaration, events=events)
