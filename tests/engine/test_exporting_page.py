"""The page docs/exporting.md: its code runs, and what it shows is the output of the code."""

import contextlib
import io
from pathlib import Path
from typing import Any

from .node import blocks, run_node


def names_of_page() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "turnstile"}
    for block in blocks("python"):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(block, names)
    assert printed.getvalue() == "['unlocked']\n"
    return names


def test_the_page_shows_the_output_of_its_code():
    names = names_of_page()
    [excerpt] = blocks("json")
    assert excerpt in names["text"]
    assert [names["document"]] == blocks("xml")


def test_the_example_runs_with_xstate(tmp_path: Path):
    (tmp_path / "turnstile.json").write_text(names_of_page()["text"], encoding="utf-8")
    assert [run_node(tmp_path, blocks("js")[1])] == blocks("text")
