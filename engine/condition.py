"""Conditions: which guard answers lead to an outcome, exact and short.

A decision tree says more than a reader wants: a leaf names every guard that was asked on the way
to it, though half of them often make no difference. Here leaves with the same outcome become one
condition, a disjunction of *terms*, each a conjunction of guard answers.

The method is two-level logic minimisation (the expand step of Espresso). A leaf's answers can be
dropped as long as no leaf with another outcome matches. A term that cannot be shortened further
is prime. A few prime terms that cover all leaves are kept. Leaves declared impossible are on
neither side, so a condition may hold for them or not. The result is exact: it is true on all
leaves that it was made from, and false on all leaves with another outcome.
"""

from collections.abc import Collection, Hashable, Iterable
from itertools import combinations
from typing import TypeVar

from .tree import Answers

Condition = tuple[Answers, ...]
"""Terms; at least one must hold. ``((),)`` always holds."""

End = TypeVar("End", bound=Hashable)


def conditions(leaves: Iterable[tuple[End, Answers]]) -> dict[End, Condition]:
    """The condition of each end, in the order in which the ends first appear.

    Args:
        leaves: For each leaf its end (any hashable value) and its guard answers.
    """
    ends: dict[End, list[Answers]] = {}
    for end, answers in leaves:
        ends.setdefault(end, []).append(answers)
    return {
        end: simplest(found, [x for other in ends if other != end for x in ends[other]])
        for end, found in ends.items()
    }


def simplest(wanted: Collection[Answers], unwanted: Collection[Answers]) -> Condition:
    """A short condition that holds on all ``wanted`` answers and on no ``unwanted`` ones.

    Args:
        wanted: The answers of the leaves to describe, in the order of the table.
        unwanted: The answers of the leaves to exclude.

    Raises:
        ValueError: the same answers are on both sides.
    """
    primes = {term: None for answers in wanted for term in _primes(answers, unwanted)}
    kept: list[Answers] = []
    uncovered = list(wanted)
    while uncovered:
        kept.append(max(primes, key=lambda term: _merit(term, uncovered)))
        uncovered = _uncovered(wanted, kept)
    # A later term can make an earlier one redundant.
    for term in kept[:]:
        others = [other for other in kept if other != term]
        if not _uncovered(wanted, others):
            kept = others
    return tuple(kept)


def _merit(term: Answers, leaves: Iterable[Answers]) -> tuple[int, int, int]:
    """How many leaves the term covers; then the shorter term, then the one with fewer nots."""
    covered = sum(set(term) <= set(answers) for answers in leaves)
    return covered, -len(term), sum(answer for _, answer in term)


def _uncovered(leaves: Iterable[Answers], terms: Collection[Answers]) -> list[Answers]:
    return [answers for answers in leaves if not any(set(term) <= set(answers) for term in terms)]


def _primes(answers: Answers, unwanted: Iterable[Answers]) -> list[Answers]:
    """The shortest selections of the answers that still exclude every unwanted leaf."""
    # For each unwanted leaf the answers that contradict it; one of each group must stay.
    groups = {
        frozenset((guard, answer) for guard, answer in answers if (guard, not answer) in other)
        for other in map(frozenset, unwanted)
    }
    needed = {answer for group in groups if len(group) == 1 for answer in group}
    open_groups = [group for group in groups if not group & needed]
    optional = [answer for answer in answers if any(answer in group for group in open_groups)]
    for size in range(len(optional) + 1):
        found = [
            tuple(answer for answer in answers if answer in needed or answer in chosen)
            for chosen in combinations(optional, size)
            if all(group.intersection(chosen) for group in open_groups)
        ]
        if found:
            return found
    raise ValueError(f"the same answers are wanted and unwanted: {answers}")


def text(condition: Condition) -> str:
    """The condition as a guard expression: ``is_newer and (is_open or not is_known)``.

    Empty when it always holds.
    """
    if () in condition:
        return ""
    shared = [answer for answer in condition[0] if all(answer in term for term in condition)]
    rests = [tuple(answer for answer in term if answer not in shared) for term in condition]
    words = [_answer(answer) for answer in shared]
    if all(rests):
        either = " or ".join(_term(rest, alone=len(rests) == 1) for rest in rests)
        words.append(f"({either})" if shared and len(rests) > 1 else either)
    return " and ".join(words)


def _term(term: Answers, alone: bool) -> str:
    words = " and ".join(map(_answer, term))
    return words if alone or len(term) == 1 else f"({words})"


def _answer(answer: tuple[str, bool]) -> str:
    guard, yes = answer
    return guard if yes else f"not {guard}"
