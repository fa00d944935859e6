"""``relink fuzz``: send machines random events, in any order, and search for a counterexample.

Of a machine, every event must be decided without an error, and the compiled table must decide it as
python-statemachine does live. Of the whole system, the rules must hold after every webhook, and
what is known in the end must be true. A test of your own says itself what must hold.

A counterexample is also written to a file, which ``--replay`` plays again without a search.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from relink.adapters.signs import visible

from . import UsageError, counterexample_file
from .arguments import path, seed, whole_number
from .machine import machine_names, object_at, table_named
from .options import CommandParser
from .output_file import refuse_unwritable

if TYPE_CHECKING:
    from relink.engine.fuzz import Counterexample, HistoryTest

SYSTEM = "system"
"""The target that stands for all machines together."""
PROFILES = {"quick": (200, 30), "deep": (10_000, 60)}
"""How many histories are tried, and how many events one has at most."""


def add(parser: CommandParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "machine",
        nargs="?",
        metavar="MACHINE",
        help=f"{', '.join(machine_names())}; or a chart or fuzz test of your own: my.module:Name "
        "(default: every machine, then the system)",
    )
    parser.add_argument(
        "--system",
        action="store_true",
        help="all machines together, and Stripe's webhooks about linked accounts",
    )
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        help="how long to search: "
        + "; ".join(f"{name}: {n:,} histories of {m} events" for name, (n, m) in PROFILES.items())
        + " (default: quick)",
    )
    parser.add_argument(
        "--examples",
        type=whole_number(1, 100_000_000),
        help="histories to try of each (default: as the profile says)",
    )
    parser.add_argument(
        "--events",
        type=whole_number(1, 10_000),
        help="most events in a history (default: as the profile says)",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, help="the same seed tries the same histories (default: 0)"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=path,
        default=Path("counterexample.json"),
        metavar="FILE",
        help="where a counterexample is written (default: counterexample.json)",
    )
    parser.add_argument(
        "--replay", type=path, metavar="FILE", help="play a counterexample again, and do not search"
    )
    parser.alone("--replay")
    parser.either("MACHINE", "--system")


def run(arguments: argparse.Namespace) -> int:
    """Search, show progress, and print and write the smallest counterexample.

    Returns:
        0 if none was found, else 1.
    """
    if arguments.replay is not None:
        return _replay(arguments.replay)
    profile, examples, events = arguments.profile, arguments.examples, arguments.events
    if profile and examples and events:
        raise UsageError(
            "--profile has no effect beside --examples and --events. Leave one of the three out."
        )
    output: Path = arguments.output
    refuse_unwritable(output)
    targets = [SYSTEM] if arguments.system else [arguments.machine]
    if targets == [None]:
        targets = [*machine_names(), SYSTEM]
    for target in targets:
        if len(targets) > 1:
            print(f"{target}: ", end="", flush=True)
        found = _search(target, arguments)
        if found is not None:
            print(f"Counterexample:\n{found}")
            _write(output, target, found)
            return 1
    print("No counterexample found.")
    return 0


def _search(target: str, arguments: argparse.Namespace) -> "Counterexample | None":
    from relink.engine.errors import ArgumentError
    from relink.engine.fuzz import NoPayloadError, Progress, find_counterexample

    examples, events = PROFILES[arguments.profile or "quick"]
    began = time.monotonic()
    last = Progress(0, 0, False)

    def show(progress: Progress) -> None:
        nonlocal last
        last = progress
        if sys.stderr.isatty():
            doing = "found one, shrinking it" if progress.found else "searching"
            print(
                f"\r{target}: {doing}: {progress.runs:,} histories, {progress.events:,} events",
                end="",
                file=sys.stderr,
                flush=True,
            )

    try:
        found = find_counterexample(
            _test_of(target),
            max_examples=arguments.examples or examples,
            max_events=arguments.events or events,
            seed=arguments.seed,
            on_progress=show,
        )
    except ArgumentError as error:
        raise UsageError(str(error)) from error
    except NoPayloadError as error:
        # The command has no option for strategies.
        name = target.rpartition(":")[2]
        raise UsageError(
            f"{error} in machine_test({name}, …), from Python: see docs/fuzzing.md."
        ) from error
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    took = time.monotonic() - began
    print(f"{last.runs:,} histories, {last.events:,} events, {took:.1f} s, seed {arguments.seed}")
    return found


def _test_of(target: str) -> "type[HistoryTest]":
    """The test of a target: the system, a fuzz test of the user's, or a machine."""
    from relink.engine.fuzz import HistoryTest, machine_test

    if target == SYSTEM:
        from relink.adapters.fuzzing import RelinkTest

        return RelinkTest
    if ":" in target:
        found = object_at(target)
        if isinstance(found, type) and issubclass(found, HistoryTest):
            return found
    return machine_test(table_named(target))


def _write(file: Path, target: str, found: "Counterexample") -> None:
    if counterexample_file.write(file, target, found):
        print(f"Written to {file}. Play it again: relink fuzz --replay {file}")
    else:
        print("It holds values that cannot be written as JSON, so it is not written to a file.")


def _replay(file: Path) -> int:
    from relink.engine import EngineError
    from relink.engine.fuzz import replay

    written = counterexample_file.read(file)
    try:
        found = replay(_test_of(written.target), written.recording)
    except (EngineError, UsageError) as error:
        raise UsageError(f"the file {file} cannot be played: {error}") from error
    if found is None:
        print(f"It holds now, which did not: {visible(written.violated)}")
        return 0
    print(f"Counterexample:\n{found}")
    return 1
