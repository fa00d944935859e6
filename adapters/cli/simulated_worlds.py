"""``relink simulate --world``: run the whole product in simulated worlds, one for each seed.

The command line says which worlds; a world that fails is shrunk, and told as a story.
"""

import argparse
import itertools
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from relink.machines.words.times import counted

from . import UsageError
from .arguments import path, whole_number
from .options import CommandParser
from .output_file import refuse_unwritable

if TYPE_CHECKING:
    from relink.adapters.world import MadeWith, Report, Totals, Worlds

_SEEDS = re.compile("([0-9]{1,15}):([0-9]{1,15})")

LONGEST = 100_000
"""Moves of a world at most; the same as that of :mod:`relink.adapters.world`, which takes long to
import."""

OPTIONS = (
    *("--seeds", "--webhooks", "--minutes", "--jobs", "--length", "--state", "--moves"),
    *("--list-faults", "--on-disk", "--in-memory", "--story"),
)
"""The options of simulated worlds alone."""

LAST_LINES = 60
"""Lines of a story that are printed without --story."""


def seeds(text: str) -> range:
    """Seeds as ``first:end``, as a ``type`` of argparse."""
    found = _SEEDS.fullmatch(text)
    if found is None or int(found[1]) >= int(found[2]):
        raise argparse.ArgumentTypeError(
            "it must be two whole numbers, such as 0:1000: the first seed, and the one after the "
            "last"
        )
    return range(int(found[1]), int(found[2]))


def add(parser: CommandParser) -> None:
    """Declare the arguments."""
    group = parser.add_argument_group(
        "simulated worlds", "the whole product under faults, instead of a server"
    )
    group.add_argument(
        "--world", action="store_true", help="run simulated worlds, and report what fails"
    )
    group.add_argument("--seeds", type=seeds, metavar="A:B", help="which worlds (default: 0:100)")
    group.add_argument(
        "--webhooks",
        type=whole_number(1, 10**12),
        metavar="N",
        help="go on from the first seed until so many webhooks were simulated",
    )
    group.add_argument("--minutes", type=whole_number(1, 10**6), help="stop after so many minutes")
    group.add_argument(
        "--jobs", type=whole_number(1, 1024), default=1, help="processes (default: 1)"
    )
    group.add_argument(
        "--length",
        type=whole_number(0, LONGEST),
        metavar="N",
        help="moves of each world after its first accounts (default: 40)",
    )
    group.add_argument(
        "--state", type=path, metavar="FILE", help="keep the sums here, and go on from them"
    )
    group.add_argument("--moves", metavar="LIST", help="keep only these moves, such as 0-3,17")
    group.add_argument("--list-faults", action="store_true", help="print the kinds of fault")
    where = group.add_mutually_exclusive_group()
    where.add_argument("--on-disk", action="store_true", help="every world on an SQLite file")
    where.add_argument("--in-memory", action="store_true", help="every world in memory")
    group.add_argument("--story", action="store_true", help="print the story of each world")
    # --faults is for the server too, with another meaning.
    parser.alone("--world", besides=["--faults", *OPTIONS])
    for option in OPTIONS:
        parser.needs(option, "--world")
    parser.alone("--list-faults", besides=["--world"])
    parser.either("--story", "--webhooks", "--minutes", "--jobs", "--state")
    parser.either("--moves", "--length")


def run(arguments: argparse.Namespace) -> int:
    """Run worlds, show progress, and shrink the first one that fails.

    Returns:
        0 if everything holds in all of them, else 1.
    """
    from relink.adapters.world import Fault, MadeWith, Totals, run_many, run_world

    if arguments.list_faults:
        print("\n".join(f"{fault:<28}{fault.sentence}" for fault in Fault))
        return 0
    worlds = _worlds(arguments)
    if arguments.story:
        return _tell(worlds, arguments.seeds or range(1))
    if arguments.state is not None:
        refuse_unwritable(arguments.state)
    chosen: range | None = arguments.seeds
    first = chosen.start if chosen else 0
    made_with = MadeWith.of(worlds, first)
    totals = _earlier(arguments.state, made_with) or Totals(next_seed=first)
    left: Iterator[int]
    if chosen is None and (arguments.webhooks or arguments.minutes):
        left = itertools.count(totals.next_seed)
    else:
        whole = chosen or range(100)
        _refuse_more(arguments.state, totals, whole)
        left = iter(range(totals.next_seed, whole.stop))
    began, before, kept = time.monotonic(), totals.seconds, totals.runs

    def is_over(now: Totals) -> bool:
        nonlocal kept
        took = time.monotonic() - began
        now.seconds = before + took
        if arguments.state and now.runs != kept:
            kept = now.runs
            _keep(arguments.state, made_with, now)
        if sys.stderr.isatty():
            print(f"\r{_progress(now):<100}", end="", file=sys.stderr, flush=True)
        is_late = arguments.minutes is not None and took >= 60 * arguments.minutes
        has_enough = arguments.webhooks is not None and now.webhooks >= arguments.webhooks
        return is_late or has_enough

    try:
        run_many(worlds, left, totals, arguments.jobs, is_over)
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)
        print(_summary(totals), flush=True)
    if not totals.failures:
        print("No violation.")
        return 0
    seed, rule, what = totals.failures[0]
    print(f"\nSeed {seed} breaks {rule}: {what}")
    print(f"Replay it: {worlds.plan(seed).command()}")
    _shrink(run_world(worlds.plan(seed)))
    return 1


