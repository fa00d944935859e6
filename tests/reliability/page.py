"""docs/reliability.md: what the faults are, and what was measured of them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from .declared import FAULTS, faults_of
from .fault import Fault, Layout
from .load import ONE_IN, RATE
from .measure import RECOVERS_WITHIN, Row
from .sender import AGAIN_AFTER, TIMEOUT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"

INTRODUCTION = Path(__file__).with_name("introduction.md")
"""The text above the rows."""


def render(rows: Sequence[Row], measured_on: str, before: str = "") -> str:
    """The page.

    Args:
        rows: what was measured.
        measured_on: the versions and the machine, in a sentence.
        before: a page whose rows stay where a fault was not measured again.

    Raises:
        ValueError: a fault was never measured.
    """
    lines = {**_lines(before), **{row.fault.name: _line(row) for row in rows}}
    if left := {fault.name for fault in FAULTS} - lines.keys():
        raise ValueError(f"not measured: {', '.join(sorted(left))}")
    parts = [introduction(), measured_on]
    for layout in Layout:
        ours = [lines[fault.name] for fault in faults_of(layout)]
        parts += [f"## {layout.value}", "\n".join([*HEAD, *ours])]
    return "\n\n".join(parts) + "\n"


def introduction() -> str:
    """The text above the rows, with the numbers of the code."""
    numbers = {
        "recovers_within": RECOVERS_WITHIN,
        "rate": RATE,
        "one_in": ONE_IN,
        "timeout": TIMEOUT,
        "again_after": AGAIN_AFTER,
    }
    return INTRODUCTION.read_text("utf-8").format(**numbers).strip()


HEAD = (
    "| Fault | | Times | Sent | Answered | Lost | Doubled | Repeats | Outage | Recovery |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
)

LINE = re.compile(
    r"\| `(?P<name>\w+)` \| (?P<text>.+?) \| (?P<times>\d+) \| (?P<sent>\d+) \| (?P<answered>\d+) "
    r"\| (?P<lost>\d+) \| (?P<doubled>\d+) \| (?P<repeated>\d+) \| (?P<outage>[\d.]+) "
    r"\| (?P<recovery>[\d.]+) \|"
)


def _line(row: Row) -> str:
    numbers = (row.times, row.sent, row.answered, row.lost, row.doubled, row.repeated)
    cells = (described(row.fault), *numbers, f"{row.outage:.1f}", f"{row.recovery:.1f}")
    return f"| `{row.fault.name}` | " + " | ".join(map(str, cells)) + " |"


def described(fault: Fault) -> str:
    """A fault for readers, as the first of a row's cells."""
    text = fault.text[:1].upper() + fault.text[1:]
    lasts = f"; for {fault.seconds:.0f} s" if fault.seconds > 1 else ""
    return f"{text}{lasts}."


def measured(page: str) -> Iterator[dict[str, str]]:
    """The rows of a page."""
    for line in page.splitlines():
        if found := LINE.fullmatch(line):
            yield found.groupdict()


def _lines(page: str) -> dict[str, str]:
    """The lines of a page whose fault is still declared as it was, by name."""
    known = {fault.name: described(fault) for fault in FAULTS}
    found = (LINE.fullmatch(line) for line in page.splitlines())
    return {
        match["name"]: match[0]
        for match in found
        if match and known.get(match["name"]) == match["text"]
    }
