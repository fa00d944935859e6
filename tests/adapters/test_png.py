"""Pictures as PNG, by the real library, and clear errors where it or fonts are missing."""

import struct
import sys

import pytest

from relink.adapters import png as module
from relink.adapters.extras import MissingExtraError
from relink.adapters.png import PngError, png
from relink.engine.diagram import svg
from relink.machines import CHARTS


def size(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = struct.unpack(">II", picture[16:24])
    return wide, high


@pytest.mark.parametrize("name", CHARTS)
def test_a_png_is_twice_as_wide_as_its_picture(name: str):
    wide, high = size(png(svg(CHARTS[name], theme="light")))
    assert wide == 1660
    assert high > 300


def test_words_are_drawn():
    picture = svg(CHARTS["read"], theme="light")
    silent = picture.replace("Stripe is being asked", "")
    assert png(picture) != png(silent)


def test_both_themes_are_drawn_in_their_colours():
    pictures = {png(svg(CHARTS["read"], theme=theme)) for theme in ("light", "dark")}
    assert len(pictures) == 2


def test_without_fonts_the_error_names_the_cure(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_has_fonts", lambda: False)
    with pytest.raises(PngError, match="no font is installed"):
        png(svg(CHARTS["read"], theme="light"))


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'relink-engine\[diagrams\]'"):
        png(svg(CHARTS["read"], theme="light"))


def test_what_is_no_picture_is_refused():
    with pytest.raises(PngError, match="resvg cannot draw the picture"):
        png("no picture")
