"""The command that runs relink as this process does, for lines that a user can copy."""

import shlex
import shutil
import sys
from pathlib import Path


def own_command(started_as: str | None = None) -> str:
    """The command that runs relink from where the reader stands.

    Args:
        started_as: how the process was started; by default as ``sys.argv`` says.
    """
    started_as = sys.argv[0] if started_as is None else started_as
    found = shutil.which("relink")
    if found is not None and Path(found).resolve() == Path(started_as).resolve():
        return "relink"
    if Path(started_as).name == "relink":
        return shlex.quote(started_as)
    return f"{shlex.quote(sys.executable)} -m relink.adapters.cli"
