"""The page docs/proof.md: its example prints what it shows, and its table is of the scopes."""

import re
import subprocess
import sys
from pathlib import Path

from relink.adapters.checker import ONE_ACCOUNT, TWO_ACCOUNTS, check_scope

from ..checker.page import END, START, rows

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "proof.md"


def test_the_example_prints_what_the_page_shows() -> None:
    command = [sys.executable, "-W", "error", str(DOCS / "examples" / "proven_seat.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr
    shown = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    assert done.stdout in shown


def test_the_table_has_every_scope_with_its_bounds() -> None:
    table = PAGE.read_text().partition(START)[2].partition(END)[0]
    named = {row[0]: row for row in rows(table)}
    assert list(named) == [bounds.name for bounds in (*ONE_ACCOUNT, *TWO_ACCOUNTS)]
    for bounds in (*ONE_ACCOUNT, *TWO_ACCOUNTS):
        assert named[bounds.name][1] == str(bounds)


def test_a_scope_of_the_table_has_as_many_states_as_it_says() -> None:
    table = PAGE.read_text().partition(START)[2].partition(END)[0]
    smallest = min(rows(table), key=lambda row: int(row[2].replace(",", "")))
    scopes = {bounds.name: bounds for bounds in (*ONE_ACCOUNT, *TWO_ACCOUNTS)}
    found = check_scope(scopes[smallest[0]])
    counted = [f"{found.states:,}", f"{found.transitions:,}", str(found.depth)]
    assert list(smallest[2:5]) == counted
