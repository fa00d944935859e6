"""Table and library agree on randomly generated charts.

The charts have nested states, guard expressions, several conditions, effects of every kind,
self-transitions, and transitions for several events. Each is compiled, and then run side by side
by its table, by a live machine that collects what effects return, and by a plain
python-statemachine machine.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from statemachine import State
from statemachine.state import NestedStateFactory

from relink.engine import Assign, Chart, Command, Event, Facts, Snapshot, Table, ignored
from relink.engine.errors import LibraryRefusedError
from relink.engine.stored import stored_table, text_of

from ..profile import examples
from .loose import loosely_compiled

GUARDS = ["g0", "g1", "g2", "g3"]
EFFECTS = ["f0", "f1", "f2", "f3"]


class DomainEvent(Event):
    """An event that carries the guards' answers."""

    bits: int = 0


class E0(DomainEvent):
    pass


class E1(DomainEvent):
    pass


class E2(DomainEvent):
    pass


class Tour(DomainEvent):
    """Leads from each state to the next, so that every state is reachable."""


class Spare(DomainEvent):
    """Does nothing in any state, so that the one declaration always applies."""


ALPHABET = (E0, E1, E2, Tour, Spare)
EVENTS = ["e0", "e1", "e2"]


class Memory(Facts):
    bits: int = 0
    count: int = 0
    last: tuple[str, ...] = ()


class Mark(Command):
    by: str
    count: int


# -- What a chart is made of ----------------------------------------------------------------------


@dataclass
class Node:
    """A state; a compound one has children."""

    children: list["Node"] = field(default_factory=list)
    initial: bool = False
    final: bool = False
    enter: list[str] | None = None
    exit: list[str] | None = None
    id: str = ""


@dataclass
class Arrow:
    """A transition, between states given by their numbers."""

    source: int
    target: int | None
    arguments: dict[str, Any]


@dataclass
class Plan:
    """Everything that defines one chart."""

    nodes: list[Node]
    arrows: list[Arrow]
    conventions: list[str]

    def all(self, nodes: list[Node] | None = None) -> list[Node]:
        nodes = self.nodes if nodes is None else nodes
        return [found for node in nodes for found in (node, *self.all(node.children))]


expressions = st.recursive(
    st.sampled_from(GUARDS),
    lambda inner: st.one_of(
        inner.map("not {}".format),
        st.tuples(inner, inner).map(lambda pair: "({} and {})".format(*pair)),
        st.tuples(inner, inner).map(lambda pair: "({} or {})".format(*pair)),
        inner.map("!{}".format),
        st.tuples(inner, inner).map(lambda pair: "{} or {}".format(*pair)),
    ),
    max_leaves=4,
)
conditions = st.none() | expressions | st.lists(expressions, max_size=2)
effects = st.none() | st.sampled_from(EFFECTS) | st.lists(st.sampled_from(EFFECTS), max_size=2)
inline = st.none() | st.lists(st.sampled_from(EFFECTS), max_size=1)


def nodes(depth: int) -> st.SearchStrategy[Node]:
    leaf = st.builds(Node, enter=inline, exit=inline)
    if depth == 0:
        return leaf
    children = st.lists(nodes(depth - 1), min_size=1, max_size=3)
    return leaf | st.builds(Node, children=children, enter=inline, exit=inline)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    plan = Plan(draw(st.lists(nodes(2), min_size=2, max_size=4)), [], [])
    draw(st.sampled_from(plan.nodes)).initial = True
    if draw(st.booleans()):
        plan.nodes.append(Node(final=True, enter=draw(inline)))
    for number, node in enumerate(plan.all()):
        node.id = f"s{number}"
        if node.children and draw(st.booleans()):
            draw(st.sampled_from(node.children)).initial = True
    for _ in range(draw(st.integers(1, 10))):
        plan.arrows.append(draw(arrows(plan)))
    names = ["state", *(node.id for node in plan.all())]
    used = {event for arrow in plan.arrows for event in arrow.arguments["event"].split()}
    when = ["transition", *sorted(used), "tour"]
    of_states = [f"on_{way}_{name}" for way in ("enter", "exit") for name in names]
    of_events = [f"{place}_{name}" for place in ("before", "on", "after") for name in when]
    for conventions in (of_states, of_events):
        chosen = st.lists(st.sampled_from(conventions), max_size=4, unique=True)
        plan.conventions += draw(chosen)
    return plan


