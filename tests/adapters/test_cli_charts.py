"""The command line with a chart of the user's own, in the folder where it runs."""

import subprocess
import sys
from pathlib import Path

import pytest

CHART = """
from typing import Any

from statemachine import State
from relink.engine import Chart, Event, Facts, Table


class Pushed(Event):
    {field}


class DoorFacts(Facts):
    id: str = "front"


class Door(Chart):
    facts_type = DoorFacts
    alphabet = (Pushed,)
    opened = State(initial=True)
    shut = State()
    opened.to(shut, event={event!r})
    shut.to(opened, event="pushed")


NUMBER = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with modules of charts: one that works, and some that do not."""
    doors = tmp_path / "doors"
    doors.mkdir()
    (doors / "__init__.py").touch()
    (doors / "front.py").write_text(CHART.format(field="force: int = 1", event="pushed"))
    (doors / "house.py").write_text(
        "from relink.engine import System\n"
        "from .front import Door\n"
        "house = System([Door], lambda trigger, load: [])\n"
    )
    (doors / "typo.py").write_text(CHART.format(field="force: int = 1", event="pusched"))
    (doors / "loose.py").write_text(CHART.format(field="force: Any", event="pushed"))
    (doors / "broken.py").write_text("def")
    (doors / "lacking.py").write_text("import nowhere_to_be_found")
    (doors / "unnamed.py").write_text("x = 1\nnothing\n")
    (doors / "refusing.py").write_text(
        CHART.format(field="force: FilePath", event="pushed").replace(
            "from typing import Any", "from pydantic import FilePath"
        )
    )
    nested = CHART.format(field="force: int = 1", event="pushed")
    compound = "    class ways(State.Compound):\n        shut = State(initial=True)"
    for old, new in (
        ("    shut = State()", compound),
        ("to(shut", "to(ways"),
        ("shut.to", "ways.to"),
    ):
        nested = nested.replace(old, new)
    (doors / "nested.py").write_text(nested)
    (doors / "leaving.py").write_text("raise SystemExit(3)")
    return tmp_path


def relink(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run the command as the console script does: without the folder on the path."""
    start = "import sys; sys.path.pop(0); from relink.adapters.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", start, *argv], cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("table", "doors.front:Door"), "# door"),
        (("diagram", "doors.front:Door", "--format", "dot"), 'digraph "door"'),
        (("diagram", "doors.front:Door", "--state", "shut"), "door, in shut"),
        (("diagram", "doors.house:house", "--system"), 'outside -->|"pushed"| s_door'),
        (("export", "doors.front:Door"), '"target": "#door.shut"'),
        (("export", "doors.front:Door", "--format", "scxml"), 'event="pushed" target="shut"'),
        (("fuzz", "doors.front:Door", "--examples", "3"), "No counterexample found."),
        (("--version",), "relink 0."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_chart_of_ones_own(folder: Path, argv: tuple[str, ...], words: str) -> None:
    done = relink(folder, *argv)
    assert (done.returncode, done.stderr) == (0, "")
    assert words in done.stdout


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ("doors.back:Door", "the module doors.back is not found. Run relink in the folder"),
        ("nothing:Door", "the module nothing is not found."),
        ("doors.front:Dor", "has no 'Dor'. Did you mean 'Door'? Its charts are Door."),
        ("doors.front:", "has no ''. Its charts are Door."),
        ("doors.front:NUMBER", "doors.front:NUMBER is not a chart."),
        ("doors.front:DoorFacts", "is not a chart. Name a class derived from relink.engine.Chart."),
        ("doors/front.py:Door", "Name it like doors.front:Door."),
        ("/home/doors/front.py:Door", "Name it like front:Door, in its folder."),
        ("../front.py:Door", "Name it like front:Door, in its folder."),
        ("front-door:Door", "Name it like my.module:Door."),
        (":Door", "Name it like my.module:Door."),
        ("doors.typo:Door", "does not compile. Door: transition opened --pusched--> shut"),
        ("doors.typo:Door", "did you mean 'pushed'?"),
        ("doors.broken:Door", "the module doors.broken cannot be imported. SyntaxError"),
        ("doors.lacking:Door", "needs nowhere_to_be_found. Install it"),
        ("doors.leaving:Door", "cannot be imported. SystemExit: 3"),
        ("doors.front", "doors.front is a module. Name one of its charts: doors.front:Door."),
        ("doors.unnamed:Door", "NameError: name 'nothing' is not defined ("),
        ("doors.unnamed:Door", "unnamed.py, line 2)"),
        ("acount-number", "Did you mean 'account-number'?"),
    ],
)
def test_what_is_no_chart_gets_one_message(folder: Path, machine: str, words: str) -> None:
    done = relink(folder, "table", machine)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_chart_whose_payloads_cannot_be_made_up(folder: Path) -> None:
    done = relink(folder, "fuzz", "doors.loose:Door")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no payload for Pushed.force" in done.stderr
    assert "machine_test(Door, …), from Python: see docs/fuzzing.md" in done.stderr


def test_a_chart_whose_payloads_are_all_refused(folder: Path) -> None:
    done = relink(folder, "fuzz", "doors.refusing:Door")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Pushed.force rejected" in done.stderr
    assert "values={'Pushed.force': …}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_compound_state_is_no_state_to_highlight(folder: Path) -> None:
    done = relink(folder, "diagram", "doors.nested:Door", "--state", "ways")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'ways' of doors.nested:Door is a compound state. Name a state inside it." in done.stderr


def test_both_spellings_of_a_machine(folder: Path) -> None:
    dashed, underscored = (
        relink(folder, "table", name) for name in ("account-number", "account_number")
    )
    assert dashed.returncode == 0
    assert dashed.stdout == underscored.stdout


@pytest.mark.parametrize("format", ["mermaid", "dot", "markdown", "svg"])
def test_a_terminal_obeys_nothing_that_a_chart_says(folder: Path, format: str) -> None:
    (folder / "doors" / "front.py").write_text(
        (folder / "doors" / "front.py")
        .read_text()
        .replace("class Door(Chart):", "class Door(Chart):\n    story = STORY")
        .replace(
            "class DoorFacts",
            "from relink.engine.story import Plain, Story\n"
            "STORY = Story(title='\\x1b[31mA', states={'shut': Plain('\\x9b31mShut')})\n\n\n"
            "class DoorFacts",
        )
    )
    done = relink(folder, "diagram", "doors.front:Door", "--format", format)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(line.isprintable() for line in done.stdout.splitlines())
