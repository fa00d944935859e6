"""The oracle on random histories, until it finds the first that breaks a rule.

``python -m tests.planted.search COUNT`` ends with 1 if it found one. ``python -m tests.oracle``
goes on, and shrinks what it finds.
"""

import sys

from ..oracle.__main__ import verdict_on
from ..oracle.history import plan


def main() -> int:
    """Search."""
    count = int(sys.argv[1])
    for seed in range(count):
        if found := verdict_on(plan(seed)):
            print(f"{seed + 1} histories; the last one: {found}")
            return 1
    print(f"{count} histories, and none breaks a rule")
    return 0


if __name__ == "__main__":
    sys.exit(main())
