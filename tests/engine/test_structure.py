"""The structure of a chart: all that it declares, read as plain data."""

from typing import Any

from statemachine import Event as LibraryEvent
from statemachine import HistoryState, State

from relink.engine.library.structure import (
    CLASS_BODY,
    DeclaredTransition,
    leaf_ids,
    python_operators,
    structure_of,
)

from .invalid_charts import Base


class Everything(Base):
    """One of each kind, also of those that the compiler refuses."""

    a = State(initial=True, enter="first", exit=["last", "late"], value=7)

    class b(State.Compound):  # noqa: N801
        c = State(initial=True)
        d = State(final=True)
        past = HistoryState()
        c.to(d, event="go")

    class e(State.Parallel):  # noqa: N801
        f = State()
        g = State()

    h = State(final=True)

    a.to(b, event="go back", cond=["yes", "not no"], unless="never", on="effect", before="early")
    a.to.itself(event="go", internal=True)
    a.to.itself(event="back", after="later", validators="checked")
    a.to(h)
    a.to(b, h, event="go")
    b.to(e, event=LibraryEvent("soon", delay=5))
    e.to(b, event=LibraryEvent("inside", internal=True))
    unused = LibraryEvent("unused")


FOUND = structure_of(Everything)
OF_STATES = {state.id: state for state in FOUND.states}


def kinds(flags: dict[str, bool]) -> set[str]:
    return {name for name, is_so in flags.items() if is_so}


def of_state(id: str) -> tuple[Any, ...]:
    state = OF_STATES[id]
    names = ("is_leaf", "is_final", "is_parallel", "is_history")
    return state.parent, kinds({name: getattr(state, name) for name in names})


def test_states_in_the_order_in_which_they_stand() -> None:
    assert [state.id for state in FOUND.states] == [*"abcd", "past", *"efgh"]
    assert {id: of_state(id) for id in OF_STATES} == {
        "a": (None, {"is_leaf"}),
        "b": (None, set()),
        "c": ("b", {"is_leaf"}),
        "d": ("b", {"is_leaf", "is_final"}),
        "past": ("b", {"is_leaf", "is_history"}),
        "e": (None, {"is_parallel"}),
        "f": ("e", {"is_leaf"}),
        "g": ("e", {"is_leaf"}),
        "h": (None, {"is_leaf", "is_final"}),
    }
    assert [str(state) for state in FOUND.leaves] == [f"state {id!r}" for id in "acdfgh"]
    assert all(state is OF_STATES[state.id] for state in FOUND.leaves)
    assert {id: state.value for id, state in OF_STATES.items()} == {
        id: 7 if id == "a" else id for id in OF_STATES
    }
    assert all(state.state.id == id for id, state in OF_STATES.items())
    assert FOUND.has(Everything.a)
    assert not FOUND.has(State("a", value=7))
    assert not FOUND.has(State(value="nowhere"))


def test_what_is_inside_of_a_state() -> None:
    inside = {id: leaf_ids(state.state) for id, state in OF_STATES.items()}
    assert inside == {
        **{id: (id,) for id in OF_STATES},
        "b": ("c", "d"),
        "e": ("f", "g"),
    }


def of_transition(transition: DeclaredTransition) -> tuple[str, list[str], str, set[str]]:
    names = ("is_initial", "is_internal", "is_to_itself", "is_eventless")
    flags = kinds({name: getattr(transition, name) for name in names})
    targets = [state.id for state in transition.targets]
    return str(transition), targets, transition.target.id, flags


def test_transitions_in_the_order_in_which_they_stand() -> None:
    assert [of_transition(each) for each in OF_STATES["a"].transitions] == [
        ("transition a --go back--> b", ["b"], "b", set()),
        ("transition a --go--> a", ["a"], "a", {"is_internal", "is_to_itself"}),
        ("transition a --back--> a", ["a"], "a", {"is_to_itself"}),
        ("transition a \u2192 h", ["h"], "h", {"is_eventless"}),
        ("transition a --go--> b", ["b"], "b", set()),
        ("transition a --go--> h", ["h"], "h", set()),
    ]
    assert [of_transition(each)[3] for each in OF_STATES["b"].transitions][-1] == {
        *("is_initial", "is_eventless")
    }
    every = [each for state in FOUND.states for each in state.transitions]
    assert len({each.identity for each in every}) == len(every)


def test_callbacks_with_their_roles() -> None:
    def of(owner: Any) -> list[tuple[Any, ...]]:
        return [
            (each.role, each.name, each.declared, each.is_named, each.is_negated)
            for each in owner.callbacks
            if not each.is_convention
        ]

    first, _, back, *_ = OF_STATES["a"].transitions
    assert sorted(of(first)) == [
        ("effect", "early", "early", True, False),
        ("effect", "effect", "effect", True, False),
        ("guard", "never", "never", True, True),
        ("guard", "not no", "not no", True, False),
        ("guard", "yes", "yes", True, False),
    ]
    assert [each.name for each in first.guards] == ["yes", "not no", "never"]
    assert sorted(of(back)) == [
        ("effect", "later", "later", True, False),
        ("validator", "checked", "checked", True, False),
    ]
    assert back.guards == ()
    assert [each[1] for each in of(OF_STATES["a"])] == ["first", "last", "late"]
    conventional = {each.name for each in OF_STATES["a"].callbacks if each.is_convention}
    assert {"on_enter_a", "on_exit_a", "on_enter_state"} <= conventional


def test_events_with_the_places_that_declare_them() -> None:
    told = [(event.name, event.has_delay, event.is_internal, at) for event, at in FOUND.events()]
    placed = [each for each in told if each[3] != CLASS_BODY]
    assert placed[:3] == [
        ("go", False, False, "transition a --go back--> b"),
        ("back", False, False, "transition a --go back--> b"),
        ("go", False, False, "transition a --go--> a"),
    ]
    assert {each[:3] for each in placed} == {
        ("go", False, False),
        ("back", False, False),
        ("soon", True, False),
        ("inside", False, True),
    }
    assert {each[0] for each in told if each[3] == CLASS_BODY} >= {"unused", "go", "back"}


def test_what_the_library_writes_otherwise_is_python() -> None:
    assert python_operators(" !a ^ b v c ").split() == ["not", "a", "and", "b", "or", "c"]
    assert python_operators("a") == "a"
