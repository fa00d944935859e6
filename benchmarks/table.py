"""The table: ratios first, then the medians with their spread."""

from collections.abc import Iterable

from .measure import Line

HEAD = ("Row", "Side", "relink is", "Median", "Spread", "Unit")


def cells(line: Line) -> tuple[str, ...]:
    """The cells of one line."""
    ratio = "" if line.ratio is None else f"{number(line.ratio)} ×"
    spread = f"{number(min(line.readings))} to {number(max(line.readings))}"
    spread = spread if len(line.readings) > 1 else line.note
    return (line.row, line.side, ratio, number(line.median), spread, line.unit)


def number(value: float) -> str:
    """A number with three digits that say something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value else "0"


def printed(lines: Iterable[Line]) -> str:
    """The table for a terminal."""
    rows = [HEAD, *(cells(line) for line in lines)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    left = (0, 1)
    made = []
    for row in rows:
        made.append(
            "  ".join(
                cell.ljust(width) if at in left or at == len(HEAD) - 1 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
        )
    return "\n".join(made)


def markdown(lines: Iterable[Line]) -> str:
    """The table for a page; each row is named once."""
    made = [f"| {' | '.join(HEAD)} |", "| --- | --- | ---: | ---: | ---: | --- |"]
    former = ""
    for line in lines:
        row, *others = cells(line)
        made.append(f"| {' | '.join([row if row != former else '', *others])} |")
        former = row
    return "\n".join(made)
