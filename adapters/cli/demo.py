"""``relink demo``: a cast of customers against a simulated Stripe."""

import argparse
import os
from pathlib import Path

from . import UsageError


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("demo"),
        help="where the database and the picture go (demo)",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the simulated world (1)")


def run(arguments: argparse.Namespace) -> int:
    """Play it, and tell the story."""
    if os.environ.get("STRIPE_API_KEY", "").startswith(("sk_live_", "rk_live_")):
        raise UsageError("a live key is set (STRIPE_API_KEY), and a demo is no place for it")
    from relink.adapters.demo import play

    play(arguments.folder, seed=arguments.seed)
    return 0
