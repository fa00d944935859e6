"""Live machines: a chart runs on python-statemachine, and agrees with its table."""

import pytest
from statemachine import State

from relink.engine import Chart, RemovedEvent, Snapshot, Started, errors, stays

from .door import TABLE, Burnt, DoorChart, DoorFacts, KeyTurned, Pushed, Ring, at


def test_a_chart_is_an_ordinary_machine_of_the_library():
    door = DoorChart(facts=DoorFacts(), trigger=Started())
    assert [state.id for state in door.configuration] == ["opened"]
    door.send("pushed", facts=DoorFacts(), trigger=Pushed())
    assert [state.id for state in door.configuration] == ["closed", "shut"]
    assert "opened --> closed : Pushed" in f"{door:mermaid}"


def test_a_live_machine_agrees_with_the_table():
    facts = DoorFacts()
    decision = TABLE.start(facts)
    door = DoorChart.live(decision.before)
    assert door.enter() == ("opened", facts, (Ring(times=7),))
    for event in [Pushed(), KeyTurned(), Pushed(), Pushed(force=7), KeyTurned(), Burnt(), Burnt()]:
        decision = TABLE.decide(decision.snapshot, event)
        assert door.send(event) == (decision.state, decision.facts, decision.commands)
        assert (door.state, door.facts) == (decision.state, decision.facts)


def test_a_live_machine_rejects_a_state_that_is_no_leaf():
    with pytest.raises(
        errors.UnknownStateError, match="no leaf state 'closed'; it has opened, shut"
    ):
        DoorChart.live(at("closed"))


def test_a_live_machine_continues_after_a_step_that_raised():
    class Weighing(DoorChart):
        def on_exit_closed(self, facts, trigger):
            return Ring(times=100 // (trigger.force - 9))

    door = Weighing.live(at("shut", pushes=3))
    with pytest.raises(ZeroDivisionError):
        door.send(Pushed(force=9))
    assert (door.state, door.facts) == ("shut", DoorFacts(pushes=3))
    assert door.send(Pushed()) == ("shut", DoorFacts(pushes=4), (Ring(times=3),))


def test_a_live_machine_ignores_a_removed_event_as_a_table_does():
    class Rusted(RemovedEvent):
        pass

    door = DoorChart.live(at("shut", pushes=3))
    assert door.send(Rusted()) == ("shut", DoorFacts(pushes=3), ())


class Lamp(Chart):
    """Counts when it starts, and then does what the trigger says."""

    facts_type = DoorFacts
    alphabet = (Pushed,)
    lit = State(initial=True, enter=["count", "ring"])
    absorbing = (lit,)
    stays(lit, event="pushed", on="count")

    def count(self, facts, trigger):
        return Ring(times=facts.pushes)

    def ring(self, facts, trigger):
        return Ring(times=100 // (trigger.force - 7))


def test_a_live_machine_starts_again_after_a_start_that_raised():
    lamp = Lamp.live(Snapshot("", DoorFacts(), -1))
    with pytest.raises(ZeroDivisionError):
        lamp.enter(Pushed(force=7))
    assert lamp.enter(Pushed(force=8)) == ("lit", DoorFacts(), (Ring(times=0), Ring(times=100)))
