"""Guards and effects that a table could not ask are refused, and where they are."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from statemachine import State

from relink.engine import Chart, Snapshot, errors, ignored

from .refusing import (
    Back,
    Base,
    Go,
    SomeFacts,
    acting,
    guarded,
    plain,
    refused,
    transition,
    two_states,
)


def test_unknown_guard():
    refused(guarded("yes and maybe"), errors.UnknownGuardError, "a --go--> b", "'maybe'")


def test_unknown_guard_in_a_declaration():
    a, b = State(initial=True), State()
    a.to(b, event="go", cond="yes")
    b.to(a, event="back")
    decided = (ignored(a, Go, because="no", when="not maybe"),)
    chart = type(Base)("Unsure", (Base,), {"a": a, "b": b, "decided": decided})
    refused(chart, errors.UnknownGuardError, "when='not maybe'", "'maybe'")


@pytest.mark.parametrize("place", ["on", "before", "after"])
def test_unknown_effect(place: str):
    chart = transition(event="go", **{place: "vanish"})
    refused(chart, errors.UnknownEffectError, "a --go--> b", "'vanish'")


@pytest.mark.parametrize("place", ["enter", "exit"])
def test_unknown_effect_of_a_state(place: str):
    a, b = State(initial=True), State(**{place: "vanish"})
    a.to(b, event="go")
    b.to(a, event="back")
    chart = type(Base)("Acting", (Base,), {"a": a, "b": b})
    refused(chart, errors.UnknownEffectError, "state 'b'", "'vanish'")


@pytest.mark.parametrize(
    "text",
    [
        *("yes == 1", "yes > 0", "1 < 2", "In('a')", "yes()", "True", "1", "'yes'", ""),
        *("yes and", "yes.no", "yes if yes else yes", "(yes, yes)", "yes + yes", "-yes"),
    ],
)
def test_guard_string_that_is_not_names_joined(text: str):
    refused(guarded(text), errors.GuardExpressionError, "a --go--> b", repr(text))


def test_declaration_whose_when_is_not_names_joined():
    a, b = State(initial=True), State()
    a.to(b, event="go", cond="yes")
    b.to(a, event="back")
    decided = (ignored(a, Go, because="no", when="yes == 0"),)
    chart = type(Base)("Unsure", (Base,), {"a": a, "b": b, "decided": decided})
    refused(chart, errors.GuardExpressionError, "yes == 0")


async def asynchronous(self, facts, trigger):
    return True


def generating(self, facts, trigger):
    yield True


async def both(self, facts, trigger):
    yield True


@pytest.mark.parametrize("method", [asynchronous, generating, both])
@pytest.mark.parametrize("build", [guarded, acting])
def test_async_callback(build: Callable[..., type[Chart]], method: Any):
    refused(build("method", method=method), errors.AsyncCallbackError, "a --go--> b", "'method'")


def test_async_callback_by_convention():
    refused(two_states(on_enter_b=asynchronous), errors.AsyncCallbackError, "'on_enter_b'")


@pytest.mark.parametrize("make", [property, functools.cached_property])
@pytest.mark.parametrize("build", [guarded, acting])
def test_property_callback(build: Callable[..., type[Chart]], make: Any):
    def method(self):
        raise AssertionError

    refused(build("method", method=make(method)), errors.PropertyCallbackError, "'method'")


def test_property_callback_given_as_an_object():
    @property
    def method(self):
        raise AssertionError

    refused(guarded(method, method=method), errors.PropertyCallbackError, "'method'")


@pytest.mark.parametrize("build", [guarded, acting])
def test_lambda_callback(build: Callable[..., type[Chart]]):
    refused(build(lambda facts: True), errors.LambdaCallbackError, "a --go--> b")


@pytest.mark.parametrize("build", [guarded, acting])
def test_lambda_callback_by_name(build: Callable[..., type[Chart]]):
    chart = build("method", method=lambda self, facts, trigger: True)
    refused(chart, errors.LambdaCallbackError, "'method'")


@functools.wraps(plain)
def wrapping(*arguments, **named):
    return plain(*arguments, **named)


@pytest.mark.parametrize("method", [wrapping, staticmethod(plain), classmethod(plain)])
@pytest.mark.parametrize("build", [guarded, acting])
def test_decorated_callback(build: Callable[..., type[Chart]], method: Any):
    refused(build("method", method=method), errors.DecoratedCallbackError, "'method'")


def test_callback_given_with_a_decorator_of_a_transition():
    a, b = State(initial=True), State()
    go = a.to(b)
    b.to(a, event="back")

    @go.on
    def method(self, facts, trigger):
        raise AssertionError

    chart = type(Base)("Decorated", (Base,), {"a": a, "b": b, "go": go, "method": method})
    refused(chart, errors.DecoratedCallbackError, "a --go--> b", "'method'")


def test_callback_given_with_a_decorator_of_a_state():
    a, b = State(initial=True), State()
    a.to(b, event="go")
    b.to(a, event="back")

    @b.enter
    def method(self, facts, trigger):
        raise AssertionError

    chart = type(Base)("Decorated", (Base,), {"a": a, "b": b, "method": method})
    refused(chart, errors.DecoratedCallbackError, "state 'b'", "'method'")


def test_callback_given_as_a_function():
    def method(self, facts, trigger):
        raise AssertionError

    refused(acting(method, method=method), errors.DecoratedCallbackError, "'method'")


def test_callback_that_is_not_a_method():
    refused(guarded("limit", limit=3), errors.NotAMethodError, "'limit'", "3")


@pytest.mark.parametrize("name", ["a", "b", "go", "back"])
@pytest.mark.parametrize("build", [guarded, acting])
def test_callback_named_like_a_state_or_event(build: Callable[..., type[Chart]], name: str):
    refused(build(name), errors.CallbackNamedLikeStateOrEventError, "a --go--> b", repr(name))


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
def test_callback_with_other_parameters(build: Callable[..., type[Chart]], method: Any):
    method.__name__ = "method"
    refused(build("method", method=method), errors.CallbackParametersError, "method(self")


def test_convention_with_other_parameters():
    def on_enter_b(self, state):
        raise AssertionError

    refused(two_states(on_enter_b=on_enter_b), errors.CallbackParametersError, "on_enter_b")


@pytest.mark.parametrize(
    "name", ["on_enter_c", "on_exit_go", "before_a", "after_leaving", "on_stay", "on_invoke_c"]
)
def test_method_named_like_an_effect_of_nothing(name: str):
    def method(self, facts, trigger):
        raise AssertionError

    refused(two_states(**{name: method}), errors.CallbackWithoutPlaceError, repr(name))


def test_method_named_like_an_effect_of_nothing_may_be_a_helper():
    def on_time(self):
        return True

    def punctual(self, facts, trigger):
        return self.on_time()

    assert guarded("punctual", on_time=on_time, punctual=punctual).table()


def sends(self, facts, trigger):
    self.send("go")


def reads(self, facts, trigger):
    return self.configuration


def assigns(self, facts, trigger):
    self.seen = facts


def triggers(self, facts, trigger):
    self.go()


def looks(self, facts, trigger):
    return self.a.is_active


def closes_over(self, facts, trigger):
    return [state for state in [1, 2] if self.current_state_value]


@pytest.mark.parametrize(
    ("method", "attribute"),
    [
        (sends, "send"),
        (reads, "configuration"),
        (assigns, "seen"),
        (triggers, "go"),
        (looks, "a"),
        (closes_over, "current_state_value"),
    ],
)
@pytest.mark.parametrize("build", [guarded, acting])
def test_use_of_the_machine(build: Callable[..., type[Chart]], method: Any, attribute: str):
    chart = build("method", method=method)
    refused(chart, errors.MachineApiError, "'method'", f"self.{attribute}")


def test_use_of_the_machine_through_a_helper():
    class Helped(Base):
        a = State(initial=True)
        b = State()
        a.to(b, event="go", cond="guard")
        b.to(a, event="back")

        def guard(self, facts, trigger):
            return self.helper(facts)

        def helper(self, facts):
            return facts.count and self.is_terminated

    refused(Helped, errors.MachineApiError, "'helper'", "self.is_terminated")


def test_use_of_the_machine_through_super():
    class Above(Base):
        a = State(initial=True)
        b = State()
        a.to(b, event="go", cond="yes")
        b.to(a, event="back")

        def yes(self, facts, trigger):
            return super().yes(facts, trigger)

    refused(Above, errors.MachineApiError, "'yes'", "super()")


def test_use_of_the_machine_behind_another_name_is_refused_when_it_happens():
    def method(self, facts, trigger):
        me = self
        return me.send

    table = guarded("method", method=method).table()
    with pytest.raises(errors.MachineApiError, match=r"Guarded: .*self\.send"):
        table.decide(Snapshot("a", SomeFacts()), Go())


def test_setting_something_on_self_behind_another_name_is_refused_when_it_happens():
    def method(self, facts, trigger):
        me = self
        me.seen = True

    table = guarded("method", method=method).table()
    with pytest.raises(errors.MachineApiError, match=r"self\.seen"):
        table.decide(Snapshot("a", SomeFacts()), Go())


def test_own_methods_and_constants_may_be_used():
    class Counting(Base):
        limit = 3
        a = State(initial=True)
        b = State()
        a.to(b, event="go", cond="enough")
        b.to(a, event="back")
        decided = (
            ignored(a, Go, because="not enough"),
            ignored(a, Back, because="there"),
            ignored(b, Go, because="gone"),
        )

        def enough(self, facts, trigger):
            return all(self.over(count) for count in [facts.count])

        def over(self, count):
            return self.least(count) >= self.limit

        @staticmethod
        def least(count):
            return count

    table = Counting.table()
    assert table.decide(Snapshot("a", SomeFacts(count=2)), Go()).state == "a"
    assert table.decide(Snapshot("a", SomeFacts(count=3)), Go()).state == "b"
