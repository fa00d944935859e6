"""The page docs/fuzzing.md: its code prints what the page shows."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "fuzzing.md"

RUN = """
import sys, unittest
from hypothesis import HealthCheck
assert TestTurnstile.settings.deadline is None
assert set(TestTurnstile.settings.suppress_health_check) == set(HealthCheck)
unittest.TextTestRunner(sys.stdout).run(TestTurnstile("runTest"))
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def printed(source: str) -> str:
    command = [sys.executable, "-I", "-W", "error", "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr
    return done.stdout


def test_the_code_of_the_fuzzing_page_prints_what_the_page_shows() -> None:
    assert printed("\n".join(blocks("python"))) == "".join(blocks("text"))


def test_the_correction_on_the_fuzzing_page_removes_the_fault() -> None:
    (corrected,) = re.findall(r"must lock the arm: `(.*?)`", PAGE.read_text())
    source = "\n".join(blocks("python")).replace("max_examples=200", "max_examples=20")
    faulty = "stays(locked, unlocked, event="
    assert faulty in source
    source = source.replace(faulty, f"{corrected}\n    stays(locked, event=")
    output = printed(source + RUN)
    assert output.startswith("None\n")
    assert output.rstrip().endswith("OK")
