"""The XState configuration of a table, played by XState on Node, does what the table says.

One process plays all charts: starting Node takes longer than a thousand events.
"""

import json
from pathlib import Path
from typing import Any

from relink.engine import Leaf, Table
from relink.engine.export import xstate_json
from relink.machines import CHARTS

from ..profile import PROFILE
from .door import DoorChart
from .node import play
from .unusual import RootChart
from .walks import Walk, walks, walks_through_all

Played = list[tuple[Table, list[Walk]]]


def job(table: Table, played: list[Walk]) -> dict[str, Any]:
    sequences = [
        [{"type": event, "guards": answers} for event, answers in walk.events] for walk in played
    ]
    return {"config": json.loads(xstate_json(table)), "sequences": sequences}


def expected(table: Table, leaf: Leaf) -> list[Any]:
    """What the player prints of a step: leaf state, actions, outcome, status."""
    outcome = leaf.outcome if leaf.reason else "transition"
    status = "done" if leaf.target in table.final else "active"
    return [leaf.target, list(leaf.effects), [outcome] if leaf.source else [], status]


def check_xstate(folder: Path, played: Played) -> None:
    """Play all walks in one process, and compare each step."""
    results = play(folder, [job(table, walks) for table, walks in played])
    for (table, walked), result in zip(played, results, strict=True):
        for walk, steps in zip(walked, result, strict=True):
            wanted = [expected(table, leaf) for leaf in (table.entry, *walk.leaves)]
            assert steps == wanted, (table.name, walk.events)


def test_xstate_plays_every_chart_as_the_table_does(tmp_path: Path):
    tables = [chart.table() for chart in (*CHARTS.values(), DoorChart, RootChart)]
    number = 600 // PROFILE.stride
    check_xstate(tmp_path, [(each, walks_through_all(each, number=number)) for each in tables])


def test_only_the_answers_that_are_asked_are_needed(tmp_path: Path):
    played: Played = []
    for table in (DoorChart.table(), CHARTS["account"].table()):
        walked = walks(table, number=50, length=25)
        for walk in walked:
            asked = [dict(leaf.guards) for leaf in walk.leaves]
            # A missing answer counts as no.
            only_yes = [{name: True for name, yes in each.items() if yes} for each in asked]
            walk.events = [
                (event, answers) for (event, _), answers in zip(walk.events, only_yes, strict=True)
            ]
        played.append((table, walked))
    check_xstate(tmp_path, played)


def test_the_configuration_says_what_names_mean_and_why_nothing_follows():
    config = json.loads(xstate_json(RootChart))
    assert config["description"] == "A root whose states are \"<named> & 'shamed'\"."
    assert config["version"] == RootChart.table().digest
    assert config["meta"]["guards"]["toString"] == "Is it text?"
    assert config["states"]["root"]["on"]["hasownproperty"] == [
        {
            "description": "Ignored: It has none.",
            "meta": {"outcome": "ignored", "reason": "prototype", "anomaly": True},
        }
    ]


def test_a_chart_and_its_table_give_the_same_text():
    assert xstate_json(DoorChart) == xstate_json(DoorChart.table())
