"""The demo's output, into whatever it goes."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from relink.adapters.demo.printing import print_line

COMMAND = [sys.executable, "-m", "relink.adapters.cli", "demo", "--folder"]


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("utf-8", "  ⇒ fca_…1 → é ✉\n"),
        ("ascii", "  => fca_...1 -> ? [to the service]\n"),
        ("cp1252", "  => fca_...1 -> é [to the service]\n"),
    ],
)
def test_a_line_is_printed_in_any_encoding(
    encoding: str, printed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", output)
    print_line("  ⇒ fca_…1 → é ✉")
    output.flush()
    assert output.buffer.getvalue().decode(encoding) == printed  # type: ignore[attr-defined]


def test_a_reader_that_leaves_ends_the_demo_without_a_traceback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"\n"
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()
