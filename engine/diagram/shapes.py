"""SVG: the few shapes that pictures are made of, and their colours by day and by night.

Colours are classes, and the style sheet says what they are: for a light page, for a dark one, or
for whichever the reader's system asks for. It uses only what every renderer knows, so that a
program that makes PNGs draws the same picture. Text is at least 11 px high, and has a contrast of
4.5:1 or more on everything that it stands on; signs repeat what colours say.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import hypot
from typing import Literal

from ..story import Tone
from .routing import WIDTH, Point

Theme = Literal["auto", "light", "dark"]

SANS = (
    "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Liberation Sans',"
    "'Noto Sans','DejaVu Sans',sans-serif"
)
MONO = (
    "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono','Noto Sans Mono',"
    "'DejaVu Sans Mono',monospace"
)

_LIGHT = {
    "paper": "#ffffff",
    "card": "#ffffff",
    "stripe": "#f5f7f9",
    "ink": "#1b2330",
    "pale": "#4d5968",
    "faint": "#c9d1da",
    "here": "#9a3412",
    "missed": "#b91c1c",
    "good": "#0a6640",
    "good-fill": "#e2f4ea",
    "waiting": "#2349a8",
    "waiting-fill": "#e7eefd",
    "alert": "#a3201a",
    "alert-fill": "#fdeae8",
    "moved_on": "#65339a",
    "moved_on-fill": "#f2eafb",
    "stopped": "#465261",
    "stopped-fill": "#edf0f3",
    "neutral": "#274a6d",
    "neutral-fill": "#edf3f9",
}
_DARK = {
    "paper": "#0d1117",
    "card": "#131920",
    "stripe": "#161c24",
    "ink": "#eef2f6",
    "pale": "#a9b4c0",
    "faint": "#3a4450",
    "here": "#fbbf77",
    "missed": "#ff9d94",
    "good": "#62d69a",
    "good-fill": "#12301f",
    "waiting": "#93b7ff",
    "waiting-fill": "#15254a",
    "alert": "#ff9d94",
    "alert-fill": "#411816",
    "moved_on": "#c9a6ff",
    "moved_on-fill": "#2b1c45",
    "stopped": "#bcc6d1",
    "stopped-fill": "#232a33",
    "neutral": "#a5c8ec",
    "neutral-fill": "#172536",
}
PALETTES: Mapping[str, Mapping[str, str]] = {"light": _LIGHT, "dark": _DARK}
"""Colours by name, for each kind of page."""

# Signs, in a square from -7 to 7.
_SIGNS = {
    Tone.GOOD: '<path class="sign" d="M-6 0.5L-1.8 5L6 -5"/>',
    Tone.WAITING: (
        '<path class="dot" d="M-7.2 0a1.9 1.9 0 1 0 3.8 0a1.9 1.9 0 1 0 -3.8 0'
        "M-1.9 0a1.9 1.9 0 1 0 3.8 0a1.9 1.9 0 1 0 -3.8 0"
        'M3.4 0a1.9 1.9 0 1 0 3.8 0a1.9 1.9 0 1 0 -3.8 0"/>'
    ),
    Tone.ALERT: (
        '<path class="sign" d="M0 -6.2V1.4"/>'
        '<path class="dot" d="M-1.7 5.4a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0 -3.4 0"/>'
    ),
    Tone.MOVED_ON: (
        '<path class="sign" d="M-6.5 -3H6M3 -6L6.2 -3L3 0M6.5 3.6H-6M-3 0.6L-6.2 3.6L-3 6.6"/>'
    ),
    Tone.STOPPED: '<path class="sign" d="M-5 -5L5 5M5 -5L-5 5"/>',
}


def document(
    body: Sequence[str],
    height: float,
    title: str,
    description: str,
    theme: Theme,
    width: float = WIDTH,
) -> str:
    """A whole picture.

    Args:
        body: Its shapes, from back to front.
        height: Its height (px).
        title: What it shows, for readers who do not see it.
        description: The same in full, for the same readers.
        theme: Its colours.
        width: Its width (px).
    """
    size = f"{_n(width)} {_n(height)}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{_n(width)}" '
            f'height="{_n(height)}" role="img">',
            f"<title>{_text(title)}</title>",
            f"<desc>{_text(description)}</desc>",
            f"<style>{_style(theme)}</style>",
            f'<rect class="paper" width="{_n(width)}" height="{_n(height)}"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def _style(theme: Theme) -> str:
    fixed = (
        f"text{{font-family:{SANS}}}.mono{{font-family:{MONO}}}.bold{{font-weight:700}}"
        ".middle{text-anchor:middle}.end{text-anchor:end}"
        ".hollow,.line,.sign{fill:none;stroke-linecap:round;stroke-linejoin:round}"
        ".line{stroke-width:1.6}.usual{stroke-width:3}.sign{stroke-width:2.4}"
        ".box{stroke-width:1.8}.thin{stroke-width:1}"
        ".clear{fill:none;pointer-events:all}.current,.walked{stroke-width:4}"
    )
    if theme != "auto":
        return fixed + _colours(PALETTES[theme])
    night = f"@media(prefers-color-scheme:dark){{{_colours(_DARK)}}}"
    return fixed + _colours(_LIGHT) + night


def _colours(palette: Mapping[str, str]) -> str:
    rules = [f".paper{{fill:{palette['paper']}}}"]
    for name in ("ink", "pale", "here", "missed"):
        rules.append(f".t-{name}{{fill:{palette[name]}}}")
    for name in ("faint", "pale", "here", "missed"):
        rules.append(f".s-{name}{{stroke:{palette[name]}}}")
    rules.append(f".f-pale{{fill:{palette['pale']}}}.f-missed{{fill:{palette['missed']}}}")
    rules.append(f".f-stripe{{fill:{palette['stripe']}}}.f-card{{fill:{palette['card']}}}")
    rules.append(
        f".here .head{{fill:{palette['here']}}}.here .line,.here .box{{stroke:{palette['here']}}}"
    )
    for tone in Tone:
        ink, fill = palette[tone.value], palette[f"{tone.value}-fill"]
        rules.append(
            f".t-{tone.value},.{tone.value} .dot,.{tone.value} .head{{fill:{ink}}}"
            f".{tone.value} .line,.{tone.value} .sign,.{tone.value} .box,.b-{tone.value}"
            f"{{stroke:{ink}}}.f-{tone.value}{{fill:{fill}}}"
        )
    return "".join(rules)


def text(
    x: float,
    y: float,
    words: str,
    size: float,
    *classes: str,
) -> str:
    """A line of text; ``y`` is its baseline (px)."""
    names = f' class="{" ".join(classes)}"' if classes else ""
    return f'<text{names} x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}">{_text(words)}</text>'


def box(x: float, y: float, width: float, height: float, *classes: str, radius: float = 10) -> str:
    """A rectangle with round corners (px)."""
    return (
        f'<rect class="{" ".join(classes)}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" '
        f'height="{_n(height)}" rx="{_n(radius)}"/>'
    )


def header(x: float, y: float, width: float, height: float, tone: Tone, radius: float = 10) -> str:
    """The upper part of a card: round corners above, square ones below."""
    r = radius
    return (
        f'<path class="f-{tone.value}" d="M{_n(x)} {_n(y + height)}V{_n(y + r)}'
        f'a{r} {r} 0 0 1 {r} -{r}H{_n(x + width - r)}a{r} {r} 0 0 1 {r} {r}V{_n(y + height)}Z"/>'
    )


def sign(x: float, y: float, tone: Tone, scale: float = 1) -> str:
    """The sign of a tone, in its middle; nothing for the neutral one."""
    if tone not in _SIGNS:
        return ""
    size = f" scale({_n(scale)})" if scale != 1 else ""
    return (
        f'<g class="{tone.value}" transform="translate({_n(x)} {_n(y)}){size}">{_SIGNS[tone]}</g>'
    )


NUMBER_RADIUS = 8.5


def number(x: float, y: float, value: int, tone: Tone) -> str:
    """The number of an arrow in a circle."""
    wide = NUMBER_RADIUS + (2.5 if value > 99 else 0)
    return (
        f'<rect class="number f-{tone.value} b-{tone.value} thin" x="{_n(x - wide)}" '
        f'y="{_n(y - NUMBER_RADIUS)}" width="{_n(2 * wide)}" height="{_n(2 * NUMBER_RADIUS)}" '
        f'rx="{_n(NUMBER_RADIUS)}"/>'
        + text(x, y + 4, str(value), 11, f"t-{tone.value}", "bold", "middle")
    )


HEAD = 9.0
"""The length of an arrow's head (px)."""


