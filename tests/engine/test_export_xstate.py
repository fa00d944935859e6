"""The XState configuration of a table, played by XState on Node, does what the table says.

One process plays all charts: starting Node takes longer than a thousand events.
"""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relink.engine import Leaf, Table
from relink.engine.export import xstate_json
from relink.machines import CHARTS

from ..profile import examples
from .door import DoorChart
from .node import play
from .test_generated_charts import Plan, bounded, compiled, make_chart, plans
from .unusual import RootChart
from .walks import Walk, leaves_before_end, seen_by, walks

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


def check(folder: Path, played: Played) -> None:
    """Play all walks in one process, and compare each step."""
    results = play(folder, [job(table, walks) for table, walks in played])
    for (table, walked), result in zip(played, results, strict=True):
        for walk, steps in zip(walked, result, strict=True):
            wanted = [expected(table, leaf) for leaf in (table.entry, *walk.leaves)]
            assert steps == wanted, (table.name, walk.events)


def test_xstate_plays_every_chart_as_the_table_does(tmp_path: Path):
    played: Played = []
    for chart in (*CHARTS.values(), DoorChart, RootChart):
        table = chart.table()
        walked = list(walks(table, number=examples(1000), length=25))
        assert seen_by(walked) == leaves_before_end(table)
        played.append((table, walked))
    check(tmp_path, played)


def test_xstate_plays_generated_charts_as_their_tables_do(tmp_path: Path):
    played: Played = []

    @bounded(200)
    @given(plans(), st.integers(0, 1000))
    def draw(plan: Plan, seed: int) -> None:
        table = compiled(make_chart(plan))
        played.append((table, list(walks(table, number=20, length=20, seed=seed))))

    draw()
    check(tmp_path, played)


def test_only_the_answers_that_are_asked_are_needed(tmp_path: Path):
    played: Played = []
    for table in (DoorChart.table(), CHARTS["account"].table()):
        walked = list(walks(table, number=50, length=25))
        for walk in walked:
            asked = [dict(leaf.guards) for leaf in walk.leaves]
            # A missing answer counts as no.
            given_only = [{name: True for name, yes in each.items() if yes} for each in asked]
            walk.events = [
                (event, answers)
                for (event, _), answers in zip(walk.events, given_only, strict=True)
            ]
        played.append((table, walked))
    check(tmp_path, played)


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
