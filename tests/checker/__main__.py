"""Check all scopes of one and of two accounts, and write the table of docs/proof.md.

``python -m tests.checker`` takes minutes.
"""

import sys
from pathlib import Path

from relink.adapters.checker import ONE_ACCOUNT, TWO_ACCOUNTS, check_scopes

from .page import END, START, table

PAGE = Path(__file__).parents[2] / "docs" / "proof.md"


def main() -> int:
    """Returns 1 if something does not hold; the page then stays as it is."""
    found = []
    for each in check_scopes((*ONE_ACCOUNT, *TWO_ACCOUNTS)):
        print(f"{each.bounds.name}: {each.states:,} states, {each.seconds:.0f} s", flush=True)
        if not each.is_complete:
            print(*each.story, sep="\n")
            return 1
        found.append(each)
    text = PAGE.read_text()
    before, rest = text.split(START)
    PAGE.write_text(f"{before}{START}{table(found)}{END}{rest.partition(END)[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
