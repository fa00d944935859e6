"""The demo's output, into whatever it goes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "relink.adapters.cli", "demo", "--folder"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_the_demo_is_printed_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([*COMMAND, str(tmp_path)], env=environment, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    printed = done.stdout.decode(encoding)
    assert "  ! Needs the customer  " in printed
    assert "  > asks Ada to relink " in printed
    assert "?" not in printed
    assert all(len(line) <= 80 for line in printed.splitlines() if str(tmp_path) not in line)


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
