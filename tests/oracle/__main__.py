"""Compare the machines with the oracle on many random histories.

``python -m tests.oracle --count 20000 --jobs 2`` prints how far it is, and at the end the shortest
story of the first violation of each rule. It exits with 1 if it found any.
"""

import argparse
import os
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from relink.machines import assess, relink_system

from .history import Plan, Run, plan, run, shrink

BATCH = 25

MUTED = os.environ.get("ORACLE_MUTED", "")
"""A pattern for verdicts that are known already, to see what is behind them."""


def one(seed: int) -> list[str]:
    """The rules that the history of a seed breaks; ``crash: …`` if the machines raise."""
    return rules_of(plan(seed))


def rules_of(history: Plan) -> list[str]:
    try:
        verdicts = run(history, relink_system(), assess, stops=False).verdicts
        return [v.rule for v in verdicts if not (MUTED and re.search(MUTED, str(v)))]
    except Exception as error:
        return [f"crash: {type(error).__name__} at {_place(error)}"]


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"


def batch(seeds: range) -> tuple[int, list[tuple[int, list[str]]]]:
    found = [(seed, rules) for seed in seeds if (rules := one(seed))]
    return len(seeds), found


def batches(first: int, count: int) -> Iterator[range]:
    for start in range(first, first + count, BATCH):
        yield range(start, min(start + BATCH, first + count))


def story(seed: int, rule: str, tries: int) -> str:
    """The shortest history that still breaks the rule, as a story."""
    short = shrink(plan(seed), lambda history: rule in rules_of(history), tries=tries)
    lines = [f"seed {seed}: {len(short.steps)} steps, {short!r}"]
    try:
        told: Run = run(short, relink_system(), assess, is_told=True, stops=False)
        lines += told.story
    except Exception:
        lines.append(traceback.format_exc())
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="how many histories")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--tries", type=int, default=400, help="how many shorter histories to try")
    parser.add_argument("--rule", help="tell only the stories of this rule")
    options = parser.parse_args()
    began, done = time.monotonic(), 0
    by_rule: Counter[str] = Counter()
    first: dict[str, int] = {}
    with ProcessPoolExecutor(options.jobs) as pool:
        for size, found in pool.map(batch, batches(options.seed, options.count)):
            done += size
            for seed, rules in found:
                for rule in set(rules):
                    by_rule[rule] += 1
                    first.setdefault(rule, seed)
            speed = done / (time.monotonic() - began)
            shown = ", ".join(f"{rule} {n}" for rule, n in by_rule.most_common())
            print(f"\r{done} histories, {speed:.0f} a second; {shown or 'none broken'}", end="")
            sys.stdout.flush()
    print()
    for rule, seed in first.items():
        if options.rule in (None, rule):
            print(f"\n── {rule}, {by_rule[rule]} times ──")
            print(story(seed, rule, options.tries))
    return 1 if by_rule else 0


if __name__ == "__main__":
    sys.exit(main())
