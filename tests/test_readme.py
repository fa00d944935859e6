"""The README's example runs, and prints what the README says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from relink.adapters.cli import SUBCOMMANDS

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


def test_the_embedding_example_is_at_most_twenty_lines():
    lines = [line for line in block("python").splitlines() if line.strip()]
    assert len(lines) <= 20


def test_the_readme_shows_both_commands():
    shell = block("sh")
    assert "make demo" in shell
    assert "make test" in shell


def shown_commands() -> set[str]:
    """The subcommands in code blocks and inline code."""
    text = README.read_text()
    blocks = "\n".join(re.findall(r"^```text\n(.*?)^```$", text, re.M | re.S))
    return set(
        re.findall(r"^relink ([a-z-]+)", blocks, re.M) + re.findall(r"`relink ([a-z-]+)", text)
    )


@pytest.mark.parametrize("command", sorted(shown_commands()))
def test_every_relink_command_in_the_readme_exists(command: str):
    assert command in SUBCOMMANDS


def test_the_documentation_index_lists_every_page():
    pages = {page.name for page in (README.parent / "docs").glob("*.md")}
    assert pages <= {
        Path(link).name for link in re.findall(r"\]\(([^)]+\.md)\)", README.read_text())
    }
