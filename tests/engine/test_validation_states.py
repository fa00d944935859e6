"""The compiler rejects states that it cannot compile soundly, and names them."""

from typing import Any

import pytest
import statemachine
from statemachine import HistoryState, State
from statemachine.states import States

from relink.engine import errors, ignored, stays
from relink.engine.library import body
from relink.engine.library.probe import Probe

from .invalid_charts import (
    Back,
    Base,
    Go,
    acting,
    assert_rejected,
    guarded,
    two_states,
)


def test_the_charts_without_a_mistake_are_valid():
    assert two_states().table().states == ("a", "b")
    assert guarded("yes").table().states == ("a", "b")
    assert acting("effect").table().states == ("a", "b")


def test_a_chart_has_no_more_attributes_than_its_body_gives_it():
    """The name ``State`` stands for something else while a body runs, in compound states too."""

    class Nested(Base):
        a = State(initial=True)

        class b(State.Compound):  # noqa: N801
            c = State(initial=True)

            class d(State.Compound):  # noqa: N801
                e = State(initial=True)

            c.to(d, event="go")

        a.to(b, event="go")

    own = {name for name, value in vars(Nested).items() if value is State or value is body.State}
    assert own == set()
    assert not hasattr(Nested, "State")


def test_chart_without_states():
    class Empty(Base):
        pass

    assert_rejected(Empty, errors.NoStatesError)


def test_state_that_is_parallel():
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

    assert_rejected(Forked, errors.ParallelStateError, "'both'")


def test_transition_to_several_states():
    class Torn(Base):
        a = State(initial=True)
        b = State()
        c = State()
        a.to([b, c], event="go")
        a.to(c, event="back")
        b.to(a, event="back")
        c.to(a, event="back")

    assert_rejected(Torn, errors.ParallelStateError, "a --go--> b")


def test_state_that_is_a_history_state():
    class Remembering(Base):
        class inside(State.Compound):  # noqa: N801
            x = State(initial=True)
            y = State()
            h = HistoryState()
            x.to(y, event="go")

        outside = State()
        inside.to(outside, event="back")
        outside.to(inside.h, event="back")

    assert_rejected(Remembering, errors.HistoryStateError, "'h'")


def test_final_state_inside_a_compound_state():
    class Ending(Base):
        class inside(State.Compound):  # noqa: N801
            x = State(initial=True)
            end = State(final=True)
            x.to(end, event="go")

        outside = State()
        inside.to(outside, event="back")
        outside.to(inside, event="back")

    assert_rejected(Ending, errors.NestedFinalStateError, "'end'", "'inside'")


def test_transition_added_to_a_final_state_after_class_creation():
    """python-statemachine checks final states only when it creates the class."""
    a, end = State(initial=True), State(final=True)
    a.to(end, event="go")
    body = {"a": a, "end": end, "decided": ()}
    chart = type(Base)("Undead", (Base,), body)
    end.to(a, event="back")
    end.to(a, event="go")
    assert_rejected(
        chart, errors.FinalStateWithWayOutError, "'end'", "has transition end --back--> a"
    )


def test_final_states_with_transitions_are_rejected_at_class_creation():
    """So a chart that only python-statemachine runs is not silently another one."""
    with pytest.raises(errors.FinalStateWithWayOutError) as caught:

        class Undead(Base):
            a = State(initial=True)
            end = State(final=True)
            over = State(final=True)
            a.to(end, event="go")
            end.to(a, event="back")
            over.to(a, event="back")

    assert "'end'" in str(caught.value)
    assert "over --back--> a" in str(caught.value)


def test_states_without_a_way_out():
    class Trapped(Base):
        a = State(initial=True)
        b = State()
        c = State()
        a.to(b, event="go")
        a.to(c, event="back")
        decided = (ignored((b, c), (Go, Back), because="trapped"),)

    assert_rejected(Trapped, errors.NoWayOutError, "'b'", "'c'", faults=2)


def test_unreachable_states():
    class Apart(Base):
        a = State(initial=True)
        b = State()
        c = State()
        a.to(a, event="go back")
        b.to(c, event="go back")
        c.to(b, event="go back")
        absorbing = (a,)

    assert_rejected(Apart, errors.UnreachableStateError, "'b'", "'c'", faults=2)


def test_nested_state_that_no_event_leaves():
    class Stuck(Base):
        class inside(State.Compound):  # noqa: N801
            x = State(initial=True)
            y = State()
            x.to(y, event="go")
            x.to(y, event="back")
            stays(y, event="go")

        decided = (ignored(inside.y, Back, because="stuck"),)

    assert_rejected(Stuck, errors.NoWayOutError, "'y'")


def test_an_absorbing_state_takes_events_and_counts_as_final():
    class Done(Base):
        a = State(initial=True)
        b = State()
        absorbing = (b,)
        a.to(b, event="go back")
        stays(b, event="go back")

    assert Done.table().final == ("b",)


def test_absorbing_state_that_an_event_leaves():
    class Undead(Base):
        a = State(initial=True)
        b = State()
        absorbing = (b,)
        a.to(b, event="go back")
        stays(b, event="go")
        b.to(a, event="back")

    assert_rejected(Undead, errors.FinalStateWithWayOutError, "'b'", "absorbing")


def test_state_whose_way_out_is_never_taken():
    """Another transition for the same events comes first."""

    class Shadowed(Base):
        a = State(initial=True)
        b = State()
        a.to(b, event="go back")
        stays(b, event="go back")
        b.to(a, event="go back")

    assert_rejected(Shadowed, errors.NoWayOutError, "'b'")


