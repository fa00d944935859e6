"""The table of docs/proof.md: what was explored."""

from collections.abc import Iterator, Sequence

from relink.adapters.checker import Result

START, END = "<!-- table -->\n", "<!-- end of table -->"

HEAD = "| Scope | Bounds | States | Transitions | Depth |\n| --- | --- | --- | --- | --- |\n"


def table(results: Sequence[Result]) -> str:
    """The table, with a row for each scope, and the sum."""
    each_scope = "".join(
        f"| {each.bounds.name} | {each.bounds} | {each.states:,} | "
        f"{each.transitions:,} | {each.depth} |\n"
        for each in results
    )
    states = sum(each.states for each in results)
    transitions = sum(each.transitions for each in results)
    return f"{HEAD}{each_scope}\nTogether {states:,} states and {transitions:,} transitions.\n"


def rows(text: str) -> Iterator[tuple[str, ...]]:
    """The rows of the table as it stands on the page."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| Scope", "| ---")):
            yield tuple(cell.strip() for cell in line.strip("| ").split("|"))
