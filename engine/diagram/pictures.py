"""Pictures: a table as SVG, at the level of detail that a reader wants.

=============  ====================================================================================
``story``      what a state means, what to do in it, and the moves that matter
``moves``      the same places, and in each state all moves that lead into it
``everything`` every event in every state, as a matrix
=============  ====================================================================================

A focus is one state with all moves to it and from it. The layout is our own, so a picture is the
same on every machine, and no program is needed.
"""

from base64 import b64encode
from hashlib import sha256
from typing import Literal, assert_never, get_args

from ..arguments import explained, wrong_argument
from ..errors import ArgumentError, UnknownStateError
from ..given import ChartOrTable, as_table
from .boards import moves_svg, story_svg
from .focus import focus_svg
from .matrix import matrix_svg
from .overlay import Overlay
from .shapes import Theme


class Svg(str):
    """A picture as SVG. Notebooks show it as one."""

    def _repr_svg_(self) -> str:
        return str(self)

    @property
    def style_source(self) -> str:
        """What a content security policy has to allow as ``style-src``: the digest of its style."""
        style = self.partition("<style>")[2].partition("</style>")[0]
        digest = sha256(style.encode()).digest()
        return f"'sha256-{b64encode(digest).decode()}'"


Level = Literal["story", "moves", "everything"]

LEVELS: tuple[Level, ...] = get_args(Level)
THEMES: tuple[Theme, ...] = get_args(Theme)


@explained
def svg(
    table: ChartOrTable,
    level: Level = "story",
    *,
    focus: str | None = None,
    overlay: Overlay | None = None,
    theme: Theme = "auto",
) -> Svg:
    """A chart as SVG, 830 px wide.

    Args:
        table: A chart, or its table.
        level: How much to show.
        focus: Show this leaf state and all moves to it and from it instead of a level.
        overlay: What to lay over the story or the moves; the others take none.
        theme: Colours for a light or a dark page; ``auto`` follows the reader's system.

    Raises:
        ArgumentError: an argument is not of its kind.
        StoryError: the chart's story names what the table does not have.
        UnknownStateError: the table has no such leaf state.
    """
    drawn = as_table(table, "svg")
    check_theme("svg", theme)
    if focus is not None:
        if focus not in drawn.states:
            raise UnknownStateError.of(drawn.name, focus, drawn.states)
        _refuse_overlay(overlay)
        return Svg(focus_svg(drawn, focus, theme))
    laid = Overlay() if overlay is None else overlay
    if not isinstance(laid, Overlay):
        raise wrong_argument("svg", "an Overlay", laid, "give Overlay(...), or what walked() gives")
    laid.check(drawn)
    match level:
        case "story":
            return Svg(story_svg(drawn, theme, laid))
        case "moves":
            return Svg(moves_svg(drawn, theme, laid))
        case "everything":
            _refuse_overlay(overlay)
            return Svg(matrix_svg(drawn, theme))
        case _:
            if level in LEVELS:
                assert_never(level)
            raise wrong_argument(
                "svg", f"a level of {', '.join(LEVELS)}", level, "name one of them"
            )


def _refuse_overlay(overlay: Overlay | None) -> None:
    if overlay is not None and overlay != Overlay():
        raise ArgumentError(
            "svg(): it lays an overlay over the story and the moves only; drop overlay=, or ask "
            "for level='story' or 'moves'"
        )


def check_theme(function: str, theme: object) -> None:
    """Refuse a theme that there is not.

    Raises:
        ArgumentError: it is none of :data:`THEMES`.
    """
    if theme not in THEMES:
        cure = "name one of these"
        raise wrong_argument(function, "auto, light or dark as theme=", theme, cure)
