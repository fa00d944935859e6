"""Renders SVG pictures as PNG, with resvg.

It comes as a wheel (the extra ``diagrams``) and needs no program and no library of the system. It
uses the fonts that are installed. Where there are none, pictures would have no words, so that is an
error.
"""

from functools import cache

from .extras import missing_extra

SCALE = 2
"""Pixels for each unit of a picture, so that text is sharp on dense screens too."""

_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{}'
    "<text y='16' font-size='16' font-family=\"{}\">M</text></svg>"
)


class PngError(Exception):
    """The picture cannot be made."""


def png(svg: str) -> bytes:
    """A picture as PNG, twice as large.

    Args:
        svg: The picture, in the colours of a light or of a dark page.

    Raises:
        MissingExtraError: resvg is not installed.
        PngError: No font is installed, or resvg refuses the picture.
    """
    if error := missing_extra("PNG", "diagrams"):
        raise error
    import resvg_py

    if not _has_fonts():
        raise PngError(
            "a PNG would have no words, because no font is installed. Install one (Debian: "
            "apt-get install fonts-dejavu-core), or ask for SVG."
        )
    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=SCALE))
    except ValueError as error:
        raise PngError(f"resvg cannot draw the picture: {error}") from error


@cache
def _has_fonts() -> bool:
    """Whether any of the families that pictures ask for is there."""
    import resvg_py

    from relink.engine.diagram.shapes import SANS

    blank = resvg_py.svg_to_bytes(svg_string=_PROBE.format("", "none").replace("M<", "<"))
    return bytes(resvg_py.svg_to_bytes(svg_string=_PROBE.format("", SANS))) != bytes(blank)
