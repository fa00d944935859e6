"""The exports of generated charts, played by other tools, do what their tables say."""

from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from statemachine.io import load

from relink.engine import Table
from relink.engine.export import scxml

from .test_export_scxml import check_scxml
from .test_export_xstate import Played, check_xstate
from .test_generated_charts import (
    ALPHABET,
    Memory,
    Plan,
    Spare,
    bounded,
    compiled,
    make_chart,
    plans,
)
from .walks import Walk, walks


def decided(table: Table, *, length: int, seed: int) -> Walk:
    """A walk of real decisions, with the answers that the chart's own guards gave."""
    random, walk, snapshot = Random(seed), Walk(), table.start(Memory(), Spare()).snapshot
    while len(walk.events) < length and snapshot.state not in table.final:
        decision = table.decide(snapshot, random.choice(ALPHABET)(bits=random.randrange(16)))
        walk.events.append((decision.leaf.event, dict(decision.guards)))
        walk.leaves.append(decision.leaf)
        snapshot = decision.snapshot
    return walk


def test_other_tools_play_generated_charts_as_their_tables_do(tmp_path: Path):
    played: Played = []

    @bounded(100)
    @given(plans(), st.integers(0, 1000))
    def play(plan: Plan, seed: int) -> None:
        table = compiled(make_chart(plan))
        found = [decided(table, length=20, seed=seed + more) for more in range(20)]
        found += walks(table, number=20, length=20, seed=seed)
        machine_class = load(scxml(table), format="scxml")
        for walk in found[::4]:
            check_scxml(table, machine_class, walk)
        played.append((table, found))

    play()
    check_xstate(tmp_path, played)
