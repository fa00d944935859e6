"""Node with XState, which ``make .venv/xstate/installed`` installs at the pinned version."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "exporting.md"
MODULES = ROOT / ".venv" / "xstate" / "node_modules"


def blocks(language: str) -> list[str]:
    """The blocks of code of the page on exports."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def run_node(folder: Path, script: str, given: str = "") -> str:
    """What a script prints that is run in a folder, where XState and the page's module are.

    Args:
        folder: An empty folder, or one that this has prepared.
        script: The text of the script.
        given: Its standard input.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node and npm are not installed")
    if not MODULES.exists():
        subprocess.run(["make", ".venv/xstate/installed"], cwd=ROOT, check=True)
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(MODULES)
    (folder / "machine.mjs").write_text(blocks("js")[0], encoding="utf-8")
    (folder / "script.mjs").write_text(script, encoding="utf-8")
    node = ["node", "script.mjs"]
    done = subprocess.run(
        node, cwd=folder, input=given, capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def play(folder: Path, jobs: list[dict[str, Any]]) -> list[list[list[Any]]]:
    """What XState did: for each job, for each sequence of events, step by step."""
    player = Path(__file__).with_name("player.mjs").read_text(encoding="utf-8")
    played: list[list[list[Any]]] = json.loads(run_node(folder, player, json.dumps(jobs)))
    return played
