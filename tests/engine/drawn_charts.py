"""Charts that the tests of diagrams draw: one by hand, and generated ones."""

from typing import Any

from hypothesis import strategies as st
from statemachine import State
from statemachine.state import NestedStateFactory

from relink.engine import Chart, Event, Facts, Table, ignored, impossible, stays

from .loose import loosely_compiled


class Loaded(Event):
    pass


class Rung(Event):
    pass


class Recalled(Event):
    pass


class Crushed(Event):
    pass


class Nothing(Facts):
    pass


class ParcelChart(Chart):
    facts_type = Nothing
    alphabet = (Loaded, Rung, Recalled, Crushed)

    depot = State(initial=True)

    class under_way(State.Compound):  # noqa: N801
        road = State(initial=True)
        door = State()

    note = State()
    delivered = State(final=True)

    depot.to(under_way.road, event="loaded", cond="is_paid and fits")
    under_way.road.to(under_way.door, event="rung")
    under_way.door.to(delivered, event="rung", cond="is_home")
    under_way.door.to(note, event="rung", cond="leaves_a_note")
    note.to(depot, event="loaded rung", cond="is_paid")
    under_way.to(depot, event="recalled", cond="is_paid")
    depot.to(delivered, event="crushed", cond="is_paid")
    under_way.to(delivered, event="crushed", cond="is_paid")
    note.to(delivered, event="crushed", cond="is_paid")
    stays(under_way, event="loaded")

    decided = (
        impossible(
            under_way.door, Rung, when="not (is_home or leaves_a_note)", because="it would rot"
        ),
        ignored((depot, under_way, note, delivered), alphabet, because="nothing to do"),
    )

    def is_paid(self, facts, trigger):
        return True

    def fits(self, facts, trigger):
        return True

    def is_home(self, facts, trigger):
        return True

    def leaves_a_note(self, facts, trigger):
        return True


PARCEL = ParcelChart.table()


class E0(Event):
    pass


class E1(Event):
    pass


class Tour(Event):
    pass


class Spare(Event):
    pass


GUARDS = ["g0", "g1", "g2"]
CONDITIONS = [None, *GUARDS, "g0 and not g1", "g1 or g2", "not g0 and not g2"]


def make_guard(name: str) -> Any:
    def guard(self, facts, trigger):
        return True

    guard.__name__ = name
    return guard


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Charts of a few states, some in compound states; all other events are ignored."""
    top: dict[str, Any] = {}
    states: list[Any] = []
    for number, size in enumerate(draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))):
        inner = {f"s{number}_{n}": State() for n in range(size)}
        states += inner.values()
        if size > 1 or draw(st.booleans()):
            top[f"c{number}"] = NestedStateFactory(f"c{number}", (State.Compound,), inner)
        else:
            top |= inner
    everywhere = [*states, *(state for state in top.values() if state.states)]
    # Many moves to one target under one condition, so that all states share some.
    target = draw(st.sampled_from(states))
    for state in everywhere:
        if state is not target and draw(st.integers(0, 3)):
            state.to(target, event="e0", cond="g0")
    for _ in range(draw(st.integers(0, 6))):
        source, other = draw(st.sampled_from(everywhere)), draw(st.sampled_from(states))
        event = draw(st.sampled_from(["e0", "e1", "e0 e1"]))
        source.to(other, event=event, cond=draw(st.sampled_from(CONDITIONS)))
    for state, following in zip(states, [*states[1:], states[0]], strict=True):
        state.to(following, event="tour", cond=draw(st.sampled_from([None, "g0", "g1 and g2"])))
    alphabet = (E0, E1, Tour, Spare)
    body = {
        **top,
        **{name: make_guard(name) for name in GUARDS},
        "facts_type": Nothing,
        "alphabet": alphabet,
        "decided": (ignored(list(top.values()), alphabet, because="generated"),),
    }
    return loosely_compiled(type(Chart)("Generated", (Chart,), body))
