"""Copies of the tree, in which it is changed, and the servers that run in them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".mutants"
"""Where copies, and what was measured, are kept; git ignores it."""


def copy(root: Path, to: Path) -> Path:
    """Copy what git knows or would add, and let it be imported as ``relink``.

    Args:
        root: the top of a checkout.
        to: the copy; what is there is brought up to date.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = {name for name in listed.split("\0") if name and (root / name).is_file()}
    for name in names:
        file, copied = root / name, to / name
        if not copied.exists() or copied.read_bytes() != file.read_bytes():
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copied)
    for folder in ("engine", "machines", "tests"):
        for file in (to / folder).rglob("*.py"):
            if str(file.relative_to(to)) not in names:
                file.unlink()
    package = to / "relink"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").touch()
    for folder in ("engine", "machines", "adapters"):
        if not (package / folder).exists():
            (package / folder).symlink_to(Path("..", folder))
    return to


class Server:
    """A process in a copy that answers requests; see :mod:`.server`.

    Args:
        copied: the copy.
        arguments: of the server.
        is_thorough: whether tests draw as many examples as they name.
    """

    def __init__(self, copied: Path, *arguments: str, is_thorough: bool = False) -> None:
        self._log = (copied / f"{arguments[0]}.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.server", *arguments],
            cwd=copied,
            env=_environment(copied, is_thorough),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self.ready = self._answer()
        except RuntimeError:
            self.close()
            raise

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the server answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"a server has ended; see {self._log.name}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._log.close()


def _environment(copied: Path, is_thorough: bool) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("CI", "THOROUGH")}
    if is_thorough:
        kept |= {"CI": "true", "THOROUGH": "true"}
    return {
        **kept,
        "PYTHONPATH": str(copied),
        "PYTHONHASHSEED": "0",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
