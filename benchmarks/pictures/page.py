"""The tables of docs/diagrams.md that are measured."""

from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "diagrams.md"


def write_table(head: str, columns: int, rows: Sequence[str], *, to_page: bool) -> None:
    """Print a table, or write it into the page in place of the one that begins in the same way.

    Args:
        head: Its first line.
        columns: How many it has.
        rows: Its other lines.
        to_page: Whether it goes into the page.
    """
    table = "\n".join([head, f"|{' --- |' * columns}", *rows]) + "\n"
    if not to_page:
        print(table)
        return
    first = f"\n{head.split(' | ')[0]} |"
    before, found, after = PAGE.read_text().partition(first)
    if not found:
        raise SystemExit(f"{PAGE} has no table that begins with {first.strip()}")
    PAGE.write_text(f"{before}\n{table}\n{after.partition(chr(10) * 2)[2]}")
