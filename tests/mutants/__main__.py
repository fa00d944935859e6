"""Change the engine and the machines in one place at a time, and see whether a test notices.

``python -m tests.mutants --sample 300 --seed 1 --jobs 2`` tries 300 of all changes, drawn by the
seed. It prints what survives as it is found, with the command that tries it again, and the figure
at the end. It exits with 1 if five in a hundred or more survive. docs/mutants.md explains it.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any

from .copies import KEPT, ROOT, copy
from .equivalent import Equivalents
from .figures import LIMIT, figures, interval
from .mutants import Mutant, digest, mutants_of, read
from .places import files
from .reach import measured
from .trial import Result, Trial

RESULTS = KEPT / "results.jsonl"


def main() -> int:
    """Parse the arguments, and try mutants."""
    given = _arguments()
    found = [x for file in given.files for x in mutants_of(file, read(ROOT, file))]
    chosen = _chosen(found, given)
    say(f"{len(found)} mutants, {len(chosen)} to try")
    copies = [copy(ROOT, KEPT / f"copy{number}") for number in range(1, given.jobs + 1)]
    reach, modules = measured(ROOT, copies, say)
    equivalents = Equivalents.read()
    trials = [
        Trial(ROOT, each, reach, modules, equivalents, given.budget, is_thorough=given.thorough)
        for each in copies
    ]
    results = list(_earlier(chosen, given))
    done = {result.mutant for result in results}
    waiting = [mutant for mutant in chosen if mutant not in done]
    try:
        if test := trials[0].control(waiting):
            say(f"{test} fails on the code as it is: nothing can be said about changes of it")
            return 2
        results += _try(trials, waiting, len(results))
    except KeyboardInterrupt:
        say("\ninterrupted; go on with --resume")
        return 130
    finally:
        for trial in trials:
            trial.close()
    print(figures(results, len(found)))
    _, rate, _ = interval(results)
    return int(rate >= LIMIT)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=__doc__.split("\n")[0]
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders; all if none")
    parser.add_argument("--sample", type=_count, metavar="N", help="try N of them, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="draws the sample; 1 if not given")
    parser.add_argument("--jobs", type=_count, default=2, help="how many at the same time; 2")
    parser.add_argument(
        "--budget",
        type=float,
        default=60,
        metavar="SECONDS",
        help="of tests to run on one mutant, as measured; 60",
    )
    parser.add_argument(
        "--thorough",
        action="store_true",
        help="let tests draw as many examples as they name, five times as many",
    )
    parser.add_argument("--resume", action="store_true", help="do not repeat what was tried")
    parser.add_argument("--survivors", action="store_true", help="only what survived before")
    parser.add_argument("--only", action="append", metavar="ID", help="one mutant, by its id")
    parser.add_argument("--list", action="store_true", help="count them by operator, and end")
    given = parser.parse_args()
    try:
        given.files = files(ROOT, tuple(given.paths))
    except ValueError as error:
        parser.error(str(error))
    return given


def _count(text: str) -> int:
    if not text.isdecimal() or text == "0":
        raise argparse.ArgumentTypeError(f"{text!r} is not how many: give a number from 1 on")
    return int(text)


def _chosen(found: list[Mutant], given: argparse.Namespace) -> list[Mutant]:
    if given.list:
        for name, count in Counter(mutant.operator for mutant in found).most_common():
            print(f"{count:6} {name}")
        raise SystemExit(0)
    if given.only:
        return [mutant for mutant in found if mutant.id in given.only]
    if given.survivors:
        survived = {id for id, kept in _kept().items() if kept["outcome"] == "survived"}
        found = [mutant for mutant in found if mutant.id in survived]
    if given.sample is not None and given.sample < len(found):
        return random.Random(given.seed).sample(found, given.sample)
    return found


def _kept() -> dict[str, dict[str, Any]]:
    """What became of mutants of files as they are today, by their ids."""
    found = {}
    if RESULTS.exists():
        for line in RESULTS.read_text().splitlines():
            kept = json.loads(line)
            found[Mutant(**kept["mutant"]).id] = kept
    return {id: kept for id, kept in found.items() if kept.pop("digest") == _digest(id)}


def _digest(id: str) -> str:
    file = ROOT / id.partition(":")[0]
    return digest(file.read_bytes()) if file.exists() else ""


def _earlier(chosen: list[Mutant], given: argparse.Namespace) -> Iterator[Result]:
    kept = _kept() if given.resume else {}
    for mutant in chosen:
        if mutant.id in kept:
            yield Result(**{**kept[mutant.id], "mutant": mutant})


def _try(trials: list[Trial], mutants: list[Mutant], before: int) -> list[Result]:
    waiting, results, lock = SimpleQueue[Mutant](), list[Result](), Lock()
    for mutant in mutants:
        waiting.put(mutant)
    began, counts = time.monotonic(), Counter[str]()

    def work(trial: Trial) -> None:
        with suppress(Empty):
            while True:
                result = trial.try_(waiting.get_nowait())
                with lock:
                    results.append(result)
                    counts[result.outcome] += 1
                    _keep(result)
                    if result.outcome == "survived":
                        say(_story(result))
                    rate = len(results) / (time.monotonic() - began)
                    _progress(counts, len(results), len(mutants), rate)

    with ThreadPoolExecutor(len(trials)) as pool:
        list(pool.map(work, trials))
    return results


def _keep(result: Result) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a") as file:
        line = {**asdict(result), "digest": _digest(result.mutant.id)}
        file.write(json.dumps(line) + "\n")


def _story(result: Result) -> str:
    mutant = result.mutant
    lines = [
        f"{mutant.file}:{mutant.line} survives ({result.by}); to try it again: "
        f"python -m tests.mutants --only {mutant.id}",
        f"- {result.was}",
        f"+ {result.now}",
        "[[mutant]]",
        f"file = {json.dumps(mutant.file)}",
        f"function = {json.dumps(result.function)}",
        f"was = {json.dumps(result.was)}",
        f"now = {json.dumps(result.now)}",
        'because = ""',
        "",
    ]
    return "\n".join(lines)


_shown = [0.0]


def _progress(counts: Counter[str], done: int, of: int, rate: float) -> None:
    if sys.stderr.isatty() or done == of or time.monotonic() - _shown[0] > 15:
        _shown[0] = time.monotonic()
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        end = "\r" if sys.stderr.isatty() and done < of else "\n"
        print(
            f"{done} of {of}: {told}; {rate:.1f} a second   ", end=end, file=sys.stderr, flush=True
        )


def say(text: str) -> None:
    """Print something at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
