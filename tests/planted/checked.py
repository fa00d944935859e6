"""What ``relink check`` says of a planted fault: its quick scopes first, then the others.

``python -m tests.planted.checked`` ends with 1 if a scope has a counterexample. As ``relink check``
does, it looks for a shorter one in the scopes that are left, until one is short enough.
"""

import sys

from relink.adapters.checker import ONE_ACCOUNT, QUICK, TWO_ACCOUNTS, check_scope

from .results import MOST_STEPS


def main() -> int:
    """Check."""
    states, shortest = 0, None
    for bounds in (*QUICK, *reversed(TWO_ACCOUNTS), *reversed(ONE_ACCOUNT)):
        found = check_scope(bounds)
        states += found.states
        if found.violated is not None and (shortest is None or found.steps < shortest.steps):
            shortest = found
        if shortest is not None and shortest.steps <= MOST_STEPS:
            break
    if shortest is None:
        print(f"{states:,} states, and every property holds")
        return 0
    print(f"{states:,} states; {shortest.violated} breaks in {shortest.steps} steps")
    return 1


if __name__ == "__main__":
    sys.exit(main())
