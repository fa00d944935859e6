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

from collections.abc import Collection, Hashable, Iterable, Mapping
from itertools import combinations
from math import comb
from typing import TypeVar

from .tree import Answers

Condition = tuple[Answers, ...]
"""Terms; at least one must hold. ``((),)`` always holds."""

End = TypeVar("End", bound=Hashable)

PATIENCE = 20_000
"""Comparisons after which a term need not be the shortest one any more."""


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


def ordered(leaves: Iterable[tuple[End, Answers]]) -> dict[End, Condition]:
    """The condition of each end, where no condition above it holds: shorter, and read from the top.

    The last one always holds.

    Args:
        leaves: For each leaf its end (any hashable value) and its guard answers.
    """
    ends: dict[End, list[Answers]] = {}
    for end, answers in leaves:
        ends.setdefault(end, []).append(answers)
    names = list(ends)
    return {
        end: simplest(ends[end], [x for other in names[index + 1 :] for x in ends[other]])
        for index, end in enumerate(names)
    }


def simplest(wanted: Collection[Answers], unwanted: Collection[Answers]) -> Condition:
    """A short condition that holds on all ``wanted`` answers and on no ``unwanted`` ones.

    Args:
        wanted: The answers of the leaves to describe, in the order of the table.
        unwanted: The answers of the leaves to exclude.

    Raises:
        ValueError: the same answers are on both sides.
    """
    bits = _Bits()
    excluded = [bits.of(answers, opposite=True) for answers in unwanted]
    primes = {term: None for answers in wanted for term in _primes(answers, excluded, bits)}
    leaves = [bits.of(answers) for answers in wanted]
    covers = {
        term: sum(1 << i for i, leaf in enumerate(leaves) if mask & leaf == mask)
        for term in primes
        for mask in (bits.of(term),)
    }
    everything = (1 << len(leaves)) - 1
    kept: list[Answers] = []
    uncovered = everything
    while uncovered:
        best = max(primes, key=lambda term: _merit(term, covers[term] & uncovered))
        kept.append(best)
        uncovered &= ~covers[best]
    # A later term can make an earlier one redundant.
    for term in kept[:]:
        others = [other for other in kept if other != term]
        covered = 0
        for other in others:
            covered |= covers[other]
        if covered == everything:
            kept = others
    return tuple(kept)


class _Bits:
    """Sets of answers as numbers: two bits for each guard."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}

    def of(self, answers: Answers, *, opposite: bool = False) -> int:
        """The set of these answers, or of the opposite ones."""
        found = 0
        for guard, answer in answers:
            position = self._positions.setdefault(guard, 2 * len(self._positions))
            found |= 1 << position + (answer is not opposite)
        return found


def _merit(term: Answers, covered: int) -> tuple[int, int, int]:
    """How many leaves the term covers; then the shorter term, then the one with fewer nots."""
    return covered.bit_count(), -len(term), sum(answer for _, answer in term)


def _primes(answers: Answers, excluded: Iterable[int], bits: _Bits) -> list[Answers]:
    """The shortest selections of the answers that still exclude every unwanted leaf.

    Where trying all selections takes long, one that cannot be shortened any more.
    """
    # For each unwanted leaf the answers that contradict it; one of each group must stay.
    own = bits.of(answers)
    groups = {own & other for other in excluded}
    if 0 in groups:
        raise ValueError(f"the same answers are wanted and unwanted: {answers}")
    needed = 0
    for group in groups:
        if group.bit_count() == 1:
            needed |= group
    open_groups = [group for group in groups if not group & needed]
    single = {answer: bits.of((answer,)) for answer in answers}
    optional = [x for x in answers if any(single[x] & group for group in open_groups)]
    tried = 0
    for size in range(len(optional) + 1):
        tried += comb(len(optional), size) * len(open_groups)
        if tried > PATIENCE:
            return [_shortened(answers, needed, optional, open_groups, single)]
        found = [
            tuple(x for x in answers if single[x] & (needed | chosen))
            for chosen in (sum(single[x] for x in some) for some in combinations(optional, size))
            if all(group & chosen for group in open_groups)
        ]
        if found:
            return found
    raise AssertionError("all answers together exclude every unwanted leaf")


def _shortened(
    answers: Answers,
    needed: int,
    optional: Iterable[tuple[str, bool]],
    open_groups: Iterable[int],
    single: Mapping[tuple[str, bool], int],
) -> Answers:
    """Leave out one answer after the other, as long as every group keeps one."""
    kept = needed | sum(single[x] for x in optional)
    for answer in optional:
        without = kept & ~single[answer]
        if all(group & without for group in open_groups):
            kept = without
    return tuple(x for x in answers if single[x] & kept)


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
