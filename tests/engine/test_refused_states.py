"""States that cannot be compiled soundly are refused by name, saying where they are."""

import pytest
from statemachine import HistoryState, State
from statemachine.exceptions import InvalidDefinition

from relink.engine import errors, ignored, stays

from .refusing import (
    Back,
    Base,
    Go,
    acting,
    guarded,
    refused,
    two_states,
)


def test_the_charts_that_the_refusals_vary_are_sound():
    assert two_states().table().states == ("a", "b")
    assert guarded("yes").table().states == ("a", "b")
    assert acting("effect").table().states == ("a", "b")


def test_no_states():
    class Empty(Base):
        pass

    refused(Empty, errors.NoStatesError)


def test_parallel_state():
    class Forked(Base):
        class both(State.Parallel):  # noqa: N801
            class left(State.Compound):  # noqa: N801
                x = State(initial=True)
                y = State()
                x.to(y, event="go")

            class right(State.Compound):  # noqa: N801
                z = State(initial=True)
                w = State()
                z.to(w, event="back")

    refused(Forked, errors.ParallelStateError, "'both'")


def test_transition_to_several_states():
    class Torn(Base):
        a = State(initial=True)
        b = State()
        c = State()
        a.to([b, c], event="go")
        a.to(c, event="back")
        b.to(a, event="back")
        c.to(a, event="back")

    refused(Torn, errors.ParallelStateError, "a --go--> b")


def test_history_state():
    class Remembering(Base):
        class inside(State.Compound):  # noqa: N801
            x = State(initial=True)
            y = State()
            h = HistoryState()
            x.to(y, event="go")

        outside = State()
        inside.to(outside, event="back")
        outside.to(inside.h, event="back")

    refused(Remembering, errors.HistoryStateError, "'h'")


def test_nested_final_state():
    class Ending(Base):
        class inside(State.Compound):  # noqa: N801
            x = State(initial=True)
            end = State(final=True)
            x.to(end, event="go")

        outside = State()
        inside.to(outside, event="back")
        outside.to(inside, event="back")

    refused(Ending, errors.NestedFinalStateError, "'end'", "'inside'")


def test_final_state_with_a_way_out():
    """One added after the class was made, when the library does not look any more."""
    a, end = State(initial=True), State(final=True)
    a.to(end, event="go")
    body = {"a": a, "end": end, "decided": ()}
    chart = type(Base)("Undead", (Base,), body)
    end.to(a, event="back")
    refused(chart, errors.FinalStateWithWayOutError, "'end'", "end --back--> a")


def test_the_library_itself_refuses_a_final_state_with_a_way_out_at_class_creation():
    with pytest.raises(InvalidDefinition, match="final state"):

        class Undead(Base):
            a = State(initial=True)
            end = State(final=True)
            a.to(end, event="go")
            end.to(a, event="back")


def test_the_library_itself_refuses_a_trap_state_at_class_creation():
    with pytest.raises(InvalidDefinition, match="outgoing transition"):

        class Trapped(Base):
            a = State(initial=True)
            b = State()
            a.to(b, event="go")


def test_the_library_itself_refuses_an_unreachable_state_at_class_creation():
    with pytest.raises(InvalidDefinition, match="unreachable"):

        class Apart(Base):
            a = State(initial=True)
            b = State()
            a.to(a, event="go")
            b.to(a, event="back")


def test_nested_state_without_a_way_out():
    class Stuck(Base):
        class inside(State.Compound):  # noqa: N801
            x = State(initial=True)
            y = State()
            x.to(y, event="go")
            x.to(y, event="back")
            stays(y, event="go")

        decided = (ignored(inside.y, Back, because="stuck"),)

    refused(Stuck, errors.NoWayOutError, "'y'")


def test_way_out_that_a_guard_shadows():
    """A transition is not enough: some event has to take it."""

    class Shadowed(Base):
        a = State(initial=True)
        b = State()
        a.to(b, event="go back")
        stays(b, event="go back")
        b.to(a, event="go back")

    refused(Shadowed, errors.NoWayOutError, "'b'")


def test_unreachable_nested_state():
    """The library refuses those without a transition to them; here one is never taken."""

    class Apart(Base):
        class inside(State.Compound):  # noqa: N801
            x = State(initial=True)
            y = State()
            stays(x, event="go")
            x.to(y, event="go")
            y.to(x, event="go")

        outside = State()
        inside.to(outside, event="back")
        outside.to(inside, event="go")
        decided = (ignored(outside, Back, because="is"),)

    refused(Apart, errors.UnreachableStateError, "'y'", "'x'")


def test_state_whose_name_an_event_overwrote():
    class Lost(Base):
        a = State(initial=True)
        b = State()
        a.to(b, event="go")
        b = b.to(a, event="back")

    refused(Lost, errors.LostStateError, "a --go--> ?")


def test_state_whose_name_a_method_overwrote():
    class Lost(Base):
        a = State(initial=True)
        b = State()
        a.to(b, event="go")
        b.to(a, event="back")

        def b(self, facts, trigger):
            return None

    refused(Lost, errors.LostStateError, "a --go--> ?")


def test_declaration_for_a_lost_state():
    lost = State()
    refused(two_states(decided=(ignored(lost, Go, because="lost"),)), errors.LostStateError, "lost")


def test_two_nested_states_of_one_name():
    class Twins(Base):
        class left(State.Compound):  # noqa: N801
            x = State(initial=True)

        class right(State.Compound):  # noqa: N801
            x = State(initial=True)

        left.to(right, event="go")
        right.to(left, event="back")

    refused(Twins, errors.DuplicateStateError, "'x'")


def test_two_states_of_one_value():
    class Twins(Base):
        a = State(initial=True, value=1)
        b = State(value=1)
        a.to(b, event="go")
        b.to(a, event="back")

    refused(Twins, errors.DuplicateStateError, "'a'")
