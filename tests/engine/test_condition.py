"""Conditions are exact: they hold on the leaves that they are made from, and on no others."""

from collections.abc import Iterator
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.engine import condition as module
from relink.engine.condition import Condition, conditions, ordered, simplest, text
from relink.engine.tree import Answers

GUARDS = ["a", "b", "c", "d", "e"]
ENDS = ["here", "there", "impossible"]


@st.composite
def trees(draw: st.DrawFn, asked: Answers = ()) -> list[tuple[str, Answers]]:
    """The leaves of a decision tree: where each ends, and the answers on the way to it."""
    left = [guard for guard in GUARDS if guard not in dict(asked)]
    if not left or draw(st.integers(0, 5)) == 0:
        return [(draw(st.sampled_from(ENDS)), asked)]
    guard = draw(st.sampled_from(left))
    return [
        *draw(trees((*asked, (guard, True)))),
        *draw(trees((*asked, (guard, False)))),
    ]


def truth_table() -> Iterator[dict[str, bool]]:
    for answers in product([True, False], repeat=len(GUARDS)):
        yield dict(zip(GUARDS, answers, strict=True))


def end_of(leaves: list[tuple[str, Answers]], answers: dict[str, bool]) -> str:
    [end] = [end for end, asked in leaves if asked_so(asked, answers)]
    return end


def asked_so(asked: Answers, answers: dict[str, bool]) -> bool:
    return all(answers[guard] == answer for guard, answer in asked)


def holds(condition: Condition, answers: dict[str, bool]) -> bool:
    return any(asked_so(term, answers) for term in condition)


@given(trees())
def test_a_condition_holds_exactly_for_the_answers_that_lead_to_its_end(
    leaves: list[tuple[str, Answers]],
):
    found = conditions(leaves)
    for answers in truth_table():
        end = end_of(leaves, answers)
        assert [name for name in found if holds(found[name], answers)] == [end]


@given(trees())
def test_conditions_may_hold_or_not_for_impossible_answers(leaves: list[tuple[str, Answers]]):
    found = conditions(leaf for leaf in leaves if leaf[0] != "impossible")
    for answers in truth_table():
        end = end_of(leaves, answers)
        if end != "impossible":
            assert [name for name in found if holds(found[name], answers)] == [end]


@given(trees())
def test_a_condition_has_no_redundant_answer_or_term(leaves: list[tuple[str, Answers]]):
    found = conditions(leaves)
    for end, condition in found.items():
        for term in condition:
            for answer in term:
                shorter = tuple(x for x in term if x != answer)
                assert any(
                    holds((shorter,), answers) and end_of(leaves, answers) != end
                    for answers in truth_table()
                ), f"{answer} adds nothing to {text(condition)}"
            others = [other for other in condition if other != term]
            assert any(
                end == name and not any(set(other) <= set(asked) for other in others)
                for name, asked in leaves
            ), f"{term} adds nothing to {text(condition)}"


@given(trees())
def test_the_text_of_a_condition_means_the_same_as_the_condition(leaves: list[tuple[str, Answers]]):
    for condition in conditions(leaves).values():
        words = compile(text(condition) or "True", "condition", "eval")
        for answers in truth_table():
            assert eval(words, {}, answers) == holds(condition, answers)


@pytest.mark.parametrize(
    ("wanted", "unwanted", "words"),
    [
        ([()], [], ""),
        ([(("a", True), ("b", True)), (("a", True), ("b", False))], [(("a", False),)], "a"),
        (
            [(("a", True),), (("a", False), ("b", True))],
            [(("a", False), ("b", False))],
            "a or b",
        ),
        (
            [(("a", False), ("b", True), ("c", True)), (("a", False), ("b", False), ("d", False))],
            [
                (("a", True),),
                (("a", False), ("b", True), ("c", False)),
                (("a", False), ("b", False), ("d", True)),
            ],
            "not a and ((b and c) or (not b and not d))",
        ),
        # Two conditions are equivalent; the simplest is the one without a not.
        ([(("a", False), ("b", True))], [(("a", True), ("b", False))], "b"),
    ],
)
def test_simplest_condition_by_example(wanted: list[Answers], unwanted: list[Answers], words: str):
    assert text(simplest(wanted, unwanted)) == words


def test_a_term_that_later_terms_make_redundant_is_dropped():
    """Here ``d and b`` covers most leaves, and is chosen first."""
    d, a = (("d", True),), (("a", True),)
    leaves = [
        ("yes", (*d, *a, ("b", True))),
        ("no", (*d, *a, ("b", False))),
        ("yes", (*d, ("a", False), ("b", True))),
        ("yes", (*d, ("a", False), ("b", False))),
        ("yes", (("d", False), *a, ("b", True))),
        ("no", (("d", False), *a, ("b", False))),
        ("no", (("d", False), ("a", False))),
    ]
    assert text(conditions(leaves)["yes"]) == "(a and b) or (d and not a)"


