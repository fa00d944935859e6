"""``python -m benchmarks``: all rows, or those that are named."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from . import (
    against,
    cold,
    compiling,
    decide,
    explore,
    ingest,
    memory,
    page,
    simulate,
    step,
    storm,
    table,
)
from .environment import described
from .goals import judged
from .measure import Line, say
from .results import FILE, Results
from .size import LARGE, PROFILES, TINY, Size

ROWS: dict[str, Callable[[Size], Iterator[Line]]] = {
    "decide": decide.run,
    "step": step.run,
    "cold": cold.run,
    "compile": compiling.run,
    "explore": explore.run,
    "simulate": simulate.run,
    "memory": memory.run,
    "ingest": ingest.run,
    "growth": ingest.grow,
    "storm": storm.run,
}

ORDER = (*ROWS, "against")


def main() -> None:
    """Measure, print, and write if asked to."""
    given = _arguments()
    if given.rewrite:
        page.write()
        return
    size = LARGE if given.large else PROFILES[given.profile]
    rows = {name: ROWS[name] for name in given.rows or ([] if given.only_against else ROWS)}
    if given.against:
        rows["against"] = partial(against.run, checkout=given.against)
    environment = described(f"{size.name}, rows: {' '.join(rows)}")
    for name, value in environment.items():
        print(f"{name}: {value}")
    began = time.monotonic()
    lines: list[Line] = []
    for name, run in rows.items():
        since = time.monotonic()
        say(name)
        lines += run(size)
        say(f"{name}: {time.monotonic() - since:.0f} s")
        if sys.stderr.isatty():
            print(file=sys.stderr)
    seconds = time.monotonic() - began
    print(f"\n{table.printed(lines)}\n\n{judged(lines)}\n\nin {seconds:.0f} s")
    if given.write:
        is_whole = not given.rows and not given.only_against
        kept = () if is_whole else Results.read().lines
        lines += [line for line in kept if line.section not in rows]
        lines.sort(key=lambda line: ORDER.index(line.section))
        Results(environment, seconds, lines).write()
        page.write()
        print(f"wrote {', '.join([FILE.name, page.PAGE_FILE, *page.PICTURES])}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all of them")
    parser.add_argument("--profile", choices=PROFILES, default="full", help="how much (full)")
    parser.add_argument(
        "--large",
        action="store_true",
        help="growth to a million accounts; half an hour",
    )
    parser.add_argument(
        "--against", type=Path, metavar="CHECKOUT", help="compare with another release, too"
    )
    parser.add_argument(
        "--only-against", action="store_true", help="no other rows, unless they are named"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write docs/performance.md; rows that are not measured stay as they are",
    )
    parser.add_argument(
        "--rewrite",
        action="store_true",
        help="only write it again, from the last results",
    )
    given = parser.parse_args()
    if given.write and given.profile == TINY.name:
        parser.error("--write needs a profile that measures something")
    if unknown := [row for row in given.rows if row not in ROWS]:
        parser.error(f"no row is called {unknown[0]!r}; there are {', '.join(ROWS)}")
    return given


if __name__ == "__main__":
    main()
