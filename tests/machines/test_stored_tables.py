"""Each chart's stored table is the one that the compiler makes of it today."""

import subprocess
import sys

import pytest

from relink.engine import Chart
from relink.engine.compile import compile_chart
from relink.engine.stored import stored_table
from relink.machines import CHARTS

STALE = "its table is stale: run make docs"


@pytest.mark.parametrize("name", CHARTS)
def test_the_stored_table_is_fresh(name: str):
    chart: type[Chart] = CHARTS[name]
    stored, table = stored_table(chart), compile_chart(chart)
    assert stored is not None, STALE
    assert (stored.states, stored.final, stored.entry) == (table.states, table.final, table.entry)
    assert stored.trees == table.trees, STALE
    assert stored.digest == table.digest


COLD = """
import sys
from relink.machines.account import AccountChart
table = AccountChart.table()
print(*sorted(name for name in sys.modules if name.startswith("relink.")))
"""


def test_a_decision_on_one_chart_imports_neither_the_compiler_nor_other_charts():
    run = subprocess.run([sys.executable, "-c", COLD], capture_output=True, text=True, check=True)
    imported = set(run.stdout.split())
    assert "relink.machines.account.chart" in imported
    others = {f"relink.machines.{name}" for name in CHARTS} - {"relink.machines.account"}
    assert not imported & others
    engine = {"compile", "validation", "live", "watch", "codec", "system", "library.probe"}
    assert not imported & {f"relink.engine.{name}" for name in engine}
