"""How long from nothing to the first decision, beside importing what relink stands on?

Each start is a new process with warm caches of files and byte code. The time includes the
interpreter's own start, which is shown too.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from .measure import OURS, Line, Round, take_turns
from .size import Size

ROOT = Path(__file__).resolve().parent.parent

NOTHING = "the interpreter alone"
IMPORTS = "imports of pydantic and python-statemachine"
FIRST_STEP = "relink, to the first step of the system"

FIRST_DECISION_CODE = """
from relink.machines.account import AccountChart
from relink.machines.account.facts import AccountFacts
AccountChart.table().start(AccountFacts(id="fca_1"))
"""
FIRST_STEP_CODE = """
from benchmarks.first_step import take
take()
"""
CODES = {
    NOTHING: "pass",
    IMPORTS: "import pydantic, statemachine\nclass A(pydantic.BaseModel):\n    a: int",
    OURS: FIRST_DECISION_CODE,
    FIRST_STEP: FIRST_STEP_CODE,
}


def start(code: str, python: str = sys.executable) -> Round:
    """Rounds of one start: seconds."""

    def reading() -> float:
        began = time.perf_counter()
        subprocess.run([python, "-c", code], check=True, cwd=ROOT)
        return time.perf_counter() - began

    return reading


def starts(codes: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    """Let all start in turns, after one start of each that fills the caches."""
    sides = {name: start(code) for name, code in codes.items()}
    for side in sides.values():
        side()
    return take_turns(sides, rounds, "cold")


def run(size: Size) -> Iterator[Line]:
    """Measure all of them."""
    for name, readings in starts(CODES, size.cold).items():
        yield Line("cold", name, "s", tuple(readings))
