"""Everything has to be decided, and nothing be declared in vain."""

from statemachine import State

from relink.engine import errors, ignored, impossible

from .refusing import Back, Base, Go, plain, refused, transition


def test_undecided_pair():
    refused(transition(event="go"), errors.UndecidedError, "2 undecided", "back in a", "go in b")


def test_undecided_answers():
    a, b = State(initial=True), State()
    a.to(b, event="go", cond="yes and not no")
    b.to(a, event="back")
    decided = (
        ignored(a, Go, because="no", when="not yes"),
        ignored(a, Back, because="there"),
        ignored(b, Go, because="gone"),
    )
    chart = type(Base)("Unsure", (Base,), {"a": a, "b": b, "decided": decided, "no": plain})
    refused(chart, errors.UndecidedError, "1 undecided", "go in a when yes and no")


def test_ignored_that_applies_nowhere():
    a, b = State(initial=True), State()
    a.to(b, event="go")
    b.to(a, event="back")
    decided = (
        ignored(a, Back, because="there"),
        ignored(b, Go, because="gone"),
        ignored(a, Go, because="it never is"),
    )
    chart = type(Base)("Wordy", (Base,), {"a": a, "b": b, "decided": decided})
    refused(chart, errors.DeadDeclarationError, "ignored(a; go)")


def test_impossible_that_applies_nowhere():
    a, b = State(initial=True), State()
    a.to(b, event="go", cond="yes")
    b.to(a, event="back")
    decided = (
        ignored((a, b), (Go, Back), because="so"),
        impossible(a, Go, when="yes and not yes", because="logic"),
    )
    chart = type(Base)("Wordy", (Base,), {"a": a, "b": b, "decided": decided})
    refused(chart, errors.DeadDeclarationError, "impossible(a; go)", "yes and not yes")


def test_too_many_answers():
    guards = {f"guard_{number}": plain for number in range(13)}
    a, b = State(initial=True), State()
    # None of them decides anything, so all are asked, whatever the others said.
    text = " or ".join(f"({name} and not {name})" for name in guards)
    a.to(b, event="go", cond=text)
    b.to(a, event="back")
    chart = type(Base)("Wide", (Base,), {"a": a, "b": b, **guards})
    refused(chart, errors.TooManyAnswersError, "go in a", "4096")


def test_conditions_that_the_library_cannot_tell_apart():
    """What our own walk lets through and the library does not has a name of ours as well."""
    guards = dict.fromkeys(("x", "y", "z"), plain)
    a, b = State(initial=True), State()
    a.to(b, event="go", cond=["(x or y) and z", "x or (y and z)"])
    b.to(a, event="back")
    chart = type(Base)("Alike", (Base,), {"a": a, "b": b, **guards})
    refused(chart, errors.LibraryRefusedError, "x or (y and z)")