@st.composite
def arrows(draw: st.DrawFn, plan: Plan) -> Arrow:
    everything = plan.all()
    numbers = range(len(everything))
    source = draw(st.sampled_from([n for n in numbers if not everything[n].final]))
    target = draw(st.none() | st.just(source) | st.sampled_from(numbers))
    arguments: dict[str, Any] = {
        "event": " ".join(draw(st.lists(st.sampled_from(EVENTS), min_size=1, unique=True))),
        "cond": draw(conditions),
        "unless": draw(conditions),
        "before": draw(effects),
        "on": draw(effects),
        "after": draw(effects),
    }
    if target == source and everything[source] in plan.nodes and not everything[source].children:
        arguments["internal"] = draw(st.booleans())
    return Arrow(source, target, arguments)


# -- Making it a class ----------------------------------------------------------------------------


def make_guard(name: str, explode: bool) -> Any:
    place = int(name[1:])

    def guard(self, facts, trigger):
        assert not explode
        return bool((facts.bits ^ trigger.bits) >> place & 1)

    guard.__name__ = name
    return guard


RAN: list[str] = []
"""Which effects ran, in order."""


def make_effect(name: str, explode: bool) -> Any:
    kind = sum(map(ord, name)) % 4

    def effect(self, facts, trigger):
        assert not explode
        RAN.append(name)
        mark = Mark(by=name, count=facts.count)
        counted = Assign(count=facts.count + 1)
        if kind == 0:
            return None
        if kind == 1:
            return mark
        if kind == 2:
            return [mark, counted, None, Mark(by=f"{name} again", count=facts.count)]
        return Assign(bits=trigger.bits >> 1, count=facts.count + 1)

    effect.__name__ = name
    return effect


def make_state(node: Node) -> Any:
    arguments = {"initial": node.initial, "enter": node.enter, "exit": node.exit}
    if not node.children:
        return State(final=node.final, **arguments)
    children = {child.id: make_state(child) for child in node.children}
    return NestedStateFactory(node.id, (State.Compound,), children, **arguments)


def flat(states: list[Any]) -> list[Any]:
    return [found for state in states for found in (state, *flat(state.states))]


def make_chart(plan: Plan, explode: bool = False) -> type[Chart]:
    top = {node.id: make_state(node) for node in plan.nodes}
    states = flat(list(top.values()))
    for arrow in plan.arrows:
        target = None if arrow.target is None else states[arrow.target]
        states[arrow.source].to(target, **arrow.arguments)
    leaves = [state for state in states if not state.states and not state.final]
    for state, following in zip(leaves, [*leaves[1:], leaves[0]], strict=True):
        state.to(following, event="tour", unless="g3")
        state.to(following, event="tour", on="f0")
    final = [state for state in states if state.final]
    for state in final:
        leaves[0].to(state, event="tour", cond="g2")
        # First, or another transition would always be taken.
        leaves[0].transitions.transitions.insert(0, leaves[0].transitions.transitions.pop())
    methods = {name: make_guard(name, explode) for name in GUARDS}
    methods |= {name: make_effect(name, explode) for name in [*EFFECTS, *plan.conventions]}
    body = {
        **top,
        **methods,
        "facts_type": Memory,
        "alphabet": ALPHABET,
        "decided": (ignored(list(top.values()), ALPHABET, because="generated"),),
    }
    return type(Chart)("Generated", (Chart,), body)


triggers = st.builds(
    lambda kind, bits: kind(bits=bits), st.sampled_from(ALPHABET), st.integers(0, 15)
)


def compiled(chart: type[Chart]) -> Table:
    """The chart's table, if the library accepts the chart.

    It rejects two conditions of one transition that it cannot tell apart, such as
    ``(a or b) and c`` and ``a or (b and c)``.
    """
    try:
        return loosely_compiled(chart)
    except LibraryRefusedError as error:
        if "Did not found name" not in str(error):
            raise
        reject()


