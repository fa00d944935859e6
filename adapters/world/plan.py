"""What a world is made from: a seed, the moves that are kept, and the faults that may strike.

A plan is a short text on the command line, so a shrunk history is replayed as easily as a seed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from .faults import ALL, Fault

ACCOUNTS = (1, 1, 2, 3, 5, 8, 12, 40)
"""How many accounts are linked at first; the seed picks one."""

LENGTH = 40
"""How many moves follow by default."""

LONGEST = 100_000
"""How many moves follow at most."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A history before it happens. The same plan gives the same history, byte for byte."""

    seed: int
    moves: tuple[int, ...]
    """The moves that are made, by their numbers. The first ``accounts`` of them link accounts."""
    faults: frozenset[Fault] = ALL
    """The kinds of fault that may strike."""
    is_on_disk: bool = False
    """Whether the database is an SQLite file instead of memory."""

    @classmethod
    def of(cls, seed: int, length: int = LENGTH) -> "Plan":
        """The whole plan of a seed. One in eight is on disk, which takes longer.

        Args:
            seed: any whole number.
            length: the number of moves after the first accounts.
        """
        return cls(seed, tuple(range(accounts_of(seed) + length)), is_on_disk=seed % 8 == 3)

    @property
    def accounts(self) -> int:
        """How many of the moves link an account at first."""
        return accounts_of(self.seed)

    def without(self, faults: Iterable[Fault]) -> "Plan":
        """The same without some kinds of fault."""
        return replace(self, faults=self.faults - frozenset(faults))

    def command(self) -> str:
        """The command line that replays it."""
        words = [f"relink simulate --world --seeds {self.seed}:{self.seed + 1}"]
        words.append(f"--moves {ranges(self.moves) or 'none'}")
        if self.faults != ALL:
            named = ",".join(sorted(self.faults)) or "none"
            words.append(f"--faults {named}")
        return " ".join([*words, "--on-disk" if self.is_on_disk else "--in-memory", "--story"])


def accounts_of(seed: int) -> int:
    """How many accounts the world of a seed begins with."""
    return Random(f"{seed} accounts").choice(ACCOUNTS)


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as text: ``0-3,7``."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def numbers(text: str) -> tuple[int, ...]:
    """The numbers of such a text.

    Raises:
        ValueError: it is none, or names a move beyond the longest history.
    """
    return tuple(sorted(set(_numbers(text)))) if text != "none" else ()


def _numbers(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = int(first), int(last or first)
        if not begin <= end < LONGEST + max(ACCOUNTS):
            raise ValueError(
                f"{part!r} are no moves: they are from 0 to {LONGEST + max(ACCOUNTS) - 1:,}, the "
                "smaller one first"
            )
        yield from range(begin, end + 1)
