"""``relink fuzz``: send a machine random events, in any order.

Every event must be decided without an error, and the compiled table must decide it as
python-statemachine does live.
"""

import argparse
import sys
import time

from . import UsageError
from .arguments import seed, whole_number
from .machine import add_machine, table_of


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_machine(parser)
    parser.add_argument(
        "--examples",
        type=whole_number(1, 100_000_000),
        default=1000,
        help="histories to try (default: 1000)",
    )
    parser.add_argument(
        "--events",
        type=whole_number(1, 10_000),
        default=30,
        help="most events in a history (default: 30)",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, help="the same seed tries the same histories (default: 0)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Search, show progress, and print the smallest counterexample.

    Returns:
        0 if none was found, else 1.
    """
    from relink.engine.fuzz import NoPayloadError, Progress, find_counterexample, machine_test

    table = table_of(arguments)
    began = time.monotonic()
    last = Progress(0, 0, False)

    def show(progress: Progress) -> None:
        nonlocal last
        last = progress
        if sys.stderr.isatty():
            doing = "found one, shrinking it" if progress.found else "searching"
            print(
                f"\r{doing}: {progress.runs:,} histories, {progress.events:,} events",
                end="",
                file=sys.stderr,
                flush=True,
            )

    try:
        found = find_counterexample(
            machine_test(table),
            max_examples=arguments.examples,
            max_events=arguments.events,
            seed=arguments.seed,
            on_progress=show,
        )
    except NoPayloadError as error:
        # The command has no option for strategies.
        raise UsageError(
            f"{error} in machine_test({table.chart.__name__}, …), from Python: see docs/fuzzing.md."
        ) from error
    if sys.stderr.isatty():
        print(file=sys.stderr)
    took = time.monotonic() - began
    print(f"{last.runs:,} histories, {last.events:,} events, {took:.1f} s, seed {arguments.seed}")
    if found is None:
        print("No counterexample found.")
        return 0
    print(f"Counterexample:\n{found}")
    return 1
