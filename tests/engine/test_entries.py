"""Entries say where they come from and on what condition, in as few words as are exact."""

import pytest

from relink.engine.diagram.entries import any_other, phrase, provided, sources_text

NAMES = {state: state.upper() for state in "abcdefgh"}


@pytest.mark.parametrize(
    ("sources", "movers", "said"),
    [
        ("b", "ab", "from B"),
        ("bc", "abc", "from B, C"),
        ("bcd", "abcd", "from any other state that can be left"),
        ("bcdefgh", "abcdefgh", "from any other state"),
        ("bcdefgh", "bcdefgh", "from any other state"),
        ("abcdefgh", "abcdefgh", "from any other state"),
        ("bc", "abcd", "from B, C"),
        ("bcd", "abcde", "from any other state that can be left but E"),
        ("bc", "abcde", "from B, C"),
        ("bcde", "abcdefg", "from any other state that can be left but F, G"),
        ("bcdef", "abcdefgh", "from any other state but G, H"),
        ("bcd", "abcdef", "from any other state that can be left but E, F"),
        ("bcde", "abcdefgh", "from B, C, D, E"),
        ("e", "abcde", "from E"),
    ],
)
def test_sources_are_listed_or_those_that_are_missing_where_these_are_fewer(
    sources: str, movers: str, said: str
) -> None:
    assert sources_text(tuple(sources), "a", tuple(movers), NAMES) == said


def test_any_other_state_says_if_some_cannot_be_left() -> None:
    assert any_other("abc", "ab", "c") == "any other state"
    assert any_other("abc", "abc", "c") == "any other state"
    assert any_other("abc", "a", "c") == "any other state that can be left"
    assert any_other("abc", "", "c") == "any other state that can be left"


@pytest.mark.parametrize(
    ("guard", "denied"),
    [
        ("open", "not open"),
        ("is", "not is"),
        ("is_open", "is not open"),
        ("was_open", "was not open"),
        ("can_pay", "can not pay"),
        ("may_not_pay", "may pay"),
        ("is_never_open", "is open"),
        ("has_no_day", "has day"),
        ("had_an_end", "had no end"),
        ("has_a_day", "has no day"),
        ("had_to_pay", "did not have to pay"),
        ("had_the_day", "did not have the day"),
        ("has_the_day", "does not have the day"),
        ("has_ended", "has not ended"),
        ("has_fallen", "has not fallen"),
        ("has_come_back", "has not come back"),
        ("had_come_back", "had not come back"),
        ("has_uneven_days", "has no uneven days"),
        ("has_unended_days", "has no unended days"),
        ("door_is_open", "door is not open"),
        ("needs_nothing", "needs something"),
        ("needs_nothing_of_it", "needs something of it"),
        ("says_nothing", "says something"),
        ("its_nothing", "not its nothing"),
        ("carries_it", "does not carry it"),
        ("passes_it", "does not pass it"),
        ("pushes_it", "does not push it"),
        ("matches_it", "does not match it"),
        ("fixes_it", "does not fix it"),
        ("buzzes_it", "does not buzz it"),
        ("goes_on", "does not go on"),
        ("closes_it", "does not close it"),
        ("pays_it", "does not pay it"),
        ("pass_it", "not pass it"),
        ("bonus_due", "not bonus due"),
        ("this_day", "not this day"),
        ("gas_due", "not gas due"),
        ("fits_it", "does not fit it"),
    ],
)
def test_a_guard_is_denied_in_english_where_its_name_is_a_sentence(guard: str, denied: str) -> None:
    assert phrase(f"not {guard}") == denied
    assert phrase(guard) == guard.replace("_", " ")
    assert phrase(f"{guard} and not {guard}") == f"{guard.replace('_', ' ')} and {denied}"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("is_open", "if it is open"),
        ("not is_open", "if it is not open"),
        ("not carries_it", "if it does not carry it"),
        ("carries_it", "if it carries it"),
        ("not had_to_pay", "if it did not have to pay"),
        ("door_is_open", "if door is open"),
        ("doors_is_open", "if doors is open"),
        ("not doors_is_open", "if doors is not open"),
        ("gas_due", "if gas due"),
        ("open", "if open"),
        ("has", "if it has"),
    ],
)
def test_a_condition_has_a_subject_only_where_it_has_a_verb(condition: str, said: str) -> None:
    assert provided(condition) == said
