"""``relink demo``: scenarios against a simulated Stripe, with every decision explained."""

import argparse
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

    violations = play(writable_folder(arguments.folder), seed=arguments.seed)
    return 1 if violations else 0
