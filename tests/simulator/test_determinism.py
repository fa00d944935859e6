"""The same seed gives the same history, byte for byte, in every process."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from relink.adapters.simulator import Faults

from .history import History

SAME = "from tests.simulator.test_determinism import digest; print(digest(3))"


def digest(seed: int) -> str:
    history = History(seed, Faults.everywhere(0.05)).play(150)
    said = [
        *(repr(entry) for entry in history.sim.ledger),
        *(repr(delivery) for delivery in history.deliveries),
        *(repr(answer) for answer in history.answers),
        repr(history.sim.now),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def test_the_same_seed_gives_the_same_history_in_every_process() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", SAME],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).resolve().parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert runs == [digest(3)] * 2


def test_another_seed_gives_another_history() -> None:
    assert digest(3) != digest(4)
