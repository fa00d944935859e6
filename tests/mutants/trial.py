"""One mutant after the other, in one copy of the tree."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .copies import Server
from .equivalent import Equivalents
from .killers import DRAWING
from .mutants import Mutant, changed, difference, function_at, read
from .reach import Reach, TimedTest, lines_of

Outcome = Literal["killed", "timed out", "survived", "equivalent", "invalid", "error"]
"""``equivalent``: the list explains it; ``invalid``: it is no other program, or none at all;
``error``: it could not be tried."""

MORE_EXAMPLES = 5
"""How many times as many examples tests name as the quick profile draws."""


@dataclass(frozen=True)
class Result:
    """What became of a mutant.

    Args:
        mutant: what was changed.
        outcome: whether a test noticed.
        by: the test that did, or how many tests did not.
        function: where the change is.
        was: the lines as they are.
        now: the lines as they were tried.
        seconds: of processor time.
    """

    mutant: Mutant
    outcome: Outcome
    by: str
    function: str
    was: str
    now: str
    seconds: float = 0


class Trial:
    """The servers of one copy, and what they are asked.

    Args:
        root: the top of the tree.
        copied: a copy of it.
        reach: which tests run which line.
        modules: what the tests load beside relink.
        equivalents: mutants that are not tried.
        budget: how many seconds of tests to run on one mutant, as they were measured.
        is_thorough: whether tests draw as many examples as they name.
    """

    def __init__(
        self,
        root: Path,
        copied: Path,
        reach: Reach,
        modules: list[str],
        equivalents: Equivalents,
        budget: float,
        *,
        is_thorough: bool = False,
    ) -> None:
        self._root, self._copied, self._modules = root, copied, modules
        self._reach, self._equivalents, self._budget = reach, equivalents, budget
        self._is_thorough = is_thorough
        self._servers: dict[str, Server] = {}
        self._number = 0

    def try_(self, mutant: Mutant) -> Result:
        """Whether a test notices a mutant."""
        before = read(self._root, mutant.file)
        try:
            after = changed(mutant, before)
        except AttributeError:  # Cosmic Ray replaces no dotted name in a tuple of exceptions
            return Result(mutant, "invalid", "no change", function_at(before, mutant.line), "", "")
        was, now = difference(before, after)
        function = function_at(before, mutant.line)

        def result(outcome: Outcome, by: str, seconds: float = 0) -> Result:
            return Result(mutant, outcome, by, function, was, now, round(seconds, 2))

        try:
            if compile(before, mutant.file, "exec") == compile(after, mutant.file, "exec"):
                return result("invalid", "the same program")
        except (SyntaxError, ValueError):
            return result("invalid", "no program")
        if reason := self._equivalents.reason(mutant.file, function, was, now):
            return result("equivalent", reason)
        return result(*self._killed(mutant, before, after))

    def control(self, mutants: list[Mutant]) -> str:
        """Run the tests of a few mutants on the code as it is: what fails, which nothing may."""
        tried = set()
        for mutant in mutants:
            text = read(self._root, mutant.file)
            loads = self._reach.runs_at_import(mutant.file, lines_of(text, mutant.line))
            if loads not in tried:
                tried.add(loads)
                outcome, by, _ = self._killed(mutant, text, text)
                if outcome != "survived":
                    return by
        return ""

    def close(self) -> None:
        """End the servers."""
        for server in self._servers.values():
            server.close()

    def _killed(self, mutant: Mutant, before: str, after: str) -> tuple[Outcome, str, float]:
        lines = lines_of(before, mutant.line)
        tests = self._reach.of_lines(mutant.file, lines)
        seconds, ran, loads = 0.0, 0, self._reach.runs_at_import(mutant.file, lines)
        for part in self._loaded(tests):
            answer = self._ask("warm", mutant, before, after, part)
            seconds += answer["seconds"]
            if answer["outcome"] == "cold":
                loads = True
                break
            if answer["outcome"] != "survived":
                return answer["outcome"], answer["by"], seconds
            ran += answer["ran"]
        if loads:
            # What ran as modules were loaded ran without the change. And a test may look at what
            # was made then, such as a list of all properties, and run none of its code.
            first = self._reach.of_files([*tests, *self._reach.of_module(mutant.file)])
            tests = list(dict.fromkeys([*first, *self._reach.sorted_tests()]))
            ran = 0
            for part in self._unloaded(first, tests):
                answer = self._ask("cold", mutant, before, after, part)
                seconds += answer["seconds"]
                if answer["outcome"] != "survived":
                    return answer["outcome"], answer["by"], seconds
                ran += answer["ran"]
        if mutant.file.startswith(DRAWING):
            tests = [*tests, *(pictures := self._reach.approved())]
            kind = "cold" if loads else "warm"
            answer = self._ask(kind, mutant, before, after, self._within(pictures, self._budget))
            seconds += answer["seconds"]
            if answer["outcome"] != "survived":
                return answer["outcome"], answer["by"], seconds
            ran += answer["ran"]
        left_out = f", {len(tests) - ran} did not" if len(tests) > ran else ""
        return "survived", f"{ran} tests ran{left_out}" if tests else "no test runs it", seconds

    def _loaded(self, tests: list[TimedTest]) -> Iterator[list[TimedTest]]:
        """First the tests that run the lines, then all others of their files."""
        first = self._within(tests, self._budget)
        yield first
        known = set(tests)
        left = self._budget - sum(test.seconds for test in first)
        if more := [test for test in self._reach.of_files(tests) if test not in known]:
            yield self._within(more, left)

    def _unloaded(
        self, first: list[TimedTest], tests: list[TimedTest]
    ) -> Iterator[list[TimedTest]]:
        """First the files that reach it most: loading takes long, and few files notice most."""
        chosen = self._within(tests, self._budget)
        files = [file for file, _ in Counter(test.file for test in first).most_common(4)]
        yield [test for test in chosen if test.file in files]
        yield [test for test in chosen if test.file not in files]

    def _within(self, tests: list[TimedTest], seconds: float) -> list[TimedTest]:
        """As many of the tests as fit into a time, the quickest first."""
        chosen: list[TimedTest] = []
        for test in tests:
            seconds -= test.seconds
            if seconds >= 0:
                chosen.append(test)
        return chosen

    def _ask(
        self, kind: str, mutant: Mutant, before: str, after: str, tests: list[TimedTest]
    ) -> dict[str, Any]:
        if not tests:
            return {"outcome": "survived", "ran": 0, "seconds": 0}
        self._number += 1
        longest = 5 * MORE_EXAMPLES if self._is_thorough else 5
        return self._server(kind).ask(
            {
                "file": mutant.file,
                "before": before,
                "text": after,
                "number": self._number,
                "tests": [(test.id, 2 + longest * test.seconds) for test in tests],
            }
        )

    def _server(self, kind: str) -> Server:
        if kind not in self._servers:
            if kind == "cold":
                modules = self._copied / "modules.txt"
                modules.write_text("\n".join(self._modules))
                arguments = [str(modules)]
            else:
                arguments = sorted({test.file for test in self._reach.tests})
            self._servers[kind] = Server(
                self._copied, kind, *arguments, is_thorough=self._is_thorough
            )
        return self._servers[kind]