def _worlds(arguments: argparse.Namespace) -> "Worlds":
    from relink.adapters.world import ALL, LENGTH, Worlds, faults_named, numbers

    faults = ALL
    try:
        if arguments.faults is not None:
            named = [] if arguments.faults == "none" else arguments.faults.split(",")
            faults = faults_named(named)
        moves = None if arguments.moves is None else numbers(arguments.moves)
    except ValueError as error:
        raise UsageError(f"--faults or --moves: {error}") from None
    length = LENGTH if arguments.length is None else arguments.length
    is_on_disk = True if arguments.on_disk else False if arguments.in_memory else None
    return Worlds(length, faults, is_on_disk, moves)


def _tell(worlds: "Worlds", which: range) -> int:
    from relink.adapters.world import run_world

    is_good = True
    for seed in which:
        report = run_world(worlds.plan(seed), is_told=True)
        print("\n".join(report.story))
        print(_outcome(report))
        is_good = is_good and report.is_good
    return 0 if is_good else 1


def _outcome(report: "Report") -> str:
    if report.is_good:
        return f"Seed {report.plan.seed}: everything holds. Digest {report.digest}"
    return f"Seed {report.plan.seed} breaks {report.rule}: {report.what}"


def _shrink(failing: "Report") -> None:
    from relink.adapters.world import Plan, shrink

    def show(number: int, best: Plan) -> None:
        if sys.stderr.isatty():
            line = f"shrinking: history {number}, {len(best.moves)} moves so far"
            print(f"\r{line:<78}", end="", file=sys.stderr, flush=True)

    short = shrink(failing, on_try=show)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    moves = counted(len(short.plan.moves), "move")
    kinds = counted(len(short.plan.faults), "kind")
    print(f"\nThe shortest history found has {moves} and {kinds} of fault:")
    if len(short.story) > LAST_LINES:
        print(f"… {len(short.story) - LAST_LINES} lines before")
    print("\n".join(short.story[-LAST_LINES:]))
    print(f"\nReplay it: {short.plan.command()}")


def _progress(now: "Totals") -> str:
    rate = now.webhooks / now.seconds if now.seconds else 0.0
    return (
        f"{counted(now.runs, 'world')}, {now.steps:,} steps, {now.webhooks:,} webhooks, "
        f"{rate:,.0f} a second, {len(now.failures):,} fail"
    )


def _summary(totals: "Totals") -> str:
    rate = totals.webhooks / totals.seconds if totals.seconds else 0.0
    lines = [
        f"{counted(totals.runs, 'world')}, {counted(round(totals.days), 'simulated day')}, in "
        f"{totals.seconds:,.0f} s",
        f"{totals.webhooks:,} webhooks ({rate:,.0f} a second), {totals.steps:,} steps, "
        f"{totals.requests:,} requests to Stripe",
        f"{sum(totals.faults.values()):,} faults:",
        *(f"  {count:>9,}  {fault}" for fault, count in totals.faults.most_common()),
        f"{counted(len(totals.failures), 'world')} in which something does not hold",
    ]
    return "\n".join(lines)


def _earlier(state: Path | None, made_with: "MadeWith") -> "Totals | None":
    from relink.adapters.world import OtherCodeError, OtherWorldsError, read

    if state is None or not state.exists():
        return None
    try:
        return read(state.read_bytes(), made_with)
    except (OSError, ValueError) as error:
        raise UsageError(f"--state {state} cannot be read: {error}") from None
    except OtherWorldsError as error:
        raise UsageError(
            f"--state {state} has the sums of other worlds: {error}. "
            "Name another file, or give the same options"
        ) from None
    except OtherCodeError:
        raise UsageError(
            f"--state {state} has the sums of worlds that another relink played. Name another file"
        ) from None


def _refuse_more(state: Path | None, totals: "Totals", asked: range) -> None:
    """Refuse sums in which there are more worlds than were asked for."""
    if totals.next_seed > asked.stop:
        raise UsageError(
            f"--state {state} has the sums of seeds {asked.start}:{totals.next_seed}. "
            "Name another file, or ask for as many seeds"
        )


def _keep(state: Path, made_with: "MadeWith", totals: "Totals") -> None:
    from relink.adapters.world import written

    beside = state.with_name(f"{state.name}.new")
    try:
        beside.write_bytes(written(made_with, totals))
        beside.replace(state)
    except OSError as error:
        raise UsageError(f"--state {state} cannot be written: {error}") from None
