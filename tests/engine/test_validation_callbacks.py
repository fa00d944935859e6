"""The compiler rejects guards and effects that a table cannot run, and names the place."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from statemachine import State

from relink.engine import Chart, errors, ignored

from .invalid_charts import (
    Base,
    Go,
    acting,
    assert_rejected,
    guarded,
    plain,
    transition,
    two_states,
)


def test_guard_that_does_not_exist():
    assert_rejected(guarded("yes and maybe"), errors.UnknownGuardError, "a --go--> b", "'maybe'")


def test_guard_of_a_declaration_that_does_not_exist():
    a, b = State(initial=True), State()
    a.to(b, event="go", cond="yes")
    b.to(a, event="back")
    decided = (ignored(a, Go, because="no", when="not maybe"),)
    chart = type(Base)("Unsure", (Base,), {"a": a, "b": b, "decided": decided})
    assert_rejected(chart, errors.UnknownGuardError, "when='not maybe'", "'maybe'")


@pytest.mark.parametrize("place", ["on", "before", "after"])
def test_effect_of_a_transition_that_does_not_exist(place: str):
    chart = transition(event="go", **{place: "vanish"})
    assert_rejected(chart, errors.UnknownEffectError, "a --go--> b", "'vanish'")


@pytest.mark.parametrize("place", ["enter", "exit"])
def test_effect_of_a_state_that_does_not_exist(place: str):
    a, b = State(initial=True), State(**{place: "vanish"})
    a.to(b, event="go")
    b.to(a, event="back")
    chart = type(Base)("Acting", (Base,), {"a": a, "b": b})
    assert_rejected(chart, errors.UnknownEffectError, "state 'b'", "'vanish'")


@pytest.mark.parametrize(
    "text",
    [
        *("yes == 1", "yes > 0", "1 < 2", "In('a')", "yes()", "True", "1", "'yes'", ""),
        *("yes and", "yes.no", "yes if yes else yes", "(yes, yes)", "yes + yes", "-yes"),
    ],
)
def test_guard_expression_with_more_than_names_and_or_not(text: str):
    assert_rejected(guarded(text), errors.GuardExpressionError, "a --go--> b", repr(text))


def test_when_of_a_declaration_with_more_than_names_and_or_not():
    a, b = State(initial=True), State()
    a.to(b, event="go", cond="yes")
    b.to(a, event="back")
    decided = (ignored(a, Go, because="no", when="yes == 0"),)
    chart = type(Base)("Unsure", (Base,), {"a": a, "b": b, "decided": decided})
    assert_rejected(chart, errors.GuardExpressionError, "yes == 0")


async def asynchronous(self, facts, trigger):
    return True


def generating(self, facts, trigger):
    yield True


async def both(self, facts, trigger):
    yield True


@pytest.mark.parametrize("method", [asynchronous, generating, both])
@pytest.mark.parametrize("build", [guarded, acting])
def test_async_or_generator_callback(build: Callable[..., type[Chart]], method: Any):
    assert_rejected(
        build("method", method=method), errors.AsyncCallbackError, "a --go--> b", "'method'"
    )


def test_async_effect_found_by_naming_convention():
    assert_rejected(two_states(on_enter_b=asynchronous), errors.AsyncCallbackError, "'on_enter_b'")


@pytest.mark.parametrize("make", [property, functools.cached_property])
@pytest.mark.parametrize("build", [guarded, acting])
def test_property_given_by_name(build: Callable[..., type[Chart]], make: Any):
    def method(self):
        raise AssertionError

    assert_rejected(build("method", method=make(method)), errors.PropertyCallbackError, "'method'")


def test_property_given_as_an_object():
    @property
    def method(self):
        raise AssertionError

    assert_rejected(guarded(method, method=method), errors.PropertyCallbackError, "'method'")


@pytest.mark.parametrize("build", [guarded, acting])
def test_lambda_given_as_an_object(build: Callable[..., type[Chart]]):
    assert_rejected(build(lambda facts: True), errors.LambdaCallbackError, "a --go--> b")


@pytest.mark.parametrize("build", [guarded, acting])
def test_lambda_given_by_name(build: Callable[..., type[Chart]]):
    chart = build("method", method=lambda self, facts, trigger: True)
    assert_rejected(chart, errors.LambdaCallbackError, "'method'")


@functools.wraps(plain)
def wrapping(*arguments, **named):
    return plain(*arguments, **named)


@pytest.mark.parametrize("method", [wrapping, staticmethod(plain), classmethod(plain)])
@pytest.mark.parametrize("build", [guarded, acting])
def test_decorated_method_given_by_name(build: Callable[..., type[Chart]], method: Any):
    assert_rejected(build("method", method=method), errors.DecoratedCallbackError, "'method'")


def test_method_decorated_as_the_effect_of_a_transition():
    a, b = State(initial=True), State()
    go = a.to(b)
    b.to(a, event="back")

    @go.on
    def method(self, facts, trigger):
        raise AssertionError

    chart = type(Base)("Decorated", (Base,), {"a": a, "b": b, "go": go, "method": method})
    assert_rejected(chart, errors.DecoratedCallbackError, "a --go--> b", "'method'")


def test_method_decorated_as_the_effect_of_a_state():
    a, b = State(initial=True), State()
    a.to(b, event="go")
    b.to(a, event="back")

    @b.enter
    def method(self, facts, trigger):
        raise AssertionError

    chart = type(Base)("Decorated", (Base,), {"a": a, "b": b, "method": method})
    assert_rejected(chart, errors.DecoratedCallbackError, "state 'b'", "'method'")


def test_function_given_as_an_object():
    def method(self, facts, trigger):
        raise AssertionError

    assert_rejected(acting(method, method=method), errors.DecoratedCallbackError, "'method'")


def test_constant_given_as_a_guard():
    assert_rejected(guarded("limit", limit=3), errors.NotAMethodError, "'limit'", "3")


@pytest.mark.parametrize("name", ["a", "b", "go", "back"])
@pytest.mark.parametrize("build", [guarded, acting])
def test_callback_with_the_name_of_a_state_or_event(build: Callable[..., type[Chart]], name: str):
    assert_rejected(
        build(name), errors.CallbackNamedLikeStateOrEventError, "a --go--> b", repr(name)
    )


PARAMETERS = [
    lambda self: True,
    lambda self, facts: True,
    lambda self, trigger, facts: True,
    lambda self, facts, event: True,
    lambda self, facts, trigger, machine: True,
    lambda self, facts, trigger=None: True,
    lambda self, *facts: True,
    lambda self, facts, trigger, **rest: True,
    lambda self, *, facts, trigger: True,
    lambda self, facts, trigger, /: True,
]


@pytest.mark.parametrize("method", PARAMETERS)
@pytest.mark.parametrize("build", [guarded, acting])
def test_callback_with_parameters_other_than_facts_and_trigger(
    build: Callable[..., type[Chart]], method: Any
):
    method.__name__ = "method"
    assert_rejected(
        build("method", method=method), errors.CallbackParametersError, "(self, facts, trigger)"
    )


def test_conventional_effect_with_parameters_other_than_facts_and_trigger():
    def on_enter_b(self, state):
        raise AssertionError

    assert_rejected(two_states(on_enter_b=on_enter_b), errors.CallbackParametersError, "on_enter_b")


@pytest.mark.parametrize(
    "name", ["on_enter_c", "on_exit_go", "before_a", "after_leaving", "on_stay", "on_invoke_c"]
)
def test_conventional_effect_of_a_state_or_event_that_does_not_exist(name: str):
    def method(self, facts, trigger):
        raise AssertionError

    assert_rejected(two_states(**{name: method}), errors.CallbackWithoutPlaceError, repr(name))


def test_helper_with_the_name_of_an_effect_is_allowed_when_a_guard_calls_it():
    def on_time(self):
        return True

    def punctual(self, facts, trigger):
        return self.on_time()

    assert guarded("punctual", on_time=on_time, punctual=punctual).table()


def test_callback_that_uses_super():
    class Above(Base):
        a = State(initial=True)
        b = State()
        a.to(b, event="go", cond="yes")
        b.to(a, event="back")

        def yes(self, facts, trigger):
            return super().yes(facts, trigger)

    assert_rejected(Above, errors.MachineApiError, "a --go--> b", "'yes'", "super()")
