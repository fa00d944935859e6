"""What ``relink check`` says of a planted fault: its quick scopes first, then the others.

``python -m tests.planted.checked`` ends with 1 if a scope has a counterexample. ``relink check``
tells it as a story.
"""

import sys

from relink.adapters.checker import ONE_ACCOUNT, QUICK, TWO_ACCOUNTS, check_scope


def main() -> int:
    """Check."""
    states = 0
    for bounds in (*QUICK, *reversed(TWO_ACCOUNTS), *reversed(ONE_ACCOUNT)):
        found = check_scope(bounds)
        states += found.states
        if found.violated is not None:
            print(f"{states:,} states; {found.violated} breaks in {found.steps} steps")
            return 1
    print(f"{states:,} states, and every property holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
