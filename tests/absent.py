"""Python processes in which some libraries cannot be imported."""

import subprocess
import sys
from collections.abc import Iterable

ABSENT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {libraries}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
"""What a process runs first; ``libraries`` is the set of their names."""


def run_without(libraries: Iterable[str], code: str) -> "subprocess.CompletedProcess[str]":
    """Run code where these libraries are absent.

    Args:
        libraries: by the names that they are imported by.
        code: what to run.
    """
    absent = ABSENT.format(libraries=set(libraries))
    return subprocess.run(
        [sys.executable, "-c", absent + code], capture_output=True, text=True, timeout=120
    )
