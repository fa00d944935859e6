"""Lines fit the screen, whatever its width, whatever the history; and no word is cut."""

import io
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from relink.adapters.store import MemoryStore
from relink.adapters.story import Detail, Line, Story, lines_of, tell
from relink.adapters.terminal import (
    Screen,
    accounts_by_state,
    chapter_head,
    day_clock,
    next_steps,
    rows,
    shares,
    utc_clock,
)
from relink.machines import relink_system
from relink.machines.vocabulary import AccountState
from relink.machines.words.thoughts import Depth
from relink.machines.words.tone import Tone

from ..profile import examples
from ..store.life import HISTORY, Life, new_mark

WIDTHS = st.integers(40, 200)
AT = 1_760_000_000.0


def screen(width: int, encoding: str = "utf-8", colour: bool | None = None) -> Screen:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
    return Screen(file, width, colour)


def line(**changed: object) -> Line:
    made: dict[str, object] = {
        "at": AT,
        "depth": Depth.STORY,
        "tone": Tone.GOOD,
        "name": "Linked",
        "template": "{it} works again",
        "about": ("fca_1",),
        "called": ("••2275",),
        "note": "",
        "origin": "webhook",
        "cause": "evt_1",
        "machine": "account",
    }
    return Line(**(made | changed))  # type: ignore[arg-type]


def words_of(text: str) -> list[str]:
    return text.split()


def lived(history: object) -> Story:
    store = MemoryStore(relink_system())
    Life(store, new_mark()).live(history)  # type: ignore[arg-type]
    return tell(store, [snapshot.facts.id for snapshot in store.accounts()])


def assert_fits(shown: Iterator[Text], at: Screen) -> list[str]:
    lines = [each.plain for each in shown]
    for each in lines:
        assert cell_len(each) <= at.width, each
        assert each == each.rstrip() or not each.strip(), repr(each)
        assert "\n" not in each
    return lines


@given(HISTORY, WIDTHS, st.sampled_from(Depth), st.sampled_from(["utf-8", "ascii"]))
@settings(max_examples=examples(120))
def test_no_line_of_a_history_is_wider_than_the_screen(history, width, depth, encoding) -> None:
    at, story = screen(width, encoding), lived(history)
    lines = lines_of(story, depth)
    shown = assert_fits(rows(lines, at, utc_clock, depth), at)
    if lines:
        assert_fits(rows(lines, at, day_clock(lines[0].at), depth), at)
    for chapter in story.chapters:
        assert_fits(chapter_head(at, chapter), at)
    if encoding == "ascii":
        assert all(each.isascii() for each in shown)


@given(HISTORY, WIDTHS, st.sampled_from([Depth.STORY, Depth.DECISIONS]))
@settings(max_examples=examples(80))
def test_no_word_of_a_history_is_cut(history, width, depth) -> None:
    at, story = screen(width), lived(history)
    lines = lines_of(story, depth)
    known = {
        word
        for each in lines
        for text in (each.name, each.text, each.note, each.origin, each.tone.glyph)
        for word in words_of(text)
    }
    longest = max(map(cell_len, known), default=0)
    for shown in rows(lines, at, lambda _: ("", ""), depth):
        for word in words_of(shown.plain):
            if not re.fullmatch(r"\w+_…\w+", word):  # where it comes from
                assert word in known or longest > width - 4


@given(
    st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=60)),
    WIDTHS,
)
@settings(max_examples=examples(150))
def test_any_words_are_wrapped_between_them(said, width) -> None:
    at = screen(width)
    text = " ".join(said)
    shown = [each.plain for each in rows([line(template=text)], at, utc_clock, Depth.STORY)]
    assert all(cell_len(each) <= width for each in shown)
    whole = {word for each in shown for word in words_of(each)}
    for word in words_of(text):
        if cell_len(word) <= 28:
            assert word in whole


@given(st.dictionaries(st.sampled_from(AccountState), st.integers(1, 10**9)), WIDTHS)
@settings(max_examples=examples(100))
def test_bars_fit_and_every_share_is_seen(counts, width) -> None:
    at = screen(width)
    lines = assert_fits(accounts_by_state(at, counts), at)
    assert len(lines) == 1 + len(counts)
    tones = dict(zip(Tone, counts.values(), strict=False))
    drawn = shares(at, tones, width)
    assert drawn.cell_len == (width if tones else 0)
    assert len(drawn.spans) == len(tones)


