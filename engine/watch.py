"""The watch: guards and effects that are checked while they run.

A guard must answer with a bool. An effect must return values that fit the facts. Both must leave
the facts, the trigger and the chart as they are, and reach nothing outside. A watch runs them, and
blames the one that breaks a rule, by its name. It costs many times what a decision costs, so
tables watch only on request (:attr:`Table.checked`). Live machines and fuzz tests always do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import FrozenInstanceError
from typing import Any

from pydantic import ValidationError

from .arguments import several
from .effect import Assign, Facts, Send
from .errors import (
    AssignedValueError,
    GuardAnswerError,
    ImpureCallbackError,
    MutationError,
    UndeclaredSendError,
)
from .event import Event
from .facts_json import misfits
from .image import Image, can_change, difference, image_of
from .outside import Outside
from .sealed import Bound


class Watch:
    """Watches the guards and effects of one chart.

    Args:
        name: The chart's name, for messages.
        constants: The chart's own constants, by name.
        sends: The events that it declares to send, by the machines that get them.
    """

    def __init__(
        self,
        name: str,
        constants: dict[str, Any],
        sends: Mapping[str, type[Event] | Sequence[type[Event]]] | None = None,
    ) -> None:
        self._name = name
        self._sends = sends
        self._constants = {key: value for key, value in constants.items() if can_change(value)}
        # The facts and the trigger of the last question, with their images after it.
        self._asked: tuple[object, object] = (None, None)
        self._images: dict[str, Image] = {}

    def guard(self, name: str, guard: Bound) -> Bound:
        """The guard, watched."""

        def watched(facts: Facts, trigger: Event) -> bool:
            answer = self._run(f"the guard {name!r}", guard, facts, trigger)
            if not isinstance(answer, bool):
                raise GuardAnswerError(
                    f"{self._name}: the guard {name!r} answers {answer!r}, which is no bool; "
                    "return True or False, for example by bool(…) or `is not None`"
                )
            return answer

        return watched

    def effect(self, name: str, effect: Bound) -> Bound:
        """The effect, watched."""

        def watched(facts: Facts, trigger: Event) -> object:
            result = self._run(f"the effect {name!r}", effect, facts, trigger)
            for item in result if isinstance(result, (list, tuple)) else (result,):
                if isinstance(item, Assign):
                    self._check_values(name, facts, item)
                elif isinstance(item, Send):
                    self._check_send(name, item)
            return result

        return watched

    def _run(self, who: str, callback: Bound, facts: Facts, trigger: Event) -> object:
        if self._asked[0] is not facts or self._asked[1] is not trigger:
            self._asked = facts, trigger
            self._images = self._look(facts, trigger)
        outside = Outside()
        try:
            with outside:
                result = callback(facts, trigger)
        except (MutationError, ValidationError, FrozenInstanceError) as error:
            if (refused := _refused_change(error)) is None:
                raise
            raise ImpureCallbackError(
                f"{self._name}: {who} changes what it gets: {refused}"
            ) from error
        before, self._images = self._images, self._look(facts, trigger)
        for what, old in before.items():
            if (place := difference(old, self._images[what], what)) is not None:
                raise ImpureCallbackError(
                    f"{self._name}: {who} changes {place}; guards and effects leave facts, "
                    "trigger and the chart as they are, and an effect returns new values in an "
                    "Assign"
                )
        if (touched := outside.found) is not None:
            raise ImpureCallbackError(
                f"{self._name}: {who} {touched.does} ({touched.what}), so its answer does not "
                f"depend on facts and trigger alone; {touched.cure}"
            )
        return result

    def _look(self, facts: Facts, trigger: Event) -> dict[str, Image]:
        images = {"facts": image_of(facts), "trigger": image_of(trigger)}
        return {**images, "self": image_of(self._constants)} if self._constants else images

    def _check_send(self, name: str, send: Send) -> None:
        if self._sends is None or type(send.event) in several(self._sends.get(send.machine, ())):
            return
        raise UndeclaredSendError(
            f"{self._name}: the effect {name!r} sends {send.event.name} to {send.machine!r}, which "
            f"sends= of the chart does not name; add {type(send.event).__name__} there"
        )

    def _check_values(self, name: str, facts: Facts, assign: Assign) -> None:
        model = type(facts)
        if not assign.changes.keys() <= facts.__dict__.keys():
            return  # refused when it is applied, as in a table that is not watched
        for field, fault in misfits(facts.after(assign.changes), facts):
            if field in assign.changes:
                raise AssignedValueError(
                    f"{self._name}: the effect {name!r} assigns {field} a value that "
                    f"{model.__name__}.{field} does not allow: {fault}; assign a value of the "
                    "field's type"
                )


def _refused_change(error: Exception) -> str | None:
    """The change that a frozen container or object refused; None if it refused something else."""
    if not isinstance(error, ValidationError):
        return str(error)
    faults = error.errors()
    if any(fault["type"] not in ("frozen_instance", "frozen_field") for fault in faults):
        return None
    return (
        f"{error.title}.{faults[0]['loc'][0]} cannot be set, since the model is frozen; make "
        "another one, and let an effect return it in an Assign"
    )
