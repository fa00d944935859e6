"""How much memory does a snapshot take, when very many of them are kept?

An account's, in a process of its own: each has been reported once, and shares nothing with the
others but what records share by themselves. ``python -m benchmarks.memory 1000000`` measures it.
"""

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .measure import Line
from .size import Size

ROOT = Path(__file__).resolve().parent.parent


def run(size: Size) -> Iterator[Line]:
    """Keep them in another process."""
    command = [sys.executable, "-m", "benchmarks.memory", str(size.snapshots)]
    found = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    note = f"of {size.snapshots:,} snapshots"
    yield Line("memory", "a snapshot", "bytes", (float(found.stdout),), note=note)


def main() -> None:
    """Make the snapshots; print how many bytes one of them takes."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    from relink.engine import Snapshot
    from relink.machines.account import AccountChart
    from relink.machines.account.facts import AccountFacts
    from relink.machines.reported import ReportedActive

    from .walk import WORKS, reported

    table = AccountChart.table()
    gc.disable()
    before = psutil.Process().memory_info().rss
    kept: list[Snapshot[AccountFacts]] = []
    for number in range(int(sys.argv[1])):
        facts = AccountFacts(id=f"fca_{number:012}")
        event = reported(ReportedActive, 1_000_000 + number, WORKS)
        kept.append(table.decide(Snapshot("inactive_unrepairable", facts), event).snapshot)
    print((psutil.Process().memory_info().rss - before) / len(kept))


if __name__ == "__main__":
    main()
