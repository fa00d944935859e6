"""The page docs/charts.md: its code prints what the page shows, and its commands work."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ..own_tables import EXAMPLES

PAGE = Path(__file__).parents[2] / "docs" / "charts.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the folder of the examples."""
    return subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_code_prints_what_the_page_shows() -> None:
    _, *code = blocks("python")  # the first one is the example itself
    done = run("-c", "\n".join(code))
    assert (done.stderr, done.stdout) == ("", "".join(blocks("text")))


@pytest.mark.parametrize("line", blocks("sh")[0].splitlines())
def test_the_commands_work(line: str) -> None:
    name, *argv = shlex.split(line)
    assert name == "relink"
    # As the console script starts: without the current folder on the path.
    start = "import sys; sys.path.pop(0); from relink.adapters.cli import main; sys.exit(main())"
    done = run("-c", start, *argv)
    assert (done.returncode, done.stderr) == (0, "")
    shown = ("ci_job", "A job of a CI service", "No counterexample found.")
    assert any(words in done.stdout for words in shown)
