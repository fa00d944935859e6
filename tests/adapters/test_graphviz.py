"""Pictures by the real program, and clear errors if it is missing or fails."""

import struct
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from relink.adapters import graphviz
from relink.adapters.graphviz import GraphvizError, GraphvizMissingError, render
from relink.engine import Table
from relink.engine.diagram import dot
from relink.machines import relink_system

SVG = "{http://www.w3.org/2000/svg}"


def program(folder: Path, script: str) -> None:
    """Write a script named graphviz-pure."""
    file = folder / "graphviz-pure"
    file.write_text(script)
    file.chmod(0o755)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like the one of the interpreter, with an empty PATH."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "")
    return tmp_path


@pytest.mark.parametrize("table", relink_system().tables.values(), ids=repr)
def test_every_machine_is_readable_at_its_own_size(table: Table):
    """Text of at least 10 points, and at most 2,160 px wide."""
    root = ElementTree.fromstring(render(dot(table, table.initial), "svg"))
    texts = list(root.iter(f"{SVG}text"))
    assert {text.text for text in texts} >= set(table.states)
    assert min(float(text.attrib["font-size"]) for text in texts) >= 10
    assert float(root.attrib["width"].removesuffix("pt")) <= 1620
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert titles[0] == f"{table.name}, in {table.initial}"


def test_png():
    picture = render("digraph { a -> b }", "png")
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert min(struct.unpack(">II", picture[16:24])) > 50


def test_the_same_text_gives_the_same_picture():
    text = dot(relink_system().tables["session"])
    assert render(text, "svg") == render(text, "svg")
    assert render(text, "png") == render(text, "png")


def test_text_is_never_run_as_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert b"touch" in render('digraph { "; touch here; $(touch here)" }', "svg")
    assert list(tmp_path.iterdir()) == []


def test_invalid_dot_is_an_error():
    with pytest.raises(GraphvizError, match=r"made no svg: .*syntax error"):
        render("digraph { a -> }", "svg")


def test_the_environment_need_not_be_active(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    assert b"<svg" in render("digraph { a }", "svg")


def test_a_program_elsewhere_is_found_on_path(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    (elsewhere / "bin").mkdir()
    program(elsewhere / "bin", "#!/bin/sh\necho drawn by the one on PATH")
    monkeypatch.setenv("PATH", str(elsewhere / "bin"))
    assert render("digraph { a }", "svg") == b"drawn by the one on PATH\n"


def test_a_missing_program_says_what_to_install(elsewhere: Path):
    with pytest.raises(GraphvizMissingError, match=r"pip install 'relink-engine\[diagrams\]'"):
        render("digraph { a }", "svg")


def test_a_program_that_hangs_times_out(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    program(elsewhere, "#!/bin/sh\nexec /bin/sleep 60")
    monkeypatch.setattr(graphviz, "TIMEOUT", 0.2)
    with pytest.raises(GraphvizError, match=r"made no png within 0\.2 s"):
        render("digraph { a }", "png")


def test_a_program_that_cannot_run(elsewhere: Path):
    program(elsewhere, "#!/no/such/interpreter")
    with pytest.raises(GraphvizError, match="cannot be run"):
        render("digraph { a }", "png")


def test_a_program_that_fails_silently(elsewhere: Path):
    program(elsewhere, "#!/bin/sh\nexit 3")
    with pytest.raises(GraphvizError, match="made no svg: exit 3"):
        render("digraph { a }", "svg")
