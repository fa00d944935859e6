"""``relink replay``: rebuild every machine from its journal and compare it with its snapshot.

Decisions of an older chart that the present chart would make differently are listed too. They
stand, and are not an error.
"""

import argparse
import sys

from .settings import add_database, open_store


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Rebuild and compare.

    Returns:
        0, or 1 if a machine differs.
    """
    from relink.adapters.store.replay import DecidedByOlderChart, replay

    total = 0

    def progress(done: int, of: int) -> None:
        nonlocal total
        total = of
        if sys.stderr.isatty():
            print(f"\r{done:,} of {of:,} machines", end="", file=sys.stderr, flush=True)

    differing = older = 0
    with open_store(arguments.database) as store:
        for finding in replay(store, progress):
            name = f"{finding.address.machine} {finding.address.key}"
            if isinstance(finding, DecidedByOlderChart):
                older += 1
                versions = ", ".join(map(str, finding.versions))
                print(f"{name}: an older chart decided version {versions} differently")
            else:
                differing += 1
                print(f"{name}: {finding.what}")
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(
        f"{total:,} machines rebuilt from their journals: {differing:,} differ from their snapshots"
    )
    if older:
        verb = "has" if older == 1 else "have"
        print(f"{older:,} {verb} decisions of an older chart that differ from the present one's")
    return 1 if differing else 0
