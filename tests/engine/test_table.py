"""Tables by example: what they contain, and what they decide."""

import pytest
from statemachine import State

from relink.engine import (
    Branch,
    Chart,
    Event,
    Facts,
    Leaf,
    Reason,
    Snapshot,
    Started,
    errors,
    ignored,
    impossible,
    stays,
)
from relink.engine.compile import compile_chart

from .door import TABLE, Burnt, DoorChart, DoorFacts, KeyTurned, Pushed, Ring, at

# -- The table ------------------------------------------------------------------------------------


def test_a_table_lists_its_states_and_events():
    assert TABLE.chart is DoorChart
    assert TABLE.name == "door"
    assert TABLE.states == ("opened", "shut", "locked", "gone")
    assert TABLE.initial == "opened"
    assert TABLE.final == ("gone",)
    assert TABLE.events == ("pushed", "key_turned", "burnt")
    assert repr(TABLE) == "<Table door: 4 states, 3 events>"


def test_each_chart_class_has_its_own_table_compiled_once():
    class OtherDoor(DoorChart):
        pass

    assert DoorChart.table() is TABLE
    assert OtherDoor.table() is not TABLE
    assert OtherDoor.table().chart is OtherDoor
    assert OtherDoor.table().trees == TABLE.trees
    assert OtherDoor.table().name == "other_door"


def test_the_leaves_of_one_state_and_event():
    jammed = (("is_strong", True), ("is_jammed", True))
    moved = {"event": "pushed", "outcome": "moved", "target": "opened", "source": "shut"}
    fine = "closed --pushed[is_strong and not is_jammed]--> opened"
    keyed = "closed --pushed[is_strong and holds_key]--> opened"
    expected = [
        Leaf(
            **moved,
            index=2,
            guards=(*jammed, ("holds_key", True)),
            effects=("count", "on_enter_opened"),
            transition=keyed,
            label="pushed[is_strong and holds_key]",
        ),
        Leaf(
            index=3,
            event="pushed",
            source="shut",
            outcome="ignored",
            target="shut",
            guards=(*jammed, ("holds_key", False)),
            reason=Reason(None, "jammed"),
        ),
        Leaf(
            **moved,
            index=4,
            guards=(("is_strong", True), ("is_jammed", False)),
            effects=("ring", "count", "on_enter_opened"),
            transition=fine,
            label="pushed[is_strong and not is_jammed]",
        ),
        Leaf(
            index=5,
            event="pushed",
            source="shut",
            outcome="stayed",
            target="shut",
            guards=(("is_strong", False),),
            effects=("ring", "count"),
            transition="closed --pushed[not is_strong]--> closed",
            label="pushed[not is_strong]",
        ),
    ]
    first = next(TABLE.leaves("shut", "pushed")).index
    assert [leaf.index - first + 2 for leaf in TABLE.leaves("shut", "pushed")] == [2, 3, 4, 5]
    found = [
        Leaf(**{**{k: getattr(leaf, k) for k in leaf.__slots__}, "index": leaf.index - first + 2})
        for leaf in TABLE.leaves("shut", "pushed")
    ]
    assert found == expected


def test_leaves_can_be_selected_by_state_or_event():
    everything = list(TABLE.leaves())
    assert list(TABLE.leaves("gone")) == [leaf for leaf in everything if leaf.source == "gone"]
    assert list(TABLE.leaves(event="burnt")) == [x for x in everything if x.event == "burnt"]
    assert [leaf.index for leaf in everything] == list(range(len(everything)))
    with pytest.raises(errors.UnknownStateError, match="'nowhere'"):
        TABLE.leaves("nowhere")


def test_trees_have_the_guards_in_the_order_in_which_they_are_asked():
    tree = TABLE.trees["shut", "pushed"]
    assert isinstance(tree, Branch)
    assert tree.guard == "is_strong"
    assert isinstance(tree.yes, Branch)
    assert tree.yes.guard == "is_jammed"
    assert isinstance(tree.no, Leaf)


def test_conventional_effects_are_those_of_the_event_sent():
    class Named(Chart):
        facts_type = DoorFacts
        alphabet = (Pushed, KeyTurned)

        a = State(initial=True, exit="last")
        b = State(enter="first")
        a.to(b, event="pushed key_turned", on="middle")
        b.to(a, event="pushed key_turned")

        def first(self, facts, trigger): ...
        def middle(self, facts, trigger): ...
        def last(self, facts, trigger): ...
        def before_pushed(self, facts, trigger): ...
        def on_key_turned(self, facts, trigger): ...
        def after_pushed(self, facts, trigger): ...
        def after_transition(self, facts, trigger): ...
        def on_enter_b(self, facts, trigger): ...
        def on_exit_state(self, facts, trigger): ...

    pushed, turned = (
        next(Named.table().leaves("a", event)).effects for event in ("pushed", "key_turned")
    )
    exits, enters = ("on_exit_state", "last"), ("first", "on_enter_b")
    assert pushed == (
        *("before_pushed", *exits, "middle", *enters),
        *("after_pushed", "after_transition"),
    )
    assert turned == (*exits, "middle", "on_key_turned", *enters, "after_transition")


