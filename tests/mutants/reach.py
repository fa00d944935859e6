"""Which tests run which line: a mutant can only be noticed by a test that runs what it changes.

Each file of tests is measured in a process of its own and kept under ``.mutants/reach`` until it,
or anything that all tests share, changes. What is remembered between two tests of a file, such as a
compiled table, belongs to the first of them; so a survivor is tried once more with all tests of the
files that reach it.
"""

import ast
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

from .copies import KEPT, Server
from .killers import APPROVED, FOLDERS, HIDDEN, NO_KILLERS, is_approved
from .mutants import digest


class TimedTest(NamedTuple):
    """A test that passes on the code as it is.

    Args:
        id: as pytest writes it.
        seconds: of processor time that it took while it was measured.
    """

    id: str
    seconds: float

    @property
    def file(self) -> str:
        """Where it stands."""
        return self.id.partition("::")[0]


class Reach:
    """What was measured: for each line, the tests that run it.

    Args:
        tests: all tests that may kill a mutant.
        lines: by file and line, the places of tests in ``tests``.
        at_import: by file, the lines that run as the module is loaded.
    """

    def __init__(
        self,
        tests: list[TimedTest],
        lines: dict[str, dict[int, set[int]]],
        at_import: dict[str, set[int]],
    ) -> None:
        self.tests = tests
        self._lines = lines
        self._at_import = at_import

    def runs_at_import(self, file: str, lines: Iterable[int]) -> bool:
        """Whether any of the lines runs as the module is loaded."""
        return not self._at_import.get(file, set()).isdisjoint(lines)

    def of_lines(self, file: str, lines: Iterable[int]) -> list[TimedTest]:
        """The tests that run any of the lines."""
        if file in HIDDEN:
            return self.of_module(file)
        by_line = self._lines.get(file, {})
        return self._sorted({test for line in lines for test in by_line.get(line, ())})

    def of_module(self, file: str) -> list[TimedTest]:
        """The tests that run any function of a module, or else of its folder."""
        found = {test for tests in self._lines.get(file, {}).values() for test in tests}
        if not found:
            folder = f"{file.rpartition('/')[0]}/"
            found = {
                test
                for each, by_line in self._lines.items()
                if each.startswith(folder)
                for tests in by_line.values()
                for test in tests
            }
        return self._sorted(found)

    def of_files(self, tests: Iterable[TimedTest]) -> list[TimedTest]:
        """All tests that stand in the same files."""
        files = {test.file for test in tests}
        return self._sorted({n for n, test in enumerate(self.tests) if test.file in files})

    def sorted_tests(self) -> list[TimedTest]:
        """All tests."""
        return self._sorted(set(range(len(self.tests))))

    def approved(self) -> list[TimedTest]:
        """The tests that compare pictures with those that somebody looked at."""
        found = [test for test in self.tests if is_approved(test.id)]
        return sorted(found, key=lambda test: test.seconds)

    def _sorted(self, found: set[int]) -> list[TimedTest]:
        """The quickest first: those of one small thing come before long histories."""
        tests = [self.tests[number] for number in found]
        judging = [x for x in tests if x.file != APPROVED and not is_approved(x.id)]
        return sorted(judging, key=lambda test: test.seconds)


def measured(
    root: Path, copies: list[Path], say: Callable[[str], None], folder: Path = KEPT / "reach"
) -> tuple[Reach, list[str]]:
    """What tests reach, from what is kept, and measured where that is stale.

    Args:
        root: the top of the tree.
        copies: of the tree; each measures its share.
        say: shows progress.
        folder: where it is kept.

    Returns:
        what was measured, and the third-party modules that the tests load.
    """
    shared = _shared(root)
    files = [
        str(file.relative_to(root))
        for each in FOLDERS
        for file in sorted((root / each).glob("test_*.py"))
    ]
    files = [APPROVED, *(file for file in files if file not in NO_KILLERS)]
    folder.mkdir(parents=True, exist_ok=True)
    kept = {file: folder / f"{file.replace('/', '.')}.json" for file in files}
    fresh = {file: f"{shared}-{digest((root / file).read_bytes())}" for file in files}
    stale = [file for file in files if not _is_fresh(kept[file], fresh[file])]
    general = folder / "general.json"
    if stale or not _is_fresh(general, shared):
        _measure(copies, stale, kept, fresh, general, shared, say)
    return _load(list(kept.values()), general)


