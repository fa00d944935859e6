"""Every event is decided in every state, whatever its payload and whatever the facts."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relink.engine import Snapshot
from relink.engine.fuzz import instances, payloads
from relink.machines import CHARTS

from ..profile import examples


@pytest.mark.parametrize("machine", CHARTS)
@settings(max_examples=examples(6), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_event_is_decided_in_every_state(machine: str, data: st.DataObject) -> None:
    table = CHARTS[machine].table()
    remembered = instances(table.chart.facts_type)
    for kind in table.chart.alphabet:
        facts, trigger = data.draw(remembered), data.draw(payloads(kind))
        for state in table.states:
            decision = table.decide(Snapshot(state, facts), trigger)
            assert decision.before == (state, facts, 0)
            assert decision.state in table.states
            assert decision == table.decide(Snapshot(state, facts), trigger)
            assert json.dumps(decision.to_json())
            assert all(command.id for command in decision.commands)
