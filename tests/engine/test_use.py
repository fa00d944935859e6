"""The compiler refuses what a chart declares without an effect, and names all places at once."""

from typing import Any, Optional, Protocol

import pytest
from statemachine import State

from relink.engine import (
    Assign,
    Chart,
    Command,
    Event,
    Facts,
    Send,
    Started,
    errors,
    ignored,
    stays,
)

from .invalid_charts import Back, Base, Go, SomeFacts, acting, assert_rejected, guarded, two_states


def chart_of(*more: tuple[Any, ...], **attributes: Any) -> type[Chart]:
    """A chart of two states, with further transitions of the first one."""
    a, b = State(initial=True), State()
    a.to(b, event="go", cond="yes")
    a.to(b, event="go", unless="yes")
    b.to(a, event="back")
    for target, arguments in more:
        a.to({"a": a, "b": b}[target], **arguments)
    body = {
        "a": a,
        "b": b,
        "decided": (ignored(a, Back, because="there"), ignored(b, Go, because="gone")),
    }
    return type(Base)("Dead", (Base,), {**body, **attributes})


@pytest.mark.parametrize(
    "arguments", [{"event": "go"}, {"event": "go", "cond": "yes"}, {"event": "go", "on": "effect"}]
)
def test_a_transition_after_those_that_always_win_is_dead(arguments: dict[str, Any]):
    chart = chart_of(("b", arguments))
    assert_rejected(
        chart, errors.DeadTransitionError, "a --go--> b", "never taken on 'go'", "first"
    )


def test_all_dead_transitions_are_named_at_once():
    chart = chart_of(("b", {"event": "go"}), ("a", {"event": "go", "cond": "yes"}))
    assert_rejected(chart, errors.DeadTransitionError, "a --go--> b", "a --go--> a[yes]", faults=2)


def test_the_event_of_several_that_a_transition_is_dead_on_is_named():
    a, b = State(initial=True), State()
    a.to(b, event="go")
    a.to(b, event="go back")
    b.to(a, event="back")
    decided = (ignored(b, Go, because="gone"),)
    chart = type(Base)("Half", (Base,), {"a": a, "b": b, "decided": decided})
    assert_rejected(chart, errors.DeadTransitionError, "never taken on 'go'")


def test_a_contradiction_is_dead():
    chart = chart_of(("b", {"event": "back", "cond": "yes and not yes"}))
    assert_rejected(chart, errors.DeadTransitionError, "a --back--> b[yes and not yes]")


def test_a_guard_that_is_never_asked_is_refused():
    def other(self, facts, trigger):
        return True

    chart = guarded("yes or (yes and other)", other=other)
    assert_rejected(chart, errors.DeadCallbackError, "a --go--> b", "'other' is never asked")


def test_an_effect_that_never_runs_is_refused():
    class Ending(Base):
        a = State(initial=True)
        b = State()
        a.to(b, event="go")
        stays(b, event="go", on="effect")
        absorbing = (b,)
        decided = (ignored((a, b), Back, because="no way back"),)

        def on_exit_b(self, facts, trigger):
            return None

    assert_rejected(Ending, errors.DeadCallbackError, "state 'b'", "'on_exit_b' never runs")


def test_a_method_that_nothing_uses_is_refused():
    def is_due(self, facts, trigger):
        return True

    def count(self, facts, trigger):
        return None

    chart = two_states(is_due=is_due, count=count)
    assert_rejected(chart, errors.UnusedMethodError, "'is_due'", "'count'", faults=2)


def test_a_method_that_another_one_calls_is_used():
    def outer(self, facts, trigger):
        return any(self.inner(facts, trigger) for _ in range(2))

    def inner(self, facts, trigger):
        return True

    assert guarded("outer", outer=outer, inner=inner).table()


class OtherFacts(Facts):
    pass


def for_back(self, facts: SomeFacts, trigger: Back) -> bool:
    return True


def for_back_or_none(self, facts: SomeFacts, trigger: Back | None) -> bool:
    return True


def for_other_facts_or_none(self, facts: OtherFacts | None, trigger: Go) -> bool:
    return True


def for_go_or_none(self, facts: SomeFacts, trigger: Go | None) -> bool:
    return True


def for_either(self, facts: SomeFacts, trigger: Go | Back) -> bool:
    return True


def for_any(self, facts: Facts, trigger: Event) -> bool:
    return True


def for_anything(self, facts: Any, trigger: Any) -> Any:
    return True


def for_unknown(self, facts: "Nowhere", trigger: "Nowhere") -> "Nowhere":  # type: ignore[name-defined] # noqa: F821
    return True


def for_other_facts(self, facts: OtherFacts, trigger: Go) -> bool:
    return True


def to_text(self, facts: SomeFacts, trigger: Go) -> str:
    return ""


def to_maybe(self, facts: SomeFacts, trigger: Go) -> bool | None:
    return None


