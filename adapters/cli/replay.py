"""``relink replay``: rebuild every machine from its journal and compare it with its snapshot."""

import argparse
import sys

from .settings import open_store


def add(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Rebuild and compare.

    Returns:
        0, or 1 if a machine differs.
    """
    from relink.adapters.store.replay import replay

    total = 0

    def progress(done: int, of: int) -> None:
        nonlocal total
        total = of
        if sys.stderr.isatty():
            print(f"\r{done:,} of {of:,} machines", end="", file=sys.stderr, flush=True)

    with open_store() as store:
        differing = 0
        for difference in replay(store, progress):
            differing += 1
            print(f"{difference.address.machine} {difference.address.key}: {difference.what}")
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(
        f"{total:,} machines rebuilt from their journals: {differing:,} differ from their snapshots"
    )
    return 1 if differing else 0
