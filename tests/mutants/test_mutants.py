"""Mutants are made where behaviour hangs on the code, and a test that notices one is found."""

import json
import sys
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from . import __main__ as command
from .copies import ROOT, Server, copy
from .equivalent import Equivalents
from .figures import figures, interval
from .killers import APPROVED, FOLDERS, NO_KILLERS, ODD_CHARTS
from .mutants import Mutant, changed, difference, function_at, mutants_of
from .places import files
from .reach import Reach, TimedTest, lines_of
from .swap import swap
from .trial import Result

SOURCE = '''"""A module."""

Both = int | None


class Door:
    def is_open(self, by: int | None = 3) -> bool:
        """Whether it is open, by 3."""
        return self.state

    def push(self, hands: list[int]) -> int:
        if not hands:
            raise ValueError(f"no hands of {len(hands) + 1}")
        self.count(hands, twice=True)
        match hands:
            case [1]:
                return 2
        return sum(hand for hand in hands if hand in self.known)

    def lift(self, hands: list[int]) -> int:
        raise NotImplementedError(f"with {len(hands) + 1} hands")

    def pairs(self, hands: list[int]) -> object:
        return zip(hands, self.known, strict=True)
'''

CHANGES = """
def is_open(self, by: int | None = 3) -> bool: -> def is_open(self, by: int | None = 2) -> bool:
def is_open(self, by: int | None = 3) -> bool: -> def is_open(self, by: int | None = 4) -> bool:
return self.state -> return not (self.state)
if not hands: -> if  hands:
if not hands: -> if not not hands:
raise ValueError(f"no hands of {len(hands) + 1}") -> pass
self.count(hands, twice=True) -> pass
self.count(hands, twice=True) -> self.count(hands, **{})
self.count(hands, twice=True) -> self.count(hands, twice=False)
case [1]: -> case [ 0]:
case [1]: -> case [ 2]:
case [1]: -> case [1] if False:
return 2 -> return 1
return 2 -> return 3
return sum(hand for hand in hands if hand in self.known) -> \
return sum(hand for hand in hands if True)
return sum(hand for hand in hands if hand in self.known) -> \
return sum(hand for hand in hands if hand not in self.known)
"""


def test_what_behaviour_hangs_on_is_changed_and_nothing_else() -> None:
    mutants = mutants_of("engine/door.py", SOURCE)
    found = [difference(SOURCE, changed(mutant, SOURCE)) for mutant in mutants]
    assert sorted(f"{was} -> {now}" for was, now in found) == sorted(CHANGES.split("\n")[1:-1])
    assert len({mutant.id for mutant in mutants}) == len(mutants)


def test_a_mutant_of_other_code_is_refused() -> None:
    for operator in ("dropped_case", "AddNot"):
        with pytest.raises(ValueError, match=rf"engine/door.py:{operator}:7 is no place of"):
            changed(Mutant("engine/door.py", 1, operator, 7), SOURCE)


def test_generated_tables_are_not_changed() -> None:
    found = files(ROOT)
    assert "machines/account/chart.py" in found
    assert not [file for file in found if "compiled" in file]
    assert files(ROOT, ("engine/table.py",)) == ["engine/table.py"]
    with pytest.raises(ValueError, match="'adapters' holds no code to mutate"):
        files(ROOT, ("adapters",))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nosuch"], "'nosuch' holds no code to mutate: name a file or folder of engine or mach"),
        (["--jobs", "0"], "argument --jobs: '0' is not how many: give a number from 1 on"),
        (["--sample", "few"], "argument --sample: 'few' is not how many"),
    ],
)
def test_an_argument_that_names_nothing_is_refused(
    arguments: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["tests.mutants", *arguments])
    with pytest.raises(SystemExit, match="2"):
        command.main()
    assert told in capsys.readouterr().err


def test_the_tests_that_may_kill_a_mutant_exist() -> None:
    for name in (*FOLDERS, *NO_KILLERS, APPROVED, ODD_CHARTS):
        assert (ROOT / name).exists()


