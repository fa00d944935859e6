"""Bars: shares of a whole, as coloured columns."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from relink.machines.words.tone import Tone

from .screen import STYLES, Screen

FULL, SLIVER = "█", "▏"
"""A whole column; and a share that is there, and too small for one."""


def bar(screen: Screen, share: float, width: int, tone: Tone) -> Text:
    """One share of a whole.

    Args:
        screen: where it goes.
        share: from 0 to 1.
        width: of the whole (columns).
        tone: its colour.
    """
    columns = round(share * width)
    drawn = FULL * columns or (SLIVER if share > 0 else "")
    return Text(screen.sign(drawn), style=STYLES[tone])


def shares(screen: Screen, counts: Mapping[Tone, int], width: int) -> Text:
    """Several shares in one bar, each in its colour; every one that there is has a column.

    Args:
        screen: where it goes.
        counts: how many there are of each.
        width: of all together (columns).
    """
    there = [(tone, count) for tone, count in counts.items() if count]
    drawn = Text()
    for (tone, _), columns in zip(
        there, _columns([count for _, count in there], width), strict=True
    ):
        drawn.append(screen.sign(FULL * columns), style=STYLES[tone])
    return drawn


def _columns(counts: Sequence[int], width: int) -> list[int]:
    """Columns in proportion, at least one each, of exactly this width where there is room."""
    total = sum(counts)
    columns = [max(1, width * count // total) for count in counts] if total else []
    while columns and sum(columns) < width:
        # The one that is furthest below its share gets the next.
        short = [width * c / total - n for c, n in zip(counts, columns, strict=True)]
        columns[short.index(max(short))] += 1
    while columns and sum(columns) > width and max(columns) > 1:
        columns[columns.index(max(columns))] -= 1
    return columns