def arrow(points: Sequence[Point], tone: str, *classes: str, value: int, corner: float = 7) -> str:
    """An arrow with round corners and its number; its tip is at the last point."""
    (x, y), (to_x, to_y) = points[-2:]
    length = hypot(to_x - x, to_y - y) or 1
    step_x, step_y = (to_x - x) / length, (to_y - y) / length
    base = (to_x - step_x * (HEAD - 1), to_y - step_y * (HEAD - 1))
    path = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    way = [*points[:-1], base]
    for before, here, after in zip(way, way[1:], way[2:], strict=False):
        start, end = _towards(here, before, corner), _towards(here, after, corner)
        path.append(
            f"L{_n(start[0])} {_n(start[1])}Q{_n(here[0])} {_n(here[1])} {_n(end[0])} {_n(end[1])}"
        )
    path.append(f"L{_n(base[0])} {_n(base[1])}")
    across = (-step_y * HEAD / 2, step_x * HEAD / 2)
    back = (to_x - step_x * HEAD, to_y - step_y * HEAD)
    head = (
        f"M{_n(to_x)} {_n(to_y)}L{_n(back[0] + across[0])} {_n(back[1] + across[1])}"
        f"L{_n(back[0] - across[0])} {_n(back[1] - across[1])}Z"
    )
    names = " ".join(("line", *classes))
    line = f'<path class="{names}" d="{"".join(path)}"/>'
    return f'<g class="{tone}" data-arrow="{value}">{line}<path class="head" d="{head}"/></g>'


