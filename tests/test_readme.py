"""The README's example runs, and prints what the README says."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", README.read_text(), re.M | re.S)
    assert found, f"the README has no {language} block"
    return found.group(1)


def test_the_embedding_example_prints_what_the_readme_says():
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", block("python")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == block("text")


def test_the_embedding_example_is_about_twenty_lines():
    lines = [line for line in block("python").splitlines() if line.strip()]
    assert len(lines) <= 20


def test_the_readme_shows_both_commands():
    shell = block("sh")
    assert "make demo" in shell
    assert "make test" in shell
