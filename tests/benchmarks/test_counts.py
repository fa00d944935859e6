"""The guard: a decision and a step take no more work than is written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import counts

ROOT = Path(__file__).resolve().parents[2]


def counted(seed: str) -> "subprocess.CompletedProcess[str]":
    """Count in a process of its own: nothing that traces the tests is in its way."""
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.counts"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
    )


def test_decisions_and_steps_take_no_more_work_than_is_written() -> None:
    done = counted("0")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_counts_do_not_depend_on_the_hash_seed() -> None:
    assert counted("1").stdout == counted("2").stdout


def test_a_tenth_more_is_named() -> None:
    written = {"step": {"instructions": 1000, "calls of C": 50}}
    assert counts.grown({"step": {"instructions": 1100, "calls of C": 55}}, written) == []
    assert counts.grown({"step": {"instructions": 1101, "calls of C": 50}}, written) == [
        "step takes 1,101 instructions, which is 1.10 times the 1,000 written"
    ]


def test_every_instruction_and_call_counts() -> None:
    few, many = (counts.count(lambda n=n: [len("a") for _ in range(n)]) for n in (1, 11))
    assert many["calls of C"] - few["calls of C"] == 10
    per_call = (many["instructions"] - few["instructions"]) / 10
    assert 5 <= per_call <= 12
    assert per_call == int(per_call)


def test_counts_are_written_with_their_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "counts.json"
    limit = {"step": {"instructions": 10}}
    file.write_text(json.dumps({"counts": {counts.PYTHON: limit}, "reasons": ["first"]}))
    monkeypatch.setattr(counts, "FILE", file)
    monkeypatch.setattr(counts, "counted", lambda: {"step": {"instructions": 20}})
    monkeypatch.setattr(sys, "argv", ["counts"])
    with pytest.raises(SystemExit, match=r'step takes 20 .*\n.*--because "…"'):
        counts.main()
    monkeypatch.setattr(sys, "argv", ["counts", "--because", "a policy is kept"])
    counts.main()
    assert json.loads(file.read_text()) == {
        "counts": {counts.PYTHON: {"step": {"instructions": 20}}},
        "reasons": ["first", "a policy is kept"],
    }
    monkeypatch.setattr(sys, "argv", ["counts", "--because", " "])
    with pytest.raises(SystemExit):
        counts.main()
    assert "needs a reason" in capsys.readouterr().err
