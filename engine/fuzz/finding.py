"""Findings: how what was found is told.

A property that does not hold is told by its name, by what is wrong, and by the
history that refutes it: every event with the fields that it carried, and what was decided of it.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar, cast

from hypothesis.stateful import RuleBasedStateMachine
from pydantic import BaseModel

from ..errors import EngineError
from ..event import Event

H = TypeVar("H", bound="HistoryTest")


class PropertyViolatedError(EngineError, AssertionError):
    """A property does not hold. The message names it and tells the history."""

    def __init__(self, violated: str, history: Sequence[str]) -> None:
        super().__init__("\n".join([violated, *history]))
        self.violated = violated
        """The property, and what is wrong."""
        self.history = tuple(history)
        """All that happened and was decided, in readable lines."""


class HistoryTest(RuleBasedStateMachine):
    """What the tests of a machine and of a system share: they remember what happened."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        """All that happened, in order."""
        self.violated: str | None = None
        """The property that does not hold, and what is wrong; None as long as all hold."""
        self._beginning: list[str] = []
        self._outcomes: list[list[str]] = []

    @property
    def history(self) -> list[str]:
        """All that happened and was decided, in readable lines."""
        lines = list(self._beginning)
        told = zip(self.events, self._outcomes, strict=True)
        for number, (trigger, outcomes) in enumerate(told, start=1):
            lines.append(f"{number}. {brief(trigger)}")
            lines.extend(f"   {outcome}" for outcome in outcomes)
        return lines

    def _remember(self, trigger: Event, outcomes: list[str]) -> None:
        self.events.append(trigger)
        self._outcomes.append(outcomes)

    def _ask(self, invariants: Sequence[Callable[..., str | None]], *arguments: Any) -> None:
        for invariant in invariants:
            wrong = invariant(*arguments)
            if wrong is None:
                continue
            if not isinstance(wrong, str):
                raise TypeError(
                    f"{_name(invariant)} returned {wrong!r}; "
                    "an invariant returns what is wrong, as a string, or None"
                )
            self._refute(f"{_name(invariant)}: {wrong}")

    def _undecided(self, trigger: Event, error: Exception) -> NoReturn:
        self._remember(trigger, [type(error).__name__])
        self._refute(f"every event is decided without an error: {failure(error)}", error)

    def _refute(self, violated: str, cause: Exception | None = None) -> NoReturn:
        self.violated = violated
        raise PropertyViolatedError(violated, self.history) from cause


def derived(base: type[H], name: str, body: Mapping[str, Any]) -> type[H]:
    """A subclass with this body."""
    made = types.new_class(name, (base,), exec_body=lambda namespace: namespace.update(body))
    return cast(type[H], made)


def derived_with_rules(
    base: type[H],
    name: str,
    body: Mapping[str, Any],
    rules: Mapping[str, Callable[..., None]],
) -> type[H]:
    """A subclass with this body and these rules, by the names of their events.

    A rule whose event is named like something else in the class gets a ``_`` behind it.
    """
    taken = {*body, *dir(base)}
    named = {f"{event}_" if event in taken else event: rule for event, rule in rules.items()}
    return derived(base, name, {**body, **named})


def _name(invariant: Callable[..., str | None]) -> str:
    return getattr(invariant, "__name__", type(invariant).__name__)


def brief(value: object) -> str:
    """Like ``repr``, but of models only the fields that were given, and none hidden from it."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        shown = [name for name in fields if name in value.model_fields_set and fields[name].repr]
        given = ", ".join(f"{name}={brief(getattr(value, name))}" for name in shown)
        return f"{type(value).__name__}({given})"
    if type(value) is tuple:
        inner = ", ".join(map(brief, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def failure(error: Exception) -> str:
    """An error as one line: its name, and what it says."""
    return f"{type(error).__name__}: {error}"
