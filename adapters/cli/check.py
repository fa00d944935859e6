"""``relink check``: explore every history of one account, within bounds.

The bounds say how often the account may change at Stripe, and how often something may go wrong.
"""

import argparse
import sys
import time

from .arguments import whole_number


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--list", action="store_true", help="print the properties that are checked, and exit"
    )
    for name, default, what in (
        ("changes", 1, "changes of the account at Stripe"),
        ("losses", 1, "webhooks that get lost"),
        ("copies", 1, "webhooks that come twice"),
        ("failures", 1, "reads that fail for good"),
    ):
        text = f"most {what} in a history (default: {default})"
        parser.add_argument(f"--{name}", type=whole_number(0, 9), default=default, help=text)


def run(arguments: argparse.Namespace) -> int:
    """Explore, show progress, and print the shortest counterexample.

    Returns:
        0 if there is none, else 1.
    """
    from relink.adapters.checker import Truth, check, sentences
    from relink.engine.explore import Progress, story
    from relink.machines import relink_system

    if arguments.list:
        print("\n".join(sentences()))
        return 0
    began = time.monotonic()

    def show(progress: Progress) -> None:
        if sys.stderr.isatty():
            line = progress.line(time.monotonic() - began)
            print(f"\r{line:<78}", end="", file=sys.stderr, flush=True)

    bounds = Truth(
        changes=arguments.changes,
        losses=arguments.losses,
        copies=arguments.copies,
        failures=arguments.failures,
    )
    found = check(relink_system(), bounds, show)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{found}, {time.monotonic() - began:.1f} s")
    if not found.violations:
        print(f"{len(found.verdicts)} properties hold in every history within these bounds.")
        return 0
    print("Counterexample:", *story(found.violations[0]), sep="\n")
    return 1
