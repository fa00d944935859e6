"""``relink demo``: scenarios against a simulated Stripe, with every decision explained."""

import argparse
import shlex
import shutil
import sys
from pathlib import Path

from .arguments import seed, writable_folder
from .settings import refuse_live_key


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("demo"),
        help="where to put the database and the picture (default: demo)",
    )
    parser.add_argument(
        "--seed", type=seed, default=1, help="seed of the simulated world (default: 1)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play all scenarios.

    Returns:
        0, or 1 if a step violated a property.
    """
    refuse_live_key()
    from relink.adapters.demo import play

    violations = play(
        writable_folder(arguments.folder), seed=arguments.seed, command=own_command(sys.argv[0])
    )
    return 1 if violations else 0


def own_command(started_as: str) -> str:
    """The command that runs relink as this process does, for a line that a user can copy.

    Args:
        started_as: How the process was started, as in ``sys.argv``.
    """
    found = shutil.which("relink")
    if found is not None and Path(found).resolve() == Path(started_as).resolve():
        return "relink"
    if Path(started_as).name == "relink":
        return shlex.quote(started_as)
    return f"{shlex.quote(sys.executable)} -m relink.adapters.cli"