class Counting:
    """Guards and effects for the charts below."""

    def a(self, facts, trigger):
        return facts.has_key

    def b(self, facts, trigger):
        return facts.pushes > 1

    def c(self, facts, trigger):
        return facts.pushes > 2

    def note(self, facts, trigger): ...
    def came(self, facts, trigger): ...
    def went(self, facts, trigger): ...


def used(*names: str) -> type:
    """A base with these methods alone, since a method that nothing uses is refused."""
    return type("Used", (), {name: vars(Counting)[name] for name in names})


@pytest.mark.parametrize(
    ("cond", "unless", "label"),
    [
        (None, None, "pushed"),
        ("a", None, "pushed[a]"),
        (None, "a", "pushed[not a]"),
        ("a or b", None, "pushed[a or b]"),
        ("not a", None, "pushed[not a]"),
        (None, "a or b", "pushed[not (a or b)]"),
        (["a", "b"], None, "pushed[a and b]"),
        (["a", "b or c"], None, "pushed[a and (b or c)]"),
        (["b or c", "a"], None, "pushed[(b or c) and a]"),
        ("a", "b", "pushed[a and not b]"),
        ("a or b", "c", "pushed[(a or b) and not c]"),
        ("a", "b and c", "pushed[a and not (b and c)]"),
        (None, ["a", "b"], "pushed[not a and not b]"),
        (None, ["a or b", "c"], "pushed[not (a or b) and not c]"),
    ],
)
def test_a_label_has_the_event_and_the_condition_of_its_transition(cond, unless, label: str):
    class Labelled(used(*{*"abc"} & {*str([cond, unless])}), Chart):
        facts_type = DoorFacts
        alphabet = (Pushed,)

        here = State(initial=True)
        gone = State(final=True)
        here.to(gone, event="pushed", cond=cond, unless=unless)
        if cond or unless:
            stays(here, event="pushed")
        decided = (ignored(gone, Pushed, because="gone"),)

    first = next(leaf for leaf in Labelled.table().leaves("here") if leaf.outcome == "moved")
    assert first.label == label
    assert first.transition == f"here --{label}--> gone"


@pytest.mark.parametrize(
    ("place", "how", "effects"),
    [
        # As in SCXML, a transition to the same state leaves and enters it, unless it is internal.
        ("top", lambda x: x.to.itself(event="pushed", on="note"), ("went", "note", "came")),
        ("top", lambda x: x.to(x, event="pushed", on="note"), ("went", "note", "came")),
        ("nested", lambda x: x.to.itself(event="pushed", on="note"), ("went", "note", "came")),
        ("top", lambda x: x.to.itself(event="pushed", on="note", internal=True), ("note",)),
        ("top", lambda x: stays(x, event="pushed", on="note"), ("note",)),
        ("nested", lambda x: stays(x, event="pushed", on="note"), ("note",)),
    ],
    ids=["itself", "to the same", "itself, nested", "internal", "stays", "stays, nested"],
)
def test_which_transitions_to_the_same_state_enter_it_again(place: str, how, effects):
    here, gone = State(enter="came", exit="went", initial=True), State(final=True)
    how(here)
    here.to(gone, event="key_turned")
    body = {
        "__module__": __name__,
        "facts_type": DoorFacts,
        "alphabet": (Pushed, KeyTurned),
        "gone": gone,
        "decided": (ignored(gone, (Pushed, KeyTurned), because="gone"),),
    }
    if place == "top":
        body["here"] = here
    else:
        inner = {"here": here, "__qualname__": "around"}
        body["around"] = type(State.Compound)("around", (State.Compound,), inner, initial=True)
    chart = type(Chart)("Same", (used("note", "came", "went"), Chart), body)
    [leaf] = chart.table().leaves("here", "pushed")
    assert (leaf.outcome, leaf.target, leaf.effects) == ("stayed", "here", effects)
    [leaving] = chart.table().leaves("here", "key_turned")
    assert leaving.effects == ("went",)
    assert chart.table().entry.effects == ("came",)


def test_compiling_a_chart_twice_gives_the_same_trees():
    assert compile_chart(DoorChart).trees == TABLE.trees


# -- Deciding -------------------------------------------------------------------------------------


def test_the_first_decision_enters_the_initial_state():
    decision = TABLE.start(DoorFacts())
    assert decision.before == Snapshot("", DoorFacts(), -1)
    assert decision.trigger == Started()
    assert decision.snapshot == Snapshot("opened", DoorFacts(), 0)
    assert decision.commands == (Ring(times=7),)
    assert decision.outcome == "moved"
    assert str(decision) == "(start) --started--> opened: 1 command (ring)"


def test_the_first_decision_can_have_a_trigger():
    assert TABLE.start(DoorFacts(), Burnt(at=3)).trigger == Burnt(at=3)