@given(trees())
def test_a_condition_that_is_not_the_shortest_still_holds_exactly(
    leaves: list[tuple[str, Answers]],
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("relink.engine.condition.PATIENCE", 0)
        found = conditions(leaves)
    for answers in truth_table():
        end = end_of(leaves, answers)
        assert [each for each, when in found.items() if holds(when, answers)] == [end]
    for end, when in found.items():
        others = [answers for other, answers in leaves if other != end]
        for term in when:
            for dropped in range(len(term)):
                shorter = term[:dropped] + term[dropped + 1 :]
                assert any(agree(shorter, answers) for answers in others)


def agree(one: Answers, other: Answers) -> bool:
    """Whether no guard answers both differently."""
    given = dict(other)
    return all(given.get(guard, answer) == answer for guard, answer in one)


def test_the_same_answers_for_two_ends_are_an_error():
    with pytest.raises(ValueError, match="wanted and unwanted"):
        simplest([(("a", True),)], [(("a", True),), (("a", False),)])


# -- Short, and in a fixed order ------------------------------------------------------------------


def smallest(answers: Answers, excluded: list[Answers]) -> list[Answers]:
    """The fewest of the answers that every excluded leaf contradicts: all ways, by trying all."""
    for size in range(len(answers) + 1):
        found = [
            some
            for some in combinations(answers, size)
            if not any(agree(some, other) for other in excluded)
        ]
        if found:
            return found
    raise AssertionError("the same answers on both sides")


def by_trying(wanted: list[Answers], unwanted: list[Answers]) -> Condition:
    """A condition of smallest terms: the one that holds on most leaves left, then the shortest,
    then the one with the fewest nots, then the first. What others cover is dropped."""

    def covers(term: Answers) -> set[int]:
        return {place for place, leaf in enumerate(wanted) if set(term) <= set(leaf)}

    terms = [term for leaf in wanted for term in smallest(leaf, unwanted)]
    left = set(range(len(wanted)))
    kept: list[Answers] = []
    while left:
        kept.append(
            min(
                terms,
                key=lambda term: (
                    *(-len(covers(term) & left), len(term)),
                    sum(not yes for _, yes in term),
                ),
            )
        )
        left -= covers(kept[-1])
    for term in list(kept):
        others = [other for other in kept if other != term]
        if set().union(*map(covers, others)) == set(range(len(wanted))):
            kept = others
    return tuple(kept)


@given(trees())
def test_a_condition_is_the_one_that_trying_all_terms_finds(leaves: list[tuple[str, Answers]]):
    ends = list(dict.fromkeys(end for end, _ in leaves))
    found = conditions(leaves)
    assert list(found) == ends
    for end in ends:
        wanted = [answers for name, answers in leaves if name == end]
        unwanted = [answers for name, answers in leaves if name != end]
        assert found[end] == simplest(wanted, unwanted) == by_trying(wanted, unwanted)


@given(trees())
def test_ordered_conditions_are_read_from_the_top(leaves: list[tuple[str, Answers]]):
    ends = list(dict.fromkeys(end for end, _ in leaves))
    found = ordered(leaves)
    assert list(found) == ends
    assert found[ends[-1]] == ((),)
    for answers in truth_table():
        first = next(end for end, when in found.items() if holds(when, answers))
        assert first == end_of(leaves, answers)
    for place, end in enumerate(ends):
        wanted = [answers for name, answers in leaves if name == end]
        later = [answers for name, answers in leaves if name in ends[place + 1 :]]
        assert found[end] == by_trying(wanted, later)


def test_nothing_wanted_never_holds():
    assert simplest([], []) == simplest([], [(("a", True),)]) == ()


@pytest.mark.parametrize(("patience", "words"), [(8, "a"), (7, "b and c"), (0, "b and c")])
def test_a_term_is_the_shortest_as_long_as_it_takes_few_comparisons(
    monkeypatch: pytest.MonkeyPatch, patience: int, words: str
):
    """One selection of no answer and three of one, each compared with two leaves."""
    assert module.PATIENCE == 20_000
    monkeypatch.setattr(module, "PATIENCE", patience)
    wanted = [(("a", True), ("b", True), ("c", True))]
    unwanted = [(("a", False), ("b", False)), (("a", False), ("c", False))]
    assert text(simplest(wanted, unwanted)) == words


A, B, C, D = (((guard, True),) for guard in "abcd")
NOT_A = (("a", False),)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (((),), ""),
        ((A, ()), ""),
        ((A,), "a"),
        ((NOT_A,), "not a"),
        ((A + B,), "a and b"),
        ((A, B), "a or b"),
        ((A, B, NOT_A), "a or b or not a"),
        ((A + B, C), "(a and b) or c"),
        ((A, B + C), "a or (b and c)"),
        ((A + B, A + C), "a and (b or c)"),
        ((A + B, A + C + D), "a and (b or (c and d))"),
        ((A + B + C, A + B + D), "a and b and (c or d)"),
        # What every term has is enough, where one has nothing else.
        ((A, A + B), "a"),
        ((A + B, A), "a"),
        ((A + B, NOT_A + B), "b and (a or not a)"),
    ],
    ids=str,
)
def test_the_words_of_a_condition(condition: Condition, words: str):
    assert text(condition) == words
