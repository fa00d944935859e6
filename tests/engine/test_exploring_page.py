"""The page docs/exploring.md: its code prints what the page shows."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "exploring.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def test_the_code_of_the_exploring_page_prints_what_the_page_shows() -> None:
    command = [sys.executable, "-I", "-W", "error", "-c", "\n".join(blocks("python"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr
    assert done.stdout == "".join(blocks("text"))