def curve(start: Point, end: Point, tone: Tone, *classes: str) -> str:
    """An arrow from left to right whose ends are level."""
    (x, y), (to_x, to_y) = start, end
    base, middle = to_x - HEAD + 1, (x + to_x - HEAD) / 2
    names = " ".join(("line", *classes))
    return (
        f'<g class="{tone.value}"><path class="{names}" d="M{_n(x)} {_n(y)}C{_n(middle)} {_n(y)} '
        f'{_n(middle)} {_n(to_y)} {_n(base)} {_n(to_y)}"/><path class="head" d="M{_n(to_x)} '
        f'{_n(to_y)}L{_n(to_x - HEAD)} {_n(to_y - HEAD / 2)}V{_n(to_y + HEAD / 2)}Z"/></g>'
    )


def hint(shapes: Iterable[str], words: str) -> str:
    """Shapes that explain themselves to whoever points at them."""
    return f"<g><title>{_text(words)}</title>{''.join(shapes)}</g>"


def _towards(point: Point, other: Point, by: float) -> Point:
    x, y = other[0] - point[0], other[1] - point[1]
    length = hypot(x, y) or 1
    share = min(by, length / 2) / length
    return point[0] + x * share, point[1] + y * share


def _text(words: str) -> str:
    """Words as XML, which has no control characters."""
    return escape("".join(char if char.isprintable() else " " for char in words), quote=False)


def _n(value: float) -> str:
    """A number, to a tenth of a pixel."""
    return f"{round(value, 1):g}"
