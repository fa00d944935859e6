"""The mutants that nothing can notice, each with the reason: ``equivalent.toml``.

An entry is known by its code and not by its line, so that it holds until that code is edited.
"""

import tomllib
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_suffix(".toml")


class Equivalent(NamedTuple):
    """A change that changes nothing that a caller can see.

    Args:
        file: where it is, as a path from the top.
        function: the function or class around it.
        was: the lines as they are, without surplus space.
        now: the lines as they would be.
        because: why no test can tell.
    """

    file: str
    function: str
    was: str
    now: str
    because: str


class Equivalents:
    """The list.

    Args:
        entries: what is in it.
    """

    def __init__(self, entries: list[Equivalent]) -> None:
        self.entries = entries
        self._reasons = {entry[:4]: entry.because for entry in entries}

    @classmethod
    def read(cls, file: Path = FILE) -> "Equivalents":
        """The list that a file holds."""
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        return cls([Equivalent(**entry) for entry in found.get("mutant", [])])

    def reason(self, file: str, function: str, was: str, now: str) -> str:
        """Why a change can't be noticed; empty if the list does not say so."""
        return self._reasons.get((file, function, was, now), "")
