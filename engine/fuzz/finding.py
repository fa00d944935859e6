"""Findings: how a test reports a property that does not hold.

A report has the name of the property, what is wrong, and the history that refutes it: every
event with its fields, and how it was decided.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn, TypeVar, cast

from hypothesis.stateful import RuleBasedStateMachine

from ..brief import brief, failure
from ..errors import EngineError
from ..event import Event
from .class_settings import Check, check_settings
from .recording import Recorded

H = TypeVar("H", bound="HistoryTest")


class PropertyViolatedError(EngineError, AssertionError):
    """A property does not hold. The message names it and lists the history."""

    def __init__(self, violated: str, history: Sequence[str]) -> None:
        super().__init__("\n".join([violated, *history]))
        self.violated = violated
        """The property, and what is wrong."""
        self.history = tuple(history)
        """The events and their decisions, in readable lines."""


class HistoryTest(RuleBasedStateMachine):
    """Base of the tests of a machine and of a system: it records the history."""

    recorded: ClassVar[type[Recorded] | None] = None
    """The form of its recordings; None: :meth:`play` checks them itself."""
    _takes: ClassVar[Mapping[str, Check]] = {}
    """What each setting of the class takes."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Check the settings.

        Raises:
            ArgumentError: one is not what it should be.
        """
        super().__init_subclass__(**kwargs)
        check_settings(cls, cls._takes)

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        """The events so far, in order."""
        self.violated: str | None = None
        """The property that does not hold, and what is wrong; None while all hold."""
        self._beginning: list[str] = []
        self._told: list[str] = []
        self._outcomes: list[list[str]] = []
        self._notes: list[dict[str, Any]] = []

    @property
    def history(self) -> list[str]:
        """The events and their decisions, in readable lines."""
        lines = list(self._beginning)
        decided = zip(self._told, self._outcomes, strict=True)
        for number, (shown, outcomes) in enumerate(decided, start=1):
            lines.append(f"{number}. {shown}")
            lines.extend(f"   {outcome}" for outcome in outcomes)
        return lines

    def recording(self) -> dict[str, Any]:
        """What was done, as JSON-ready data that :meth:`play` plays again.

        Raises:
            UnwritableError: an event could not be read back unchanged.
            AssignedValueError: the facts at the start could not.
            ArgumentError: an event of an unknown class was sent.
        """
        raise NotImplementedError

    def play(self, recording: Mapping[str, Any]) -> None:
        """Play a recording, from the beginning.

        Raises:
            PropertyViolatedError: a property does not hold.
            UnreadableError: the events are not those of today.
        """
        raise NotImplementedError

    def _remember(self, trigger: Event, outcomes: list[str], shown: str | None = None) -> None:
        self.events.append(trigger)
        self._told.append(brief(trigger) if shown is None else shown)
        self._outcomes.append(outcomes)

    def _add(self, line: str) -> None:
        """Add a line to the last event, or to the beginning."""
        (self._outcomes[-1] if self._outcomes else self._beginning).append(line)

    def _note(self, note: dict[str, Any]) -> None:
        """Note what is done next, for a recording."""
        self._notes.append(note)

    def _ask(self, invariants: Sequence[Callable[..., str | None]], *arguments: Any) -> None:
        for invariant in invariants:
            wrong = invariant(*arguments)
            if wrong is None:
                continue
            if not isinstance(wrong, str):
                raise TypeError(
                    f"the invariant {_name(invariant)} returned {wrong!r}; "
                    "return None, or a string that says what is wrong"
                )
            self._refute(f"{_name(invariant)}: {wrong}")

    def _fail(self, trigger: Event, error: Exception) -> NoReturn:
        self._remember(trigger, [type(error).__name__])
        self._refute(f"every event is decided without an error: {failure(error)}", error)

    def _refute(self, violated: str, cause: Exception | None = None) -> NoReturn:
        self.violated = violated
        raise PropertyViolatedError(violated, self.history) from cause


def derived(base: type[H], name: str, body: Mapping[str, Any]) -> type[H]:
    """Make a subclass with this body."""
    made = types.new_class(name, (base,), exec_body=lambda namespace: namespace.update(body))
    return cast(type[H], made)


def derived_with_rules(
    base: type[H],
    name: str,
    body: Mapping[str, Any],
    rules: Mapping[str, Callable[..., None]],
) -> type[H]:
    """Make a subclass with this body and these rules, by the names of their events.

    A rule whose event has the name of another attribute of the class gets a ``_`` at the end.
    """
    taken = {*body, *dir(base)}
    named = {f"{event}_" if event in taken else event: rule for event, rule in rules.items()}
    return derived(base, name, {**body, **named})


def _name(invariant: Callable[..., str | None]) -> str:
    return getattr(invariant, "__name__", type(invariant).__name__)
