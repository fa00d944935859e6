"""Compare the machines with the oracle on many random histories.

``python -m tests.oracle --count 20000 --jobs 2`` prints each violation as it is found, and at the
end the shortest story of the first violation of each rule. It exits with 1 if it found any.
"""

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from relink.machines import assess, relink_system

from .history import Plan, plan, run, shrink
from .track import Verdict

BATCH = 20


def verdict_on(history: Plan) -> Verdict | None:
    """The first rule that a history breaks; ``crash`` if the machines raise."""
    try:
        found = run(history, relink_system(), assess).verdicts
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
        return Verdict("crash", f"{type(error).__name__} at {place}")
    return found[0] if found else None


def batch(seeds: range) -> tuple[int, list[tuple[int, Verdict]]]:
    """How many histories were judged, and what was found, by seed."""
    return len(seeds), [(seed, found) for seed in seeds if (found := verdict_on(plan(seed)))]


def batches(first: int, count: int) -> Iterator[range]:
    for start in range(first, first + count, BATCH):
        yield range(start, min(start + BATCH, first + count))


def story(seed: int, rule: str, tries: int) -> str:
    """The shortest history found that still breaks the rule first, as a story."""

    def fails(history: Plan) -> bool:
        found = verdict_on(history)
        return found is not None and found.rule == rule

    short = shrink(plan(seed), fails, tries=tries)
    lines = [f"seed {seed}: {len(short.steps)} steps, {short!r}"]
    try:
        lines += run(short, relink_system(), assess, is_told=True).story
    except Exception:
        lines.append(traceback.format_exc())
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="how many histories")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--tries", type=int, default=300, help="how many shorter histories to try")
    options = parser.parse_args()
    began, done = time.monotonic(), 0
    by_rule: Counter[str] = Counter()
    first: dict[str, int] = {}
    with ProcessPoolExecutor(options.jobs) as pool:
        for size, found in pool.map(batch, batches(options.seed, options.count)):
            done += size
            for seed, verdict in found:
                by_rule[verdict.rule] += 1
                first.setdefault(verdict.rule, seed)
                print(f"\rseed {seed}: {verdict}".ljust(100))
            speed = done / (time.monotonic() - began)
            shown = ", ".join(f"{rule} {n}" for rule, n in by_rule.most_common())
            print(f"\r{done} histories, {speed:.0f} a second; {shown or 'none broken'}", end="")
            sys.stdout.flush()
        print()
        rules = list(first)
        tries = [options.tries] * len(rules)
        for rule, told in zip(rules, pool.map(story, first.values(), rules, tries), strict=True):
            print(f"\n── {rule}, {by_rule[rule]} times ──\n{told}", flush=True)
    return 1 if by_rule else 0


if __name__ == "__main__":
    sys.exit(main())