def _load(kept: list[Path], general: Path) -> tuple[Reach, list[str]]:
    head = json.loads(general.read_text())
    tests: list[TimedTest] = []
    lines: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for file in kept:
        found = json.loads(file.read_text())
        numbers = {}
        for name, seconds, passed in found["tests"]:
            if passed:
                numbers[name] = len(tests)
                tests.append(TimedTest(name, seconds))
        for source, by_line in found["lines"].items():
            for line, names in by_line.items():
                lines[source][int(line)].update(numbers[x] for x in names if x in numbers)
    at_import = {file: set(map(int, found)) for file, found in head["at_import"].items()}
    return Reach(tests, lines, at_import), head["modules"]


def _shared(root: Path) -> str:
    """A digest of what any test may depend on, whatever file it stands in."""
    folders = [root / each for each in ("engine", "machines", "adapters", *FOLDERS)]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    shared = [file for file in files if not file.name.startswith("test_")]
    shared += [root / "constraints.txt", root / "tests/profile.py"]
    return digest(*(file.read_bytes() for file in shared))


def _is_fresh(file: Path, wanted: str) -> bool:
    return file.exists() and json.loads(file.read_text())["digest"] == wanted


def _measure(
    copies: list[Path],
    stale: list[str],
    kept: dict[str, Path],
    fresh: dict[str, str],
    general: Path,
    shared: str,
    say: Callable[[str], None],
) -> None:
    say(f"measuring which lines {len(stale)} files of tests run")
    waiting = SimpleQueue[str]()
    for file in stale:
        waiting.put(file)

    def work(copied: Path) -> None:
        server = Server(copied, "cover")
        ready = server.ready
        head = {"digest": shared, "modules": ready["modules"], "at_import": ready["at_import"]}
        general.write_text(json.dumps(head))
        by_file = defaultdict[str, list[str]](list)
        for name in ready["tests"]:
            by_file[name.partition("::")[0]].append(name)
        while not waiting.empty():
            file = waiting.get()
            answer: dict[str, Any] = server.ask({"cover": by_file[file]})
            if "tests" not in answer:
                raise RuntimeError(f"{file} could not be measured: {answer}")
            kept[file].write_text(json.dumps({"digest": fresh[file], **answer}))
            failed = [name for name, _, passed in answer["tests"] if not passed]
            say(f"measured {file}: {len(by_file[file])} tests, {answer['seconds']:.1f} s")
            for name in failed:
                say(f"  does not pass, so it is left out: {name}")
        server.close()

    with ThreadPoolExecutor(len(copies)) as pool:
        list(pool.map(work, copies))


# ── the lines of a change ────────────────────────────────────────────────────


def lines_of(source: str, line: int) -> range:
    """The lines of the statement around a line; of one with a body, only those of its head."""
    around = [head for head in _heads(ast.parse(source)) if line in head]
    return around[-1] if around else range(line, line + 1)


def _heads(node: ast.AST) -> Iterator[range]:
    """The heads of all statements and cases, each before those within it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield _head(child)
        if isinstance(child, ast.Match):
            yield from _heads_of_cases(child)
        else:
            yield from _heads(child)


def _head(statement: ast.stmt) -> range:
    assert statement.end_lineno is not None
    body = getattr(statement, "body", None)
    first = min([statement.lineno, *(x.lineno for x in getattr(statement, "decorator_list", []))])
    if body:
        return range(first, max(first + 1, body[0].lineno))
    if isinstance(statement, ast.Match):
        return range(first, first + 1)
    return range(first, statement.end_lineno + 1)


def _heads_of_cases(match: ast.Match) -> Iterator[range]:
    """A case begins where the one before it ends: the tree does not say where ``case`` stands."""
    before = match.subject.end_lineno
    for case in match.cases:
        assert before is not None
        yield range(before + 1, max(before + 2, case.body[0].lineno))
        yield from _heads(case)
        before = case.body[-1].end_lineno
