"""Every event needs a decision in every state, and every declaration must apply somewhere."""

from statemachine import State

from relink.engine import errors, ignored, impossible

from .invalid_charts import Back, Base, Go, assert_rejected, plain, transition


def test_state_and_event_without_a_decision():
    assert_rejected(
        transition(event="go"),
        errors.UndecidedError,
        "2 undecided",
        "back in a",
        "go in b",
        "ignored(...)",
        faults=2,
    )


def test_guard_answers_without_a_decision():
    a, b = State(initial=True), State()
    a.to(b, event="go", cond="yes and not no")
    b.to(a, event="back")
    decided = (
        ignored(a, Go, because="no", when="not yes"),
        ignored(a, Back, because="there"),
        ignored(b, Go, because="gone"),
    )
    chart = type(Base)("Unsure", (Base,), {"a": a, "b": b, "decided": decided, "no": plain})
    assert_rejected(chart, errors.UndecidedError, "1 undecided", "go in a when yes and no")


def test_ignored_that_never_applies():
    a, b = State(initial=True), State()
    a.to(b, event="go")
    b.to(a, event="back")
    decided = (
        ignored(a, Back, because="there"),
        ignored(b, Go, because="gone"),
        ignored(a, Go, because="it never is"),
    )
    chart = type(Base)("Dead", (Base,), {"a": a, "b": b, "decided": decided})
    assert_rejected(chart, errors.DeadDeclarationError, "ignored(a; go)")


def test_impossible_that_never_applies():
    a, b = State(initial=True), State()
    a.to(b, event="go", cond="yes")
    b.to(a, event="back")
    decided = (
        ignored((a, b), (Go, Back), because="so"),
        impossible(a, Go, when="yes and not yes", because="logic"),
    )
    chart = type(Base)("Dead", (Base,), {"a": a, "b": b, "decided": decided})
    assert_rejected(chart, errors.DeadDeclarationError, "impossible(a; go)", "yes and not yes")


def test_too_many_combinations_of_guard_answers():
    guards = {f"guard_{number}": plain for number in range(13)}
    a, b = State(initial=True), State()
    # None of them decides the expression, so the library asks all of them.
    text = " or ".join(f"({name} and not {name})" for name in guards)
    a.to(b, event="go", cond=text)
    b.to(a, event="back")
    chart = type(Base)("Wide", (Base,), {"a": a, "b": b, **guards})
    assert_rejected(chart, errors.TooManyAnswersError, "go in a", "4096")


def test_chart_that_only_the_library_rejects():
    """python-statemachine cannot tell these two conditions apart."""
    guards = dict.fromkeys(("x", "y", "z"), plain)
    a, b = State(initial=True), State()
    a.to(b, event="go", cond=["(x or y) and z", "x or (y and z)"])
    b.to(a, event="back")
    chart = type(Base)("Alike", (Base,), {"a": a, "b": b, **guards})
    assert_rejected(chart, errors.LibraryRefusedError, "x or (y and z)")
