"""``relink check``: explore every history of one account, of two, or of three, within bounds."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .arguments import whole_number
from .options import CommandParser

if TYPE_CHECKING:
    from relink.adapters.checker import Bounds, Result
    from relink.adapters.checker.run import Moment

VIOLATED = 1
"""The exit code if a property does not hold."""

TOO_LARGE = 2
"""The exit code if a search stopped at its limit of states."""

LIMITS = ("changes", "outages", "sessions", "faults")
"""The bounds that can be given for all scopes."""


def add(parser: CommandParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--list", action="store_true", help="print the properties that are checked, and exit"
    )
    parser.add_argument(
        "--scopes", action="store_true", help="print the bounds of each scope, and exit"
    )
    parser.add_argument(
        "--accounts",
        type=whole_number(1, 3),
        help="accounts under one authorization: 1, 2 or 3 (default: 1, then 2)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="check a few small scopes, in some seconds"
    )
    parser.add_argument("--only", metavar="SCOPE", help="check the scope of this name alone")
    for name, what in (
        ("changes", "changes in a history: at the bank, by customers, by the service"),
        ("outages", "changes by which an account stops in a way that a relink mends"),
        ("sessions", "relink sessions in a history"),
        ("faults", "deviations in a history, such as a lost webhook"),
    ):
        text = f"most {what} (default: each scope's own)"
        parser.add_argument(f"--{name}", type=whole_number(0, 99), help=text)
    parser.add_argument(
        "--depth",
        type=whole_number(1, 999),
        help="most steps of a history (default: all; of three accounts, 13)",
    )
    parser.add_argument(
        "--max-states",
        type=whole_number(1, 1_000_000_000),
        default=1_000_000,
        help="most states of a scope; a larger one ends with a message (default: 1000000, which "
        "take about 2 GB)",
    )
    parser.add_argument(
        "--jobs",
        type=whole_number(1, 64),
        default=2,
        help="how many scopes to check at the same time, each in a process (default: 2)",
    )
    bounds = [f"--{name}" for name in LIMITS]
    parser.alone("--list")
    parser.alone("--scopes", besides=["--accounts", "--quick", "--only", *bounds])
    parser.either("--only", "--accounts", "--quick")


def run(arguments: argparse.Namespace) -> int:
    """Check, show progress, and print what was explored.

    A counterexample is printed as soon as it is found, and each later one that is shorter.

    Returns:
        0 if everything holds, 1 if something does not, 2 if a scope is too large.
    """
    from relink.adapters.checker import DEPTH_OF_THREE, Limits, check_scopes, sentences

    if arguments.list:
        print("\n".join(sentences()))
        return 0
    scopes = _scopes(arguments)
    if arguments.scopes:
        print("\n".join(f"{each.name}: {each}" for each in scopes))
        return 0
    progress = _Progress(len(scopes))
    depth = arguments.depth
    if depth is None and all(each.accounts > 2 for each in scopes):
        depth = DEPTH_OF_THREE
    limits = Limits(depth, arguments.max_states)
    results: list[Result] = []
    for each in check_scopes(scopes, limits, jobs=arguments.jobs, on_progress=progress.show):
        is_shortest = all(each.steps < other.steps for other in _violated(results))
        results.append(each)
        progress.clear(len(results))
        print(_line(each), flush=True)
        if each.violated is not None and is_shortest:
            print(f"\nCounterexample of {each.steps} steps:", *each.story, "", sep="\n", flush=True)
    return _summary(results, time.monotonic() - progress.began)


def _scopes(arguments: argparse.Namespace) -> "Sequence[Bounds]":
    """The scopes that are asked for, with the bounds that are given, the longest first.

    Raises:
        UsageError: there is no scope of that name.
    """
    from relink.adapters.checker import ONE_ACCOUNT, QUICK, THREE_ACCOUNTS, TWO_ACCOUNTS

    from . import UsageError

    by_accounts = {1: ONE_ACCOUNT, 2: TWO_ACCOUNTS, 3: THREE_ACCOUNTS}
    scopes = by_accounts.get(arguments.accounts, ONE_ACCOUNT + TWO_ACCOUNTS)
    if arguments.quick:
        scopes = tuple(each for each in QUICK if arguments.accounts in (None, each.accounts))
    if arguments.only is not None:
        every = {each.name: each for each in ONE_ACCOUNT + TWO_ACCOUNTS + THREE_ACCOUNTS + QUICK}
        if arguments.only not in every:
            names = ", ".join(map(repr, every))
            raise UsageError(f"there is no scope {arguments.only!r}; the scopes are {names}")
        scopes = (every[arguments.only],)
    if not scopes:
        raise UsageError(f"no quick scope has {arguments.accounts} accounts; leave out --quick")
    given = {
        name: getattr(arguments, name) for name in LIMITS if getattr(arguments, name) is not None
    }
    return [replace(each, **given) for each in scopes]


def _line(found: "Result") -> str:
    explored = "all explored" if found.is_complete else "explored within limits"
    if found.violated is not None:
        explored = f"violated: {found.violated}"
    elif found.is_too_large:
        explored = "too large"
    return (
        f"{found.bounds.name:<30} {found.states:>9,} states {found.transitions:>9,} transitions"
        f"  depth {found.depth:>2} {found.seconds:>7.1f} s  {explored}"
    )


def _violated(results: "Sequence[Result]") -> "list[Result]":
    return [each for each in results if each.violated is not None]


def _summary(results: "Sequence[Result]", seconds: float) -> int:
    states = sum(each.states for each in results)
    transitions = sum(each.transitions for each in results)
    depth = max((each.depth for each in results), default=0)
    counted = f"{states:,} states, {transitions:,} transitions, depth {depth}, {seconds:.1f} s"
    if violated := _violated(results):
        shortest = min(violated, key=lambda each: each.steps)
        print(
            f"{counted}\n{len(violated)} of {len(results)} scopes have a counterexample. The "
            f"shortest one has {shortest.steps} steps: {shortest.violated}, in "
            f"{shortest.bounds.name!r}."
        )
        return VIOLATED
    too_large = [each.bounds.name for each in results if each.is_too_large]
    if too_large:
        print(
            f"{counted}\nNot everything within the bounds was explored: {', '.join(too_large)} has "
            "more states than --max-states allows. Lower its bounds, or raise --max-states."
        )
        return TOO_LARGE
    properties = max((each.properties for each in results), default=0)
    where = "in every history within these bounds"
    if not all(each.is_complete for each in results):
        where += ", up to this depth"
    print(f"{counted}\n{properties} properties hold {where}.")
    return 0


class _Progress:
    """A line that says how far the search is, where somebody looks at it."""

    def __init__(self, scopes: int) -> None:
        self.began = time.monotonic()
        self._scopes = scopes
        self._done = 0
        self._latest: dict[str, tuple[int, int]] = {}
        self._is_shown = sys.stderr.isatty()

    def show(self, moment: "Moment") -> None:
        """Show how far a scope is."""
        name, progress = moment
        self._latest[name] = (progress.states, progress.depth)
        if self._is_shown:
            states = sum(count for count, _ in self._latest.values())
            rate = round(states / max(time.monotonic() - self.began, 0.001))
            line = (
                f"{self._done} of {self._scopes} scopes, {states:,} states, {rate:,} states/s; "
                f"{name}: depth {progress.depth}, {progress.waiting:,} waiting"
            )
            print(f"\r{line[:100]:<100}", end="", file=sys.stderr, flush=True)

    def clear(self, done: int) -> None:
        """Remove the line."""
        self._done = done
        if self._is_shown:
            print(f"\r{'':<100}\r", end="", file=sys.stderr, flush=True)
