"""``relink demo``: scenarios against a simulated Stripe, told customer by customer."""

import argparse
from pathlib import Path

from .arguments import path, seed, writable_folder
from .depth import add_depth, depth_of
from .options import CommandParser
from .own_command import own_command
from .settings import refuse_live_key


def add(parser: CommandParser) -> None:
    """Declare the arguments."""
    add_depth(parser)
    parser.add_argument(
        "--folder",
        type=path,
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
    folder = writable_folder(arguments.folder)
    from relink.adapters.demo import play, summary
    from relink.adapters.terminal import Screen

    screen, depth = Screen(), depth_of(arguments)
    played = play(folder, screen, arguments.seed, depth)
    screen.show(*summary(played, screen, own_command(), depth))
    return 1 if played.checks.violations else 0
