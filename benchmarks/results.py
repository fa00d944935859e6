"""The results of a run, kept beside the benchmarks: the page is made from them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .measure import Line

FILE = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True)
class Results:
    """What one run measured."""

    environment: Mapping[str, str]
    seconds: float
    lines: Sequence[Line]

    def write(self, file: Path = FILE) -> None:
        """Keep them."""
        kept = {
            "environment": self.environment,
            "seconds": self.seconds,
            "lines": [line.to_json() for line in self.lines],
        }
        file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, file: Path = FILE) -> "Results":
        """The results that were kept last."""
        kept = json.loads(file.read_text())
        lines = [Line.from_json(each) for each in kept["lines"]]
        return cls(kept["environment"], kept["seconds"], lines)
