"""Charts with exactly one mistake, and the assertion that the compiler rejects it."""

from typing import Any

import pytest
from statemachine import State

from relink.engine import Chart, Event, Facts, errors, ignored
from relink.engine.compile import compile_chart


class Go(Event):
    pass


class Back(Event):
    pass


class Stay(Event):
    pass


class SomeFacts(Facts):
    count: int = 0


class Base(Chart):
    """Shared by all charts here: facts, an alphabet, a guard and an effect."""

    facts_type = SomeFacts
    alphabet = (Go, Back)

    def yes(self, facts, trigger):
        return True

    def effect(self, facts, trigger):
        return None


def assert_rejected(
    chart: type[Chart], error: type[errors.ChartError], *words: str, faults: int = 1
) -> None:
    """Assert that compiling raises exactly this error, and that its message has these words.

    Each mistake is told once, at one place.
    """
    with pytest.raises(errors.ChartError) as caught:
        compile_chart(chart)
    assert type(caught.value) is error
    assert caught.value.chart is chart
    for word in (chart.__name__, *words):
        assert word in str(caught.value)
    listed = [line for line in str(caught.value).splitlines()[1:] if "cure: " not in line]
    assert max(len(listed), 1) == faults


def two_states(**attributes: Any) -> type[Chart]:
    """A valid chart of two states, with more attributes in its class body."""
    a, b = State(initial=True), State()
    a.to(b, event="go")
    b.to(a, event="back")
    body = {
        "a": a,
        "b": b,
        "decided": (
            ignored(a, Back, because="there"),
            ignored(b, Go, because="gone"),
        ),
    }
    return type(Base)("Two", (Base,), {**body, **attributes})


def guarded(guard: Any, **attributes: Any) -> type[Chart]:
    """A chart with one guarded transition; it is valid if the guard is."""
    a, b = State(initial=True), State()
    a.to(b, event="go", cond=guard)
    b.to(a, event="back")
    body = {
        "a": a,
        "b": b,
        "decided": (
            ignored(a, Go, because="no"),
            ignored(a, Back, because="there"),
            ignored(b, Go, because="gone"),
        ),
    }
    return type(Base)("Guarded", (Base,), {**body, **attributes})


def acting(effect: Any, **attributes: Any) -> type[Chart]:
    """A chart with one effect; it is valid if the effect is."""
    a, b = State(initial=True), State()
    a.to(b, event="go", on=effect)
    b.to(a, event="back")
    body = {
        "a": a,
        "b": b,
        "decided": (
            ignored(a, Back, because="there"),
            ignored(b, Go, because="gone"),
        ),
    }
    return type(Base)("Acting", (Base,), {**body, **attributes})


def transition(**arguments: Any) -> type[Chart]:
    """A chart with a transition that has these arguments."""
    a, b = State(initial=True), State()
    a.to(b, **arguments)
    b.to(a, event="back")
    return type(Base)("Varied", (Base,), {"a": a, "b": b})


def plain(self, facts, trigger):
    """A valid guard or effect."""
    return True