def to_nothing(self, facts: SomeFacts, trigger: Go) -> None:
    return None


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        (for_back, "'method' takes trigger: Back, and gets Go"),
        (for_back_or_none, f"'method' takes trigger: {Back | None}, and gets Go"),
        (for_other_facts, "'method' takes facts: OtherFacts, and gets SomeFacts"),
        (for_other_facts_or_none, f"'method' takes facts: {OtherFacts | None}, and gets SomeFacts"),
        (to_text, "'method' is annotated to return str, not bool"),
        (to_maybe, "'method' is annotated to return bool | None, not bool"),
        (to_nothing, "'method' is annotated to return None, not bool"),
    ],
)
def test_a_guard_annotated_for_something_else_is_refused(method: Any, fault: str):
    assert_rejected(guarded("method", method=method), errors.CallbackAnnotationError, fault)


@pytest.mark.parametrize("method", [for_either, for_go_or_none, for_any, for_anything, for_unknown])
def test_a_guard_annotated_for_more_or_for_what_is_unknown_is_fine(method: Any):
    assert guarded("method", method=method).table()


def test_an_effect_annotated_for_another_event_is_refused():
    def on_enter_b(self, facts: SomeFacts, trigger: Back) -> Assign:
        return Assign()

    assert_rejected(
        two_states(on_enter_b=on_enter_b),
        errors.CallbackAnnotationError,
        "a: the effect 'on_enter_b' takes trigger: Back, and gets Go",
    )


def test_a_guard_in_the_place_of_an_effect_is_refused():
    def on_go(self, facts: SomeFacts, trigger: Go) -> bool:
        return True

    assert_rejected(two_states(on_go=on_go), errors.CallbackAnnotationError, "no Assign or Command")


ALLOWED: list[Any] = [
    *(None, Assign, Command, Send, list[Assign], tuple[Command, ...], Assign | None, Any),
    *(list[Assign | Command], "Nowhere"),
]
REFUSED: list[Any] = [bool, int, str, float, dict, set, dict[str, int], set[int]]


def returning(kind: Any) -> Any:
    def method(self, facts, trigger):
        return None

    method.__annotations__["return"] = kind
    return method


@pytest.mark.parametrize("kind", ALLOWED, ids=str)
def test_an_effect_annotated_to_return_what_can_be_applied_is_fine(kind: Any):
    assert acting("method", method=returning(kind)).table()


@pytest.mark.parametrize("kind", REFUSED, ids=str)
def test_an_effect_annotated_to_return_what_cannot_be_applied_is_refused(kind: Any):
    shown = kind.__name__ if kind in (bool, int, str, float, dict, set) else str(kind)
    assert_rejected(
        acting("method", method=returning(kind)),
        errors.CallbackAnnotationError,
        f"the effect 'method' is annotated to return {shown}, which is no Assign or Command",
        "use another method there, or correct its annotation",
    )


class Timed(Protocol):
    at: int


class Mixin:
    """Some events derive from it, perhaps."""


@pytest.mark.parametrize(
    ("trigger", "facts", "fault"),
    [
        (Timed, Timed, ""),
        (Mixin, SomeFacts, ""),
        (object, object, ""),
        (Go | Mixin, SomeFacts | None, ""),
        (Back | Mixin, SomeFacts, ""),
        (Back, SomeFacts, "takes trigger: Back, and gets Go"),
        (Optional[Back], SomeFacts, "and gets Go"),  # noqa: UP045
        (Go, Mixin, "takes facts: Mixin, and gets SomeFacts"),
        (Go, Mixin | None, "and gets SomeFacts"),
    ],
    ids=str,
)
@pytest.mark.parametrize("make", [guarded, acting])
def test_what_a_parameter_is_annotated_for_has_to_fit(
    make: Any, trigger: Any, facts: Any, fault: str
):
    def method(self, facts, trigger):
        return None

    method.__annotations__.update(trigger=trigger, facts=facts)
    chart = make("method", method=method)
    if fault:
        assert_rejected(chart, errors.CallbackAnnotationError, "'method'", fault)
    else:
        assert chart.table()


def test_an_effect_that_runs_at_the_start_too_may_take_any_event():
    def on_enter_a(self, facts: SomeFacts, trigger: Started) -> None:
        return None

    a, b = State(initial=True), State(final=True)
    a.to(b, event="go")
    body = {"a": a, "b": b, "alphabet": (Go,), "on_enter_a": on_enter_a}
    decided = (ignored(b, Go, because="over"),)
    assert type(Base)("Starting", (Base,), {**body, "decided": decided}).table()


@pytest.mark.parametrize(
    "parameters",
    ["self, facts", "self, trigger, facts", "self, facts, trigger, more", "facts, trigger"],
)
def test_a_method_that_takes_something_else_may_wait_for_other_charts(parameters: str):
    names: dict[str, Any] = {}
    exec(f"def helper({parameters}):\n    return None", names)
    assert two_states(helper=names["helper"]).table()