def test_nested_state_whose_only_way_in_is_never_taken():
    """python-statemachine rejects only states without any transition to them."""

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
        decided = (ignored(outside, Back, because="already back"),)

    assert_rejected(Apart, errors.UnreachableStateError, "'y'", "'x'")


def test_state_whose_name_an_event_overwrites():
    class Lost(Base):
        a = State(initial=True)
        b = State()
        a.to(b, event="go")
        b = b.to(a, event="back")

    assert_rejected(Lost, errors.LostStateError, "a --go--> ?")


def test_state_whose_name_a_method_overwrites():
    class Lost(Base):
        a = State(initial=True)
        b = State()
        a.to(b, event="go")
        b.to(a, event="back")

        def b(self, facts, trigger):
            return None

    assert_rejected(Lost, errors.LostStateError, "a --go--> ?")


def test_declaration_for_a_state_that_the_chart_does_not_have():
    lost = State()
    assert_rejected(
        two_states(decided=(ignored(lost, Go, because="lost"),)), errors.LostStateError, "lost"
    )


def test_two_nested_states_with_one_name():
    class Twins(Base):
        class left(State.Compound):  # noqa: N801
            x = State(initial=True)

        class right(State.Compound):  # noqa: N801
            x = State(initial=True)

        left.to(right, event="go")
        right.to(left, event="back")

    assert_rejected(Twins, errors.DuplicateStateError, "'x'")


def test_two_states_with_one_value():
    class Twins(Base):
        a = State(initial=True, value=1)
        b = State(value=1)
        a.to(b, event="go")
        b.to(a, event="back")

    assert_rejected(Twins, errors.DuplicateStateError, "'a'")


def test_a_state_takes_all_its_values_by_position_and_no_more():
    values = ("Here", None, False, False, False, None, None, None, None)
    assert body.State(*values).noted_faults == []
    assert len(body.State(*values, None).noted_faults) == 1


@pytest.mark.skipif(
    statemachine.__version__ == "3.2.1", reason="python-statemachine 3.2.1 does not refuse it"
)
def test_what_only_the_library_refuses_is_said_with_the_name_of_the_chart():
    """Nested bodies share the names of the chart, and both define the guard that is asked."""
    with pytest.raises(errors.LibraryRefusedError) as caught:

        class Clash(Base):
            class inside(State.Compound):  # noqa: N801
                x = State(initial=True)

                def yes(self, facts, trigger):
                    return False

            outside = State()
            inside.to(outside, event="go", cond="yes")
            outside.to(inside, event="back")

            def yes(self, facts, trigger):
                return True

    assert str(caught.value).startswith("Clash: python-statemachine refuses it: Callback 'yes' ")


def test_the_states_of_a_collection_are_read_as_others_are():
    """It is python-statemachine's way to make states of an Enum."""
    with pytest.raises(errors.StateArgumentError) as caught:

        class Collected(Base):
            every = States({"a": State(inital=True), "b": State(value=[1])})

    assert str(caught.value) == (
        "Collected: \n"
        "  state 'a': State() has no argument 'inital'; did you mean 'initial'?\n"
        "  state 'b': value=[1] can be changed in place; use a text or a number, or leave value out"
    )

    with pytest.raises(errors.InitialStateError, match="'a', state 'b': 2 states are initial"):

        class Torn(Base):
            every = States({"a": State(initial=True), "b": State(initial=True)})

    class Whole(Base):
        every = States({"a": State(initial=True), "b": State()})
        every.a.to(every.b, event="go")
        every.b.to(every.a, event="back")
        decided = (
            ignored(every.a, Back, because="there"),
            ignored(every.b, Go, because="gone"),
        )

    assert Whole.table().states == ("a", "b")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (
            {"zzz": 1},
            "to() has no argument 'zzz'; it takes event, internal, validators, cond, unless, on, "
            "before, after",
        ),
        ({"initial": True, "cond": "yes"}, "to() has no argument 'initial'; name the initial "),
        ({"on": ["a", "b", "b", "a"]}, "to() got on='a' twice; name it once"),
        ({"cond": ("b", "yes", "yes")}, "to() got cond='yes' twice; name it once"),
    ],
)
def test_an_argument_of_a_transition_that_it_does_not_take(arguments: dict[str, Any], fault: str):
    with pytest.raises(errors.StateArgumentError) as caught:

        class Varied(Base):
            a = State(initial=True)
            b = State()
            a.to(b, event="go", **arguments)

    assert str(caught.value).startswith(f"Varied: state 'a': {fault}")


def test_a_listener_that_is_none_is_found_after_one_that_is():
    with pytest.raises(errors.ListenerError, match="listeners: 3 would add callbacks"):

        class Listening(Base):
            listeners = (object(), 3)
            a = State(initial=True)


def test_a_machine_in_two_states_at_once_is_no_configuration():
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

    probe = Probe(Forked, lambda name, effect: effect)
    probe.enter()
    with pytest.raises(errors.ConfigurationError, match="ends a step in the states both, left, x"):
        assert probe.state


def test_a_state_by_another_name_is_one_of_ours():
    """A body that imports python-statemachine's class under a name of its own gets faults told."""
    here: dict[str, Any] = {"__name__": __name__, "Base": Base}
    with pytest.raises(errors.StateArgumentError, match=r"Named: .*'labl'"):
        exec(
            "from statemachine import State as Stage\n"
            "class Named(Base):\n"
            "    a = Stage(initial=True, labl=1)\n"
            "    b = Stage(final=True)\n"
            "    a.to(b, event='go')\n",
            here,
        )
