"""Charts that are sound but for one thing, and how refusing it is checked."""

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
    """What all charts here share: facts, an alphabet, guards and effects by their plain names."""

    facts_type = SomeFacts
    alphabet = (Go, Back)

    def yes(self, facts, trigger):
        return True

    def effect(self, facts, trigger):
        return None


def refused(chart: type[Chart], error: type[errors.ChartError], *words: str) -> None:
    """Compiling fails with exactly this error, whose message names the chart and the words."""
    with pytest.raises(errors.ChartError) as caught:
        compile_chart(chart)
    assert type(caught.value) is error
    assert caught.value.chart is chart
    for word in (chart.__name__, *words):
        assert word in str(caught.value)


def two_states(**attributes: Any) -> type[Chart]:
    """A sound chart of two states, with attributes added to its class body."""
    a, b = State(initial=True), State()
    a.to(b, event="go")
    b.to(a, event="back")
    body = {
        "a": a,
        "b": b,
        "decided": (ignored(a, Back, because="there"), ignored(b, Go, because="gone")),
    }
    return type(Base)("Two", (Base,), {**body, **attributes})


def guarded(guard: Any, **attributes: Any) -> type[Chart]:
    """A sound chart with one guarded transition, if only the guard is."""
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
    """A sound chart with one effect, if only the effect is."""
    a, b = State(initial=True), State()
    a.to(b, event="go", on=effect)
    b.to(a, event="back")
    body = {
        "a": a,
        "b": b,
        "decided": (ignored(a, Back, because="there"), ignored(b, Go, because="gone")),
    }
    return type(Base)("Acting", (Base,), {**body, **attributes})


def transition(**arguments: Any) -> type[Chart]:
    """A chart with one transition of these arguments."""
    a, b = State(initial=True), State()
    a.to(b, **arguments)
    b.to(a, event="back")
    return type(Base)("Varied", (Base,), {"a": a, "b": b})


def plain(self, facts, trigger):
    """A method that may be a guard or an effect."""
    return True