@given(
    st.lists(st.from_regex(r"[a-z/:._-]{1,30}", fullmatch=True), max_size=8),
    WIDTHS,
)
@settings(max_examples=examples(100))
def test_a_command_can_be_copied_whatever_the_width(arguments, width) -> None:
    at = screen(width)
    shown = [each.plain for each in next_steps(at, [("Next", ["relink", *arguments])])]
    joined = " ".join(shown).replace(" \\", "").partition("Next:")[2]
    assert joined.split() == ["relink", *arguments]
    for each in shown[:-1]:
        assert each.endswith(("Next:", "\\"))


def test_a_story_in_80_columns() -> None:
    lines = [
        line(template="{it} {is} linked, and work{s}"),
        line(
            at=AT + 86_400,
            tone=Tone.ALERT,
            name="Needs the customer",
            template="Ben did not pick {it}, try 1 of 3",
            note="next time any account will do",
        ),
        line(at=AT + 86_400, tone=Tone.MESSAGE, name="", template="asks Ben to relink {it}"),
        line(
            at=AT + 90_000,
            template="{it} work{s} again",
            about=("fca_1", "fca_2", "fca_3"),
            called=("••1", "••2", "••3"),
            origin="read",
        ),
    ]
    shown = [each.plain for each in rows(lines, screen(80), day_clock(AT), Depth.STORY)]
    assert shown == [
        "day 1 08:53  ✓ Linked              ••2275 is linked, and works           webhook",
        "day 2 08:53  ! Needs the customer  Ben did not pick ••2275, try 1 of 3   webhook",
        "                                   next time any account will do",
        "             ✉ asks Ben to relink ••2275                                 webhook",
        "      09:53  ✓ Linked              3 accounts work again                    read",
    ]


def test_a_story_in_40_columns() -> None:
    lines = [
        line(),
        line(tone=Tone.MESSAGE, name="", template="asks the customer to relink {it} by 2026-10-22"),
    ]
    shown = [each.plain for each in rows(lines, screen(40), utc_clock, Depth.STORY)]
    assert shown == [
        "2025-10-09 08:53  ✓ Linked",
        "  ••2275 works again",
        "  ✉ asks the customer to relink ••2275",
        "    by 2026-10-22",
    ]


def test_what_was_weighed_stands_beside_where_it_is_declared() -> None:
    details = (Detail("no: there is a newer report", "machines/account/guards.py:40"),)
    shown = [
        each.plain
        for each in rows([line(details=details)], screen(80), utc_clock, Depth.EVERYTHING)
    ]
    assert shown[1].startswith(" " * 20 + "no: there is a newer")
    assert shown[1].endswith("  machines/account/guards.py:40")


def test_a_word_that_fits_no_line_ends_in_a_sign_that_it_goes_on() -> None:
    shown = [each.plain for each in screen(40).wrapped("see " + "x" * 60)]
    assert shown == ["see", "x" * 39 + "…"]
    assert screen(40, "ascii").wrapped("x" * 60)[0].plain == "x" * 39 + "~"


@pytest.mark.parametrize("name", ["NO_COLOR", "TERM"])
def test_no_colour_without_a_terminal_or_against_the_wish(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for file, colour in ((Terminal(), True), (io.StringIO(), False)):
        Screen(file, 80).show(*rows([line()], Screen(file, 80), utc_clock, Depth.STORY))
        assert ("\x1b[" in file.getvalue()) is colour
    monkeypatch.setenv(name, "1" if name == "NO_COLOR" else "dumb")
    file = Terminal()
    Screen(file, 80).show(*rows([line()], Screen(file, 80), utc_clock, Depth.STORY))
    assert not re.search(r"\x1b\[[0-9;]*[349]\d", file.getvalue())


class Terminal(io.StringIO):
    """A terminal, as far as anybody asks."""

    def isatty(self) -> bool:
        return True


@given(text=st.text(st.characters(exclude_categories=["Cs"])), width=WIDTHS, is_row=st.booleans())
@settings(max_examples=examples(60))
def test_no_text_reaches_a_terminal_that_it_would_obey(text: str, width: int, is_row: bool):
    at = screen(width, colour=False)
    shown = rows([line(called=(text,))], at, utc_clock, Depth.STORY) if is_row else at.wrapped(text)
    assert all(each.plain.isprintable() for each in shown)


@pytest.mark.parametrize(
    "hostile", ["\x1b]0;title\x07", "\x9b2J", "\u202eback", "one\ntwo", "\x00"]
)
def test_what_a_terminal_would_obey_is_replaced(hostile: str):
    assert screen(80).sign(f"Bank {hostile}").isprintable()
    assert screen(80, "ascii").sign(f"Bank {hostile}").isascii()
