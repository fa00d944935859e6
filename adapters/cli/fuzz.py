"""``relink fuzz``: anything happens to a machine, in any order.

Each event has to be decided without an error, and by the table just as python-statemachine
itself decides it live.
"""

import argparse
import sys
import time

from .machine import add_machine, table_of


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    add_machine(parser)
    parser.add_argument("--examples", type=int, default=1000, help="histories to try (1000)")
    parser.add_argument("--events", type=int, default=30, help="events in a history, at most (30)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed tries the same (0)")


def run(arguments: argparse.Namespace) -> int:
    """Search, show progress, and print the smallest counterexample if there is one.

    Returns:
        0 when none was found, else 1.
    """
    from relink.engine.fuzz import Progress, find_counterexample, machine_test

    test = machine_test(table_of(arguments).chart)
    began = time.monotonic()
    last = Progress(0, 0, False)

    def show(progress: Progress) -> None:
        nonlocal last
        last = progress
        if sys.stderr.isatty():
            doing = "found one, shrinking" if progress.found else "searching"
            print(
                f"\r{doing}: {progress.runs:,} histories, {progress.events:,} events",
                end="",
                file=sys.stderr,
                flush=True,
            )

    found = find_counterexample(
        test,
        max_examples=arguments.examples,
        max_events=arguments.events,
        seed=arguments.seed,
        on_progress=show,
    )
    if sys.stderr.isatty():
        print(file=sys.stderr)
    took = time.monotonic() - began
    print(f"{last.runs:,} histories, {last.events:,} events, {took:.1f} s, seed {arguments.seed}")
    if found is None:
        print("No counterexample.")
        return 0
    print(f"A counterexample:\n{found}")
    return 1