def test_pictures_are_asked_about_what_draws_and_nothing_else() -> None:
    page = f"{APPROVED}::test_a_generated_page_is_fresh"
    names = [f"{page}[docs/rules.md]", f"{page}[docs/a.svg]", "tests/engine/test_door.py::test_it"]
    odd = f"{ODD_CHARTS}::test_a_picture[long.svg]"
    names.insert(2, odd)
    lines = {"engine/door.py": {1: {0, 1, 2, 3}}}
    reach = Reach([TimedTest(name, 1) for name in names], lines, {})
    for found in (reach.of_lines("engine/door.py", [1]), reach.sorted_tests()):
        assert [test.id for test in found] == names[3:]
    assert [test.id for test in reach.approved()] == names[1:3]


def test_a_line_belongs_to_its_statement() -> None:
    assert lines_of(SOURCE, 12) == range(12, 13)
    assert lines_of(SOURCE, 7) == range(7, 8)
    assert lines_of("f(\n    1,\n    2,\n)\n", 3) == range(1, 5)
    cases = "match x:\n case 1:\n  f()\n case (\n  2\n  | 3\n ):\n  g()\n"
    assert lines_of(cases, 7) == range(4, 8)
    assert lines_of(cases, 2) == range(2, 3)
    assert lines_of(cases, 8) == range(8, 9)
    assert function_at(SOURCE, 14) == "Door.push"
    assert function_at(SOURCE, 3) == ""


def test_a_list_says_of_existing_code_what_cannot_be_noticed() -> None:
    entries = Equivalents.read().entries
    for entry in entries:
        text = " ".join((ROOT / entry.file).read_text().split())
        assert " ".join(entry.was.split()) in text, entry
        assert entry.because, entry
    assert len({entry[:4] for entry in entries}) == len(entries)


def test_the_figure_comes_with_its_interval() -> None:
    mutants = [Mutant("engine/door.py", line, "AddNot", line) for line in range(100)]
    outcomes = ["killed"] * 90 + ["timed out"] * 4 + ["survived"] * 4 + ["equivalent", "invalid"]
    results = [
        Result(mutant, outcome, "", "", "", "")  # type: ignore[arg-type]
        for mutant, outcome in zip(mutants, outcomes, strict=True)
    ]
    picture = f"{APPROVED}::test_a_generated_page_is_fresh[docs/machines/pictures/read-story.svg]"
    results[0] = replace(results[0], by=picture)
    low, rate, high = interval(results)
    assert rate == pytest.approx(4 / 98)
    assert low == pytest.approx(0.016, abs=0.001)
    assert high == pytest.approx(0.100, abs=0.001)
    assert "98 tried of 500: 90 killed, 4 timed out, 4 survived" in figures(results, 500)
    assert "of those killed, 1 only by pictures" in figures(results, 500)
    assert interval([]) == (0, 0, 0)


# ── on a copy of the tree ────────────────────────────────────────────────────

FILE = "machines/account/timeline.py"
TESTS = "tests/machines/test_timeline.py"


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy(ROOT, tmp_path_factory.mktemp("mutants") / "copy")


@pytest.fixture(scope="module")
def covering(copied: Path) -> Iterator[Server]:
    server = Server(copied, "cover", TESTS)
    yield server
    server.close()


@pytest.fixture(scope="module")
def reach(covering: Server) -> Reach:
    names = covering.ready["tests"]
    answer = covering.ask({"cover": names})
    tests = [TimedTest(name, seconds) for name, seconds, passed in answer["tests"] if passed]
    assert len(tests) == len(names)
    numbers = {test.id: number for number, test in enumerate(tests)}
    lines = {
        file: {int(line): {numbers[x] for x in ran if x} for line, ran in by_line.items()}
        for file, by_line in answer["lines"].items()
    }
    at_import = {file: set(map(int, x)) for file, x in covering.ready["at_import"].items()}
    return Reach(tests, lines, at_import)


