"""The guard: how much work a decision, a step and its rows are, counted and not timed.

Two things are counted: the instructions of byte code that the interpreter executes, and the
functions of C that it calls. Both are the same in every run, on every machine, and whatever the
hash seed is; they differ by version of Python. ``counts.json`` holds them, and a test fails when
one is more than a tenth above what is written there. A change that needs more says why::

    python -m benchmarks.counts --because "the journal names the policy"

which counts again and writes reason and counts. Less work than written is no failure; write it down
too, so that it stays.
"""

import argparse
import gc
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

FILE = Path(__file__).with_name("counts.json")
MAY_GROW = 1.1
"""What counts as the same: caches of the libraries beneath differ a little."""

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

Counts = dict[str, dict[str, int]]


def count(go: Callable[[], object]) -> dict[str, int]:
    """The work that a function does, once it has filled all caches."""
    for _ in range(3):
        go()
    gc.collect()
    gc.disable()
    try:
        return {"instructions": _instructions(go), "calls of C": _calls(go)}
    finally:
        gc.enable()


def _instructions(go: Callable[[], object]) -> int:
    if sys.version_info >= (3, 12):
        return _monitored(go)
    counted = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal counted
        if event == "call":
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        elif event == "opcode":
            counted += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        go()
    finally:
        sys.settrace(before)
    return counted


def _monitored(go: Callable[[], object]) -> int:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    tool, event = monitoring.PROFILER_ID, monitoring.events.INSTRUCTION
    counted = 0

    def executed(code: CodeType, offset: int) -> None:
        nonlocal counted
        counted += 1

    monitoring.use_tool_id(tool, "benchmarks.counts")
    monitoring.register_callback(tool, event, executed)
    monitoring.set_events(tool, event)
    try:
        go()
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)
    return counted


def _calls(go: Callable[[], object]) -> int:
    counted = 0

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        counted += event == "c_call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        go()
    finally:
        sys.setprofile(before)
    return counted


def counted() -> Counts:
    """The work of all decisions of the walk, and of all steps of an account's life: alone, from the
    bytes of the webhook, and from rows to rows."""
    from relink.engine import Snapshot
    from relink.machines.account import AccountChart

    from .rows import Rows
    from .steps import Life
    from .walk import walk

    decide = AccountChart.table().decide
    asked = [(Snapshot(each.state, each.facts), each.event) for each in walk()]

    def decisions() -> None:
        for snapshot, event in asked:
            decide(snapshot, event)

    life = Life()
    return {
        "decide": count(decisions),
        "step": count(life.step),
        "webhook to step": count(life.receive_and_step),
        "rows to rows": count(Rows(life).decide),
    }


def grown(now: Counts, written: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What is more than a tenth above what is written; one line each."""
    return [
        f"{what} takes {value:,} {kind}, which is {value / limit:.2f} times the {limit:,} written"
        for what, kinds in now.items()
        for kind, value in kinds.items()
        if value > MAY_GROW * (limit := written[what][kind])
    ]


def main() -> None:
    """Check, or write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.counts", description=__doc__)
    parser.add_argument("--because", metavar="REASON", help="write the counts, for this reason")
    because = parser.parse_args().because
    if because is not None and not because.strip():
        parser.error("--because needs a reason")
    stored = json.loads(FILE.read_text())
    now = counted()
    written = stored["counts"].get(PYTHON)
    for what, kinds in now.items():
        for kind, value in kinds.items():
            is_known = written and what in written
            former = f" (written: {written[what][kind]:,})" if is_known else ""
            print(f"{what}: {value:,} {kind}{former}")
    if because is not None:
        stored["counts"][PYTHON] = now
        stored["counts"] = dict(sorted(stored["counts"].items()))
        if stored["reasons"][-1:] != [because]:
            stored["reasons"].append(because)
        FILE.write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n")
    elif written is None:
        print(f"no counts of Python {PYTHON} are written, so nothing is compared")
    elif found := grown(now, written):
        cure = 'If it has to be, write why: python -m benchmarks.counts --because "…"'
        sys.exit("\n".join([*found, cure]))


if __name__ == "__main__":
    main()