def test_a_transition_with_effects_of_every_kind():
    decision = TABLE.decide(at("shut", pushes=5), Pushed(force=9))
    assert decision.before == at("shut", pushes=5)
    assert decision.trigger == Pushed(force=9)
    assert decision.state == "opened"
    assert decision.facts == DoorFacts(pushes=6)
    assert decision.commands == (Ring(times=5), Ring(times=7))
    assert decision.outcome == "moved"
    assert decision.transition == "closed --pushed[is_strong and not is_jammed]--> opened"
    assert decision.guards == (("is_strong", True), ("is_jammed", False))
    assert decision.changes == {"pushes": (5, 6)}
    assert decision.snapshot == Snapshot("opened", DoorFacts(pushes=6), 5)
    assert decision.reason is None
    assert not decision.anomaly


def test_a_transition_to_a_compound_state_enters_its_initial_state():
    decision = TABLE.decide(at("opened"), Pushed())
    assert decision.state == "shut"
    assert decision.commands == (Ring(times=1), Ring(times=2))


def test_a_transition_that_keeps_the_state_neither_exits_nor_enters_it():
    for state in ("shut", "locked"):
        decision = TABLE.decide(at(state, pushes=5), Pushed())
        assert (decision.state, decision.outcome) == (state, "stayed")
        assert decision.commands == (Ring(times=5),)
        assert decision.facts.pushes == 6


def test_an_ignored_event_changes_nothing_and_has_a_reason():
    decision = TABLE.decide(at("shut"), KeyTurned())
    assert (decision.state, decision.outcome) == ("shut", "ignored")
    assert decision.facts is decision.before.facts
    assert decision.commands == ()
    assert decision.changes == {}
    assert decision.transition is None
    assert decision.reason is not None
    assert decision.reason.code == "no_key"
    assert not decision.anomaly


def test_an_ignored_event_can_be_an_anomaly():
    decision = TABLE.decide(at("gone"), Burnt())
    assert (decision.state, decision.outcome, decision.anomaly) == ("gone", "ignored", True)


def test_guard_answers_declared_impossible_raise():
    with pytest.raises(
        errors.ImpossibleReachedError,
        match=r"door: key_turned in opened with holds_key=True .*\(the key is on the wall\)",
    ):
        TABLE.decide(at("opened", has_key=True), KeyTurned())


def test_a_state_that_is_no_leaf_of_the_chart_is_an_error():
    for state in ("closed", "ajar", ""):
        with pytest.raises(errors.UnknownStateError, match=f"no leaf state '{state}'.* opened,"):
            TABLE.decide(at(state), Pushed())


def test_an_event_outside_of_the_alphabet_is_an_error():
    class Painted(Event):
        pass

    with pytest.raises(errors.UnknownEventError, match="'painted'; it knows pushed, key_turned"):
        TABLE.decide(at("shut"), Painted())


def test_impossible_takes_precedence_over_transitions_and_ignored():
    class Wall(DoorChart):
        decided = (
            ignored(DoorChart.opened, KeyTurned, because="never", when="holds_key"),
            *DoorChart.decided,
        )

    with pytest.raises(errors.DeadDeclarationError, match="ignored"):
        compile_chart(Wall)

    class Wood(DoorChart):
        decided = (
            *DoorChart.decided,
            impossible(DoorChart.closed.shut, Pushed, when="is_jammed", because="it is oiled"),
        )

    with pytest.raises(errors.ImpossibleReachedError, match="it is oiled"):
        Wood.table().decide(at("shut", pushes=101), Pushed(force=9))


def test_the_first_of_two_matching_ignored_declarations_counts():
    class Wood(DoorChart):
        decided = (
            ignored(DoorChart.closed.shut, KeyTurned, because=Reason("first", "it is the first")),
            *DoorChart.decided,
        )

    codes = {}
    for state in ("shut", "locked"):
        reason = Wood.table().decide(at(state), KeyTurned()).reason
        assert reason is not None
        codes[state] = reason.code
    assert codes == {"shut": "first", "locked": "no_key"}


def test_a_state_that_only_impossible_answers_lead_to_is_unreachable():
    class Wood(DoorChart):
        decided = (
            *DoorChart.decided,
            impossible(DoorChart.closed.shut, KeyTurned, when="holds_key", because="lost"),
        )

    with pytest.raises(errors.UnreachableStateError, match="'locked'"):
        compile_chart(Wood)


def test_a_machine_does_not_start_by_itself_where_facts_have_no_default():
    class Named(Facts):
        count: int = 0
        id: str
        label: str = ""
        place: str

    here = State(initial=True)
    stays(here, event="pushed")
    body = {"here": here, "absorbing": (here,), "facts_type": Named, "alphabet": (Pushed,)}
    table = type(Chart)("PlaceChart", (Chart,), body).table()
    with pytest.raises(errors.SnapshotError) as caught:
        table.start()
    assert str(caught.value) == (
        "place: it starts with facts, whose id, place has no default; give Named(id=..., place=...)"
    )
