"""Suggestions: which name was probably meant, and that nothing far away is suggested."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.engine.event import snake_case
from relink.engine.suggest import did_you_mean, unknown

NAMES = ["event", "cond", "Initial", "is_open"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("evnt", "event"),
        ("Event", "event"),
        ("EVENT", "event"),
        ("events", "event"),
        ("initial", "Initial"),
        ("isopen", "is_open"),
        ("con", "cond"),
        # Other libraries call it so.
        ("guard", "cond"),
        ("cnd", "cond"),
        # What is right needs no other.
        ("event", None),
        ("Initial", None),
        ("zzz", None),
        ("", None),
        (None, None),
        (7, None),
        (("event",), None),
    ],
)
def test_the_name_that_was_meant(name: object, meant: str | None) -> None:
    expected = f"did you mean {meant!r}?" if meant else ""
    assert did_you_mean(name, NAMES, {"guard": "cond"}) == expected
    assert did_you_mean(name, iter(NAMES), {"guard": "cond"}) == expected


def test_a_synonym_wins_over_a_name_that_is_near() -> None:
    assert did_you_mean("evnt", NAMES, {"evnt": "cond"}) == "did you mean 'cond'?"
    assert did_you_mean("evnt", NAMES) == unknown("evnt", NAMES, "x") == "did you mean 'event'?"
    assert unknown("guard", NAMES, "add it") == "add it"


@given(st.text(max_size=6), st.lists(st.text(max_size=6), max_size=4))
def test_only_known_names_are_suggested(name: str, known: list[str]) -> None:
    found = did_you_mean(name, known)
    assert found in {"", *(f"did you mean {each!r}?" for each in known if each != name)}
    assert unknown(name, known, "otherwise") == (found or "otherwise")


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("CoinInserted", "coin_inserted"),
        ("Pushed", "pushed"),
        ("pushed", "pushed"),
        ("OpenAI", "open_ai"),
        ("URLRead", "urlread"),
        ("Read2Pages", "read2_pages"),
        ("Page2", "page2"),
        ("Two_Words", "two_words"),
    ],
)
def test_names_of_classes_in_snake_case(class_name: str, name: str) -> None:
    assert snake_case(class_name) == name
