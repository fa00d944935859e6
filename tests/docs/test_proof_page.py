"""The page docs/proof.md: its example prints what it shows."""

import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "proof.md"


def test_the_example_prints_what_the_page_shows() -> None:
    command = [sys.executable, "-W", "error", str(DOCS / "examples" / "proven_seat.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr
    shown = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    assert done.stdout in shown
