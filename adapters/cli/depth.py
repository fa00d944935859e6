"""How much a command tells: what became of it, every decision, or everything."""

import argparse
from typing import TYPE_CHECKING

from .options import CommandParser

if TYPE_CHECKING:
    from relink.machines.words.thoughts import Depth

DEPTHS = ("story", "decisions", "everything")


def add_depth(parser: CommandParser) -> None:
    """Declare ``--depth`` and ``--all``."""
    parser.add_argument(
        "--depth",
        choices=DEPTHS,
        help="how much to tell: the story (the default), every decision, or also guards, facts "
        "and commands",
    )
    parser.add_argument(
        "--all", action="store_true", help="tell everything: the same as --depth everything"
    )
    parser.either("--all", "--depth")


def depth_of(arguments: argparse.Namespace, default: str = "story") -> "Depth":
    """How much the arguments ask to tell."""
    from relink.machines.words.thoughts import Depth

    return Depth(DEPTHS.index("everything" if arguments.all else arguments.depth or default))
