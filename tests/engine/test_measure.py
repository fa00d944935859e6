"""Measures: a text gets the room that it needs in DejaVu Sans, and lines are as full as can be."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine.diagram.measure import width, wrapped

from ..profile import examples

REGULAR = """
    651 821 942 1716 1303 1946 1597 563 799 799 1024 1716 651 739 651 690 1303 1303 1303 1303
    1303 1303 1303 1303 1303 1303 690 690 1716 1716 1716 1087 2048 1401 1405 1430 1577 1294 1178
    1587 1540 604 604 1343 1141 1767 1532 1612 1235 1612 1423 1300 1251 1499 1401 2025 1403 1251
    1403 799 690 799 1716 1024 1024 1255 1300 1126 1300 1260 721 1300 1298 569 569 1186 569 1995
    1298 1253 1300 1300 842 1067 803 1298 1212 1675 1212 1212 1075 1303 690 1303 1716
"""
BOLD = """
    713 934 1067 1716 1425 2052 1786 627 936 936 1071 1716 778 850 778 748 1425 1425 1425 1425
    1425 1425 1425 1425 1425 1425 819 819 1716 1716 1716 1188 2048 1585 1561 1503 1700 1399 1399
    1681 1714 762 762 1587 1305 2038 1714 1741 1501 1741 1577 1475 1397 1663 1585 2259 1579 1483
    1485 936 748 936 1716 1024 1024 1382 1466 1214 1466 1389 891 1466 1458 702 702 1362 702 2134
    1458 1407 1466 1466 1010 1219 979 1458 1335 1892 1321 1335 1192 1458 748 1458 1716
"""
"""How far each character from the space to the tilde advances, by the font files themselves."""

UNITS = 2048
"""Of these fonts, for an em."""

RESERVE = 1.03
PRINTABLE = [chr(number) for number in range(32, 127)]


@pytest.mark.parametrize(("advances", "bold"), [(REGULAR, False), (BOLD, True)])
def test_a_character_has_the_room_that_it_has_in_dejavu_to_a_hundredth_of_an_em(
    advances: str, bold: bool
):
    for char, units in zip(PRINTABLE, map(int, advances.split()), strict=True):
        room = math.ceil(100 * units / UNITS)
        assert width(char, 100, bold=bold) == pytest.approx(RESERVE * room), char


def test_the_room_of_a_text_is_that_of_its_characters():
    for bold in (False, True):
        parts = (width(char, 12, bold=bold) for char in PRINTABLE)
        assert width("".join(PRINTABLE), 12, bold=bold) == pytest.approx(sum(parts))
    assert width("mono", 10, mono=True) == pytest.approx(4 * 10 * 0.61 * RESERVE)
    assert width("i", 10, mono=True) == width("W", 10, mono=True)


def test_letters_with_marks_are_as_wide_as_without_and_chinese_ones_wider_than_any():
    assert width("caf\u00e9", 10) == width("cafe\u0301", 10) == width("cafe", 10)
    assert width("\u6f22", 10) == width("\u6f22", 10, mono=True) == pytest.approx(RESERVE * 12.5)
    assert width("\u0416", 10) == pytest.approx(RESERVE * 11)
    assert width("", 10) == 0


NAMES = st.lists(st.text("abcW", min_size=1, max_size=12), min_size=1, max_size=4).map("_".join)
TEXTS = st.lists(NAMES, max_size=8).map(" ".join)


@settings(max_examples=examples(1_000))
@given(TEXTS, st.sampled_from([8.0, 30.0, 75.0, 160.0, 400.0]), st.booleans(), st.booleans())
def test_lines_hold_the_whole_text_and_as_much_as_fits(
    text: str, room: float, bold: bool, mono: bool
):
    lines = wrapped(text, room, 12, bold=bold, mono=mono)
    assert lines
    assert "".join(lines).replace(" ", "") == "".join(text.split())
    for line in lines:
        assert line == line.strip()
        assert width(line, 12, bold=bold, mono=mono) <= room or len(line) == 1
    words = text.split()
    for line, after in pairwise(lines):
        last, first = line.split(" ")[-1], after.split(" ")[0]
        if last in words and first in words and "_" not in first:
            assert width(f"{line} {first}", 12, bold=bold, mono=mono) > room


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("   ", [""]),
        ("one two", ["one two"]),
        ("customer_must_relink_account_1", ["customer_must_", "relink_account_1"]),
        ("a_b", ["a_b"]),
    ],
)
def test_names_part_after_an_underscore_only_where_they_are_long(text: str, lines: list[str]):
    assert wrapped(text, 110, 12) == lines


EM = 12 * RESERVE * 0.61
"""The width of a monospaced character, at 12 px."""


@pytest.mark.parametrize(
    ("text", "characters", "lines"),
    [
        # As many characters as fit, and a word that fits exactly stays whole.
        ("abcd", 4, ["abcd"]),
        ("abcd ef", 4, ["abcd", "ef"]),
        ("ab cd", 5, ["ab cd"]),
        ("ab cd", 4, ["ab", "cd"]),
        ("abcdefgh", 4, ["abcd", "efgh"]),
        ("abcdefghi jk", 4, ["abcd", "efgh", "i jk"]),
        ("ab cdefghi", 4, ["ab", "cdef", "ghi"]),
        # A line has a character at least.
        ("abc", 2, ["ab", "c"]),
        ("abc", 1, ["a", "b", "c"]),
        ("abc", 0.5, ["a", "b", "c"]),
        ("_" * 25, 0.5, ["_"] * 25),
        # A name parts after an underscore if it has 25 characters, and not if it has 24.
        ("a" * 12 + "_" + "b" * 11, 20, ["a" * 12 + "_" + "b" * 7, "b" * 4]),
        ("a" * 12 + "_" + "b" * 12, 20, ["a" * 12 + "_", "b" * 12]),
        ("x " + "a" * 12 + "_" + "b" * 12, 15, ["x " + "a" * 12 + "_", "b" * 12]),
    ],
)
def test_lines_end_where_the_room_does(text: str, characters: float, lines: list[str]):
    assert wrapped(text, characters * EM + 1e-6, 12, mono=True) == lines


def test_a_line_may_be_exactly_as_wide_as_its_room():
    assert wrapped("one two", width("one two", 12), 12) == ["one two"]
    assert wrapped("onetwo", width("onetwo", 12), 12) == ["onetwo"]
    assert wrapped("onetwo", width("onet", 12), 12) == ["onet", "wo"]
