"""The table of docs/proof.md: what was explored."""

from collections.abc import Iterator, Sequence

from relink.adapters.checker import Bounds, Result

START, END = "<!-- table -->\n", "<!-- end of table -->"

HEAD = "| Scope | Bounds | States | Transitions | Depth |\n| --- | --- | --- | --- | --- |\n"


def table(results: Sequence[Result]) -> str:
    """The table, with a row for each scope."""
    return HEAD + "".join(
        f"| {each.bounds.name} | {bounds_of(each.bounds)} | {each.states:,} | "
        f"{each.transitions:,} | {each.depth} |\n"
        for each in results
    )


def bounds_of(bounds: Bounds) -> str:
    """The bounds of a scope, for people."""
    kinds = ", ".join(bounds.kinds) if len(bounds.kinds) < 8 else "all kinds"
    parts = [f"{kinds}; {_count(bounds.changes, 'change')}"]
    for number, what in ((bounds.outages, "outage"), (bounds.sessions, "session")):
        if number < bounds.changes:
            parts.append(_count(number, what))
    parts.append(_count(bounds.faults, "deviation"))
    if bounds.waits:
        parts.append(_count(bounds.waits, "wait"))
    return ", ".join(parts)


def rows(text: str) -> Iterator[tuple[str, ...]]:
    """The rows of the table as it stands on the page."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| Scope", "| ---")):
            yield tuple(cell.strip() for cell in line.strip("| ").split("|"))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number or 'no'} {what}s"