def bounded(full: int) -> settings:
    return settings(
        max_examples=examples(full), deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


def plain_step(machine: Any, event: DomainEvent, facts: Memory) -> tuple[str, list[str]]:
    """One event on a plain machine of the library: the state after, the effects that ran."""
    RAN.clear()
    machine.send(event.name, facts=facts, trigger=event)
    return next(s.id for s in machine.configuration if s.is_atomic), list(RAN)


@bounded(100)
@given(plans(), st.lists(triggers, max_size=25))
def test_table_live_machine_and_plain_machine_agree(plan: Plan, events: list[DomainEvent]):
    chart = make_chart(plan)
    table = compiled(chart)
    first = Spare()
    decision = table.start(Memory(), first)
    live = chart.live(decision.before)
    assert live.enter(first) == (decision.state, decision.facts, decision.commands)
    RAN.clear()
    plain: Any = chart(facts=Memory(), trigger=first)
    assert tuple(RAN) == table.entry.effects
    for event in events:
        snapshot = decision.snapshot
        assert plain_step(plain, event, snapshot.facts) is not None
        ran = list(RAN)
        decision = table.decide(snapshot, event)
        assert live.send(event) == (decision.state, decision.facts, decision.commands)
        assert [state.id for state in plain.configuration if state.is_atomic] == [decision.state]
        assert decision.leaf.effects == tuple(ran)
        assert decision.facts == Memory.model_validate(decision.facts.model_dump())


@bounded(50)
@given(plans(), triggers, st.integers(0, 15))
def test_a_live_machine_set_to_any_stored_state_agrees_with_the_table(
    plan: Plan, event: DomainEvent, bits: int
):
    chart = make_chart(plan)
    table = compiled(chart)
    for state in table.states:
        snapshot = Snapshot(state, Memory(bits=bits))
        decision = table.decide(snapshot, event)
        step = chart.live(snapshot).send(event)
        assert step == (decision.state, decision.facts, decision.commands)


@bounded(50)
@given(plans(), st.integers(0, 7))
def test_every_combination_of_answers_has_one_leaf_and_every_leaf_is_reached(
    plan: Plan, count: int
):
    table = compiled(make_chart(plan))
    reached = set()
    for state in table.states:
        snapshot = Snapshot(state, Memory(count=count))
        for kind in ALPHABET:
            for bits in range(16):
                event = kind(bits=bits)
                decision = table.decide(snapshot, event)
                reached.add(decision.leaf.index)
                answers = {name: bool(bits >> int(name[1:]) & 1) for name, _ in decision.guards}
                assert dict(decision.guards) == answers
                assert (decision.leaf.source, decision.leaf.event) == (state, event.name)
                assert decision.state in table.states
                # Deciding changed neither snapshot nor event, and gives the same again.
                assert table.decide(snapshot, event) == decision
                assert snapshot == Snapshot(state, Memory(count=count))
                assert event.bits == bits
    assert reached == {leaf.index for leaf in table.leaves()}
    assert [leaf.index for leaf in table.leaves()] == list(range(len(reached)))


@bounded(25)
@given(plans())
def test_compiling_runs_no_method_of_the_chart(plan: Plan):
    table = compiled(make_chart(plan))
    exploding = compiled(make_chart(plan, explode=True))
    assert (exploding.trees, exploding.entry) == (table.trees, table.entry)


@st.composite
def changed(draw: st.DrawFn, plan: Plan) -> Plan:
    """The plan with one thing about it changed."""
    plan = deepcopy(plan)
    arrow = draw(st.sampled_from(plan.arrows))
    other = draw(arrows(plan))
    node = draw(st.sampled_from(plan.all()))
    match draw(st.sampled_from(["argument", "target", "order", "lost", "convention", "state"])):
        case "argument":
            name = draw(st.sampled_from(["event", "cond", "unless", "before", "on", "after"]))
            arrow.arguments[name] = other.arguments[name]
        case "target":
            arrow.target = other.target
            arrow.arguments.pop("internal", None)
        case "order":
            plan.arrows.reverse()
        case "lost":
            plan.arrows.remove(arrow)
        case "convention":
            plan.conventions = plan.conventions[1:]
        case "state":
            node.enter, node.exit = other.arguments["before"], other.arguments["after"]
    return plan


@bounded(200)
@given(st.data())
def test_a_stored_table_is_what_the_compiler_would_make_or_is_not_used(data: st.DataObject):
    plan = data.draw(plans())
    text = text_of(compiled(make_chart(plan)))
    same, other = make_chart(plan), make_chart(data.draw(changed(plan)))
    same.table_text = other.table_text = text
    assert stored_table(same) is not None
    for chart in (same, other):
        if (stored := stored_table(chart)) is not None:
            chart.table_text = ""
            table = compiled(chart)
            assert (stored.states, stored.final) == (table.states, table.final)
            assert (stored.entry, stored.trees) == (table.entry, table.trees)