def test_the_command_tries_mutants_in_copies_and_goes_on_where_it_was(
    reach: Reach,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "KEPT", tmp_path)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.jsonl")
    monkeypatch.setattr(command, "measured", lambda *_: (reach, ["hypothesis", "pydantic"]))
    text = (ROOT / FILE).read_text()
    mutants = mutants_of(FILE, text)
    chosen = next(x for x in mutants if x.operator == "ReplaceComparisonOperator_Lt_GtE")
    arguments = [FILE, "--only", chosen.id, "--jobs", "1", "--resume"]
    monkeypatch.setattr(sys, "argv", ["tests.mutants", *arguments])
    for _ in range(2):
        assert command.main() == 0
        told = capsys.readouterr().out
        assert f"1 tried of {len(mutants)}: 1 killed" in told
    (kept,) = (tmp_path / "results.jsonl").read_text().splitlines()
    assert json.loads(kept)["by"].startswith(TESTS)
    assert (tmp_path / "copy1" / FILE).read_text() == text


def request(was: str, now: str, reach: Reach) -> dict[str, object]:
    before = (ROOT / FILE).read_text()
    assert before.count(was) == 1, was
    text = before.replace(was, now)
    tests = [(test.id, 1) for test in reach.tests]
    return {"file": FILE, "before": before, "text": text, "number": 1, "tests": tests}


def test_a_change_that_runs_forever_is_stopped(reach: Reach, covering: Server) -> None:
    endless = request("told = Told(as_of, works, cause)", "while True: pass", reach)
    answer = covering.ask(endless)
    assert answer["outcome"] == "timed out"
    assert answer["by"] in {test.id for test in reach.tests}


def test_what_runs_as_the_module_is_loaded_is_loaded_anew(
    reach: Reach, covering: Server, copied: Path
) -> None:
    shorter = request("LONGEST = 24", "LONGEST = 2", reach)
    assert covering.ask(shorter)["outcome"] == "cold"
    names = copied / "modules.txt"
    names.write_text("hypothesis\npydantic")
    server = Server(copied, "cold", str(names))
    try:
        assert server.ask(shorter)["outcome"] == "killed"
        broken = request("LONGEST = 24", "LONGEST = 24 + ''", reach)
        assert server.ask(broken).items() >= {"outcome": "killed", "by": "loading"}.items()
        same = request("LONGEST = 24", "LONGEST = 24  # as before", reach)
        assert server.ask(same)["outcome"] == "survived"
        assert (copied / FILE).read_text() == (ROOT / FILE).read_text()
    finally:
        server.close()


@pytest.mark.parametrize(
    ("was", "now", "is_possible"),
    [
        ("return knocks > 1", "return not knocks > 1", True),
        ("knocks += self.more", "pass", True),
        ("def opens(self, knocks=1)", "def opens(self, knocks=2)", False),
        ("more = 0", "more = 1", False),
        ("more = 0", "more =  0", True),
    ],
)
def test_a_change_within_a_function_is_put_into_it_while_it_is_loaded(
    was: str, now: str, is_possible: bool
) -> None:
    file, names = str(ROOT / "relink" / FILE), dict[str, Any]()
    before = """
class Door:
    more = 0

    def opens(self, knocks=1):
        knocks += self.more
        return knocks > 1
"""
    after = before.replace(was, now)
    exec(compile(before, file, "exec"), names)
    door, expected = names["Door"], dict[str, Any]()
    exec(compile(after, file, "exec"), expected)
    functions = {(file, "Door.opens", 5): [door.opens]}
    with chdir(ROOT):
        assert swap(functions, FILE, before, after) == is_possible
    if is_possible:
        door.more = expected["Door"].more = 1
        assert door().opens() == expected["Door"]().opens()


def test_relink_is_never_loaded_before_a_change_of_it(copied: Path) -> None:
    names = copied / "modules.txt"
    names.write_text("pydantic\nrelink.engine")
    with pytest.raises(RuntimeError, match=r"a server has ended; see .*cold.log"):
        Server(copied, "cold", str(names))
    assert "is loaded, so no change of it would be tried" in (copied / "cold.log").read_text()
