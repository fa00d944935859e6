"""Cards: a paragraph is on one line exactly as long as its words, and what is beside them, fit.

A sign takes 21 px, each number 19 px, and a note has a dot before it, or a line of its own.
"""

import pytest

from relink.engine.diagram.cards import EVENT, NUMBERED, RAW, WORDS, Paragraph, Style, height
from relink.engine.diagram.measure import width
from relink.engine.story import Tone

TINY = 1e-6
PLAIN = Style(12, 20)
BOLD = Style(12, 20, ("bold",))
SAID = "two words"


def wide(words: str, style: Style) -> float:
    return width(words, style.size, bold=style.bold, mono=style.mono)


@pytest.mark.parametrize(
    ("paragraph", "beside"),
    [
        (Paragraph(SAID, PLAIN), 0),
        (Paragraph(SAID, BOLD), 0),
        (Paragraph(SAID, EVENT), 0),
        (Paragraph(SAID, WORDS), NUMBERED),
        (Paragraph(SAID, WORDS, 7), NUMBERED),
        (Paragraph(SAID, BOLD, mark=Tone.GOOD), 21),
        (Paragraph(SAID, BOLD, mark=Tone.NEUTRAL), 0),
        (Paragraph(SAID, EVENT, numbers=(1,)), 19),
        (Paragraph(SAID, EVENT, numbers=(1, 12, 3)), 57),
        (Paragraph(SAID, WORDS, numbers=(1, 2), mark=Tone.ALERT), NUMBERED + 38 + 21),
    ],
)
def test_words_are_on_one_line_as_long_as_they_fit(paragraph: Paragraph, beside: float):
    style = paragraph.style
    room = wide(SAID, style) + beside
    assert height([paragraph], room + TINY) == style.space + style.leading
    assert height([paragraph], room - TINY) == style.space + 2 * style.leading


@pytest.mark.parametrize("style", [PLAIN, BOLD, RAW])
def test_a_note_follows_the_last_line_if_it_fits_there(style: Style):
    paragraph = Paragraph("word", style, note="start")
    room = wide("word · start", style)
    assert height([paragraph], room) == style.space + style.leading
    assert height([paragraph], room - TINY) == style.space + 2 * style.leading


def test_paragraphs_stand_below_each_other():
    assert height([], 100) == 0
    both = [Paragraph("one", WORDS), Paragraph("two", RAW)]
    assert height(both, 200) == WORDS.space + WORDS.leading + RAW.space + RAW.leading
