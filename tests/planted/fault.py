"""A fault, as a file describes it: what it breaks, and which lines of the source it changes."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FAULTS = Path(__file__).parent / "faults"


class RottenFaultError(Exception):
    """The source has changed, so that a fault cannot be planted any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planted fault.

    Args:
        name: the name of its file.
        sentence: what goes wrong.
        rule: the rule that it breaks.
        file: the file that it changes, from the root of the repository.
        old: the lines that it replaces; they occur once.
        new: the lines in their place.
        examples: files of example tests of that rule.
        whole: files of tests that run the whole product, where these are to notice it.
    """

    name: str
    sentence: str
    rule: str
    file: str
    old: str
    new: str
    examples: tuple[str, ...]
    whole: tuple[str, ...] = ()

    @property
    def is_of_machines(self) -> bool:
        """Whether it is in the decisions, and not in what carries them out."""
        return self.file.startswith("machines/")

    def planted_in(self, source: str) -> str:
        """The source with the fault.

        Args:
            source: the text of its file.

        Raises:
            RottenFaultError: the lines do not occur in it, or more than once.
        """
        found = source.count(self.old)
        if found != 1:
            raise RottenFaultError(
                f"{self.name}: {self.file} has its lines {found} times, and must have them once. "
                f"Adapt tests/planted/faults/{self.name}.toml to the source:\n{self.old}"
            )
        return source.replace(self.old, self.new)


def read(file: Path) -> Fault:
    """The fault that a file describes."""
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    lists = {key: tuple(told.pop(key, ())) for key in ("examples", "whole")}
    return Fault(name=file.stem, **lists, **told)


def all_faults() -> list[Fault]:
    """Every fault, by name."""
    return [read(file) for file in sorted(FAULTS.glob("*.toml"))]
