"""The SCXML of a table, played by python-statemachine's own loader, does what the table says."""

import contextlib
import io
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from statemachine.io import load

from relink.engine import Chart, Table
from relink.engine.export import scxml
from relink.machines import CHARTS

from ..profile import PROFILE
from .door import DoorChart
from .unusual import RootChart
from .walks import Walk, walks_through_all

ELEMENT = "{http://www.w3.org/2005/07/scxml}"
OURS = "{urn:relink:export}"


def check_scxml(table: Table, machine_class: Any, walk: Walk) -> None:
    """Play a walk, and compare each state and the effects that are logged on the way to it."""
    with contextlib.redirect_stdout(io.StringIO()) as logged:
        machine = machine_class()
        for at, leaf in enumerate([table.entry, *walk.leaves]):
            if at:
                event, answers = walk.events[at - 1]
                machine.send(event, **answers)
            assert [x.id for x in machine.configuration if x.is_atomic] == [leaf.target]
            assert logged.getvalue() == "".join(f"effect: {x!r}\n" for x in leaf.effects)
            logged.seek(0)
            logged.truncate()


@pytest.mark.parametrize(
    "chart", [*CHARTS.values(), DoorChart, RootChart], ids=lambda chart: chart.__name__
)
def test_the_loader_plays_every_chart_as_the_table_does(chart: type[Chart]):
    table = chart.table()
    machine_class = load(scxml(table), format="scxml")
    for walk in walks_through_all(table, number=90 // PROFILE.stride):
        check_scxml(table, machine_class, walk)


def test_the_document_says_why_nothing_follows():
    document = ElementTree.fromstring(scxml(RootChart))
    state = next(x for x in document.iter(f"{ELEMENT}state") if x.get("id") == "root")
    [transition] = state.findall(f"{ELEMENT}transition[@event='hasownproperty']")
    assert {key: value for key, value in transition.items() if key.startswith(OURS)} == {
        f"{OURS}outcome": "ignored",
        f"{OURS}code": "prototype",
        f"{OURS}reason": "It has none.",
        f"{OURS}anomaly": "true",
    }


def test_the_state_of_the_start_has_a_name_of_its_own():
    document = ElementTree.fromstring(scxml(RootChart))
    assert document.get("initial") == "start_"
    first = document[0]
    assert first.get("id") == "start_"
    assert first[0].get("target") == "root"
    assert [log.get("expr") for log in first[0]] == ["'constructor'"]
