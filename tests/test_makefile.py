"""``make`` in a moved or copied checkout: its environment is made where the folder is now."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PYTHON = f"""#!/bin/sh
# A Python that makes environments without pip, which is quick.
test "$1 $2" = "-m venv" || exec "{sys.executable}" "$@"
shift 2
exec "{sys.executable}" -m venv --without-pip "$@"
"""


@pytest.fixture(params=["checkout", "a checkout's copy"])
def checkout(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with the Makefile, and the environment that it makes."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    python = tmp_path / "quick-python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    folder: Path = tmp_path / request.param
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    make(folder)
    return folder


def make(folder: Path) -> str:
    """Make the environment of a folder; what make prints."""
    done = subprocess.run(
        ["make", ".venv/pyvenv.cfg", f"PYTHON={folder.parent / 'quick-python'}"],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if not key.startswith("MAKE")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def belongs_to(folder: Path) -> str:
    """The folder that the environment in a folder was made in."""
    lines = (folder / ".venv" / "pyvenv.cfg").read_text().splitlines()
    command = next(line for line in lines if line.startswith("command = "))
    return command[command.index(f" {folder.parent}") + 1 :]


def test_an_environment_that_belongs_here_stays(checkout: Path) -> None:
    (checkout / ".venv" / "kept").touch()
    assert "Replacing" not in make(checkout)
    assert (checkout / ".venv" / "kept").exists()
    assert belongs_to(checkout) == str(checkout / ".venv")


def test_a_moved_checkout_gets_an_environment_of_its_own(checkout: Path) -> None:
    moved = checkout.rename(checkout.with_name("moved"))
    assert "Replacing .venv, which belongs to another folder" in make(moved)
    assert belongs_to(moved) == str(moved / ".venv")


def test_a_copied_checkout_gets_an_environment_of_its_own(checkout: Path) -> None:
    copied = checkout.with_name("copied")
    shutil.copytree(checkout, copied, symlinks=True)
    (copied / ".venv" / "installed-demo").touch()
    assert "Replacing .venv" in make(copied)
    assert belongs_to(copied) == str(copied / ".venv")
    assert not (copied / ".venv" / "installed-demo").exists()
    assert belongs_to(checkout) == str(checkout / ".venv")


def test_an_environment_without_its_interpreter_is_replaced(checkout: Path) -> None:
    (checkout / ".venv" / "bin" / "python").unlink()
    assert "Replacing .venv" in make(checkout)
    assert (checkout / ".venv" / "bin" / "python").exists()
