"""One release's part in a comparison: a process that answers by bytes alone (:mod:`.against`).

It imports of relink only what earlier releases have too. Each line of standard input is a question,
``step`` or ``decide``, and a number of times; the answer is the microseconds of CPU time that one
takes.
"""

import sys
import time

from .steps import Life


def main() -> None:
    """Answer questions until standard input ends."""
    life = Life()
    sides = {"step": life.step, "decide": life.decisions()}
    for go in sides.values():
        go()
    print("ready", flush=True)
    for line in sys.stdin:
        name, times = line.split()
        go = sides[name]
        began = time.process_time()
        for _ in range(int(times)):
            go()
        took = time.process_time() - began
        print(took * 1e6 / int(times) / len(life.steps), flush=True)


if __name__ == "__main__":
    main()
