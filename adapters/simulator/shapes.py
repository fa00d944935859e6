"""Objects in another shape than Stripe's documents promise: keys left out, other values.

A service must survive both: any key can be missing from a payload, and every enumeration is open.
Rules apply to the JSON only; the world behind it stays as it is. Objects within others, such as the
accounts of a session, are objects too.
"""

import copy
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .render import Rendered

Place = Literal["answers", "webhooks"]
"""Where objects are altered: in answers of the API, or in webhooks."""

_LEFT_OUT = object()


@dataclass(slots=True)
class _Rule:
    of: str
    path: tuple[str, ...]
    value: Any
    where: Place | None
    times: int | None


class Shapes:
    """The rules by which objects are altered, the latest last."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def leave_out(
        self, of: str, key: str, *, where: Place | None = None, times: int | None = None
    ) -> None:
        """Leave a key out of objects.

        Args:
            of: a kind of object, such as ``financial_connections.session``, or the id of one.
            key: the key, with dots: ``status_details.inactive.action``.
            where: ``answers`` or ``webhooks``; None means both.
            times: for how many objects; None: for all, until :meth:`reset`.

        Raises:
            ValueError: there is no such place, or ``times`` is below 1.
        """
        self._add(of, key, _LEFT_OUT, where, times)

    def put(
        self, of: str, key: str, value: Any, *, where: Place | None = None, times: int | None = None
    ) -> None:
        """Put a value into objects, such as a status that is not documented.

        Args:
            of: a kind of object, or the id of one.
            key: the key, with dots. Objects that lack what is around it stay as they are.
            value: any JSON value.
            where: ``answers`` or ``webhooks``; None means both.
            times: for how many objects; None: for all, until :meth:`reset`.

        Raises:
            ValueError: there is no such place, or ``times`` is below 1.
        """
        self._add(of, key, value, where, times)

    def reset(self) -> None:
        """Remove all rules."""
        self._rules.clear()

    def altered(self, rendered: Rendered, where: Place) -> Rendered:
        """The object after all rules. The original is not changed."""
        if not self._rules:
            return rendered
        found = copy.deepcopy(rendered)
        self._alter(found, where)
        return found

    def _add(self, of: str, key: str, value: Any, where: Place | None, times: int | None) -> None:
        if where is not None and where not in get_args(Place):
            raise ValueError(f"where must be one of {', '.join(get_args(Place))}, got {where!r}")
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, got {times}")
        self._rules.append(_Rule(of, tuple(key.split(".")), value, where, times))

    def _alter(self, value: Any, where: Place) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                self._alter(inner, where)
            for rule in list(self._rules):
                if rule.of in (value.get("object"), value.get("id")):
                    self._apply(rule, value, where)
        elif isinstance(value, list):
            for inner in value:
                self._alter(inner, where)

    def _apply(self, rule: _Rule, rendered: Rendered, where: Place) -> None:
        *outer, last = rule.path
        place: Any = rendered
        for name in outer:
            place = place.get(name) if isinstance(place, dict) else None
        missing = not isinstance(place, dict) or (rule.value is _LEFT_OUT and last not in place)
        if missing or rule.where not in (None, where):
            return
        if rule.value is _LEFT_OUT:
            del place[last]
        else:
            place[last] = copy.deepcopy(rule.value)
        if rule.times is not None:
            rule.times -= 1
            if not rule.times:
                self._rules.remove(rule)
