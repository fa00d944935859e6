"""Worlds of the whole product with what is planted, until something does not hold in one of them.

``python -m tests.planted.worlds COUNT`` ends with 1 if so. ``relink simulate --world`` goes on, and
shrinks what it finds.
"""

import sys

from relink.adapters.world import run_world


def verdict_on(seed: int) -> str | None:
    """What does not hold in the world of a seed; None if everything does."""
    try:
        found = run_world(seed)
    except Exception as error:
        return f"crash: {error!r}"
    return None if found.is_good else f"{found.rule}: {found.what}"


def main() -> int:
    """Run worlds."""
    most = int(sys.argv[1])
    for seed in range(most):
        if found := verdict_on(seed):
            print(f"{seed + 1} worlds; the last one breaks {found}")
            return 1
    print(f"{most} worlds, and everything holds in each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
