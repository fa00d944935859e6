"""The picture: how many times as fast as the other sides relink is, on one logarithmic scale.

A bar to the right: relink is faster. Drawn as SVG with no library, for light and dark pages.
"""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

from .ingest import CPU
from .measure import Line
from .table import number

WIDTH, LEFT, RIGHT = 830, 330, 70
BAR, GAP, HEAD, FOOT = 16, 8, 30, 46
SHOWN = ("decide", "ingest on SQLite", "ingest on PostgreSQL", "against")
"""Rows that have other sides; those that begin with these words are shown."""

COLOURS = {
    "light": {
        "paper": "#ffffff",
        "ink": "#1f2328",
        "pale": "#59636e",
        "grid": "#d1d9e0",
        "faster": "#1a7f37",
        "slower": "#bc4c00",
    },
    "dark": {
        "paper": "#0d1117",
        "ink": "#f0f6fc",
        "pale": "#9198a1",
        "grid": "#3d444d",
        "faster": "#3fb950",
        "slower": "#f0883e",
    },
}
"""By the page that shows the picture: GitHub's own setting decides, and a picture cannot ask it."""

STYLE = """
text {{ font: 13px system-ui, sans-serif; fill: {ink}; paint-order: stroke; stroke: {paper};
  stroke-width: 5px }}
.row {{ font-weight: 600 }}
.small {{ font-size: 12px; fill: {pale} }}
.paper {{ fill: {paper} }}
.grid {{ stroke: {grid} }}
.one {{ stroke: {pale}; stroke-width: 1.5 }}
.faster {{ fill: {faster} }}
.slower {{ fill: {slower} }}
"""


def shown(lines: Sequence[Line]) -> list[Line]:
    """The lines that have a bar."""
    return [
        line
        for line in lines
        if line.row.startswith(SHOWN) and line.ratio is not None and line.unit != CPU
    ]


def drawn(lines: Sequence[Line], theme: str) -> str:
    """The picture as SVG, for a light or a dark page."""
    bars = shown(lines)
    ratios = [line.ratio or 1.0 for line in bars] or [1.0]
    low, high = floor(log10(min(*ratios, 0.5))), ceil(log10(max(*ratios, 2)))

    def x(ratio: float) -> float:
        return LEFT + (log10(ratio) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    parts: list[str] = []
    y, row = HEAD, ""
    for line in bars:
        if line.row != row:
            row = line.row
            y += GAP
            parts.append(f'<text class="row" x="10" y="{y + 12}">{escape(row)}</text>')
            y += BAR + GAP
        ratio = line.ratio or 1.0
        begin, end = sorted((x(1), x(ratio)))
        kind = "faster" if ratio >= 1 else "slower"
        parts += [
            f'<text x="{LEFT - 10}" y="{y + 12}" text-anchor="end">{escape(line.side)}</text>',
            f'<rect class="{kind}" x="{begin:.1f}" y="{y}" width="{max(1.0, end - begin):.1f}" '
            f'height="{BAR}" rx="2"/>',
            f'<text x="{max(begin, end) + 6:.1f}" y="{y + 12}">{number(ratio)} ×</text>',
        ]
        y += BAR + GAP
    grid = []
    for power in range(low, high + 1):
        at = x(10.0**power)
        kind = "one" if power == 0 else "grid"
        grid += [
            f'<line class="{kind}" x1="{at:.1f}" y1="{HEAD}" x2="{at:.1f}" y2="{y}"/>',
            f'<text class="small" x="{at:.1f}" y="{y + 16}" text-anchor="middle">'
            f"{10.0**power:g} ×</text>",
        ]
    title = "How many times as fast relink is: right of 1 ×, it is faster"
    height = y + FOOT
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img">',
            f"<title>{title}</title>",
            f"<style>{STYLE.format(**COLOURS[theme])}</style>",
            f'<path class="paper" d="M0 0H{WIDTH}V{height}H0Z"/>',
            f'<text class="small" x="10" y="18">{title}</text>',
            *grid,
            *parts,
            f'<text class="small" x="{LEFT}" y="{y + 36}">'
            "medians of rounds in which all sides took turns; logarithmic scale</text>",
            "</svg>",
            "",
        ]
    )
