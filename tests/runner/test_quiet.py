"""An idle worker logs nothing; one that gets nothing done says so."""

import logging
import time
from pathlib import Path

import pytest

from relink.adapters.runner.overdue import OVERDUE, warn_if_overdue

from ..kill.installation import Installation
from .embedding import Embedding

IDLE = 4.0
"""Seconds."""


def test_an_idle_worker_logs_nothing(postgres_url: str, tmp_path: Path):
    with Installation(postgres_url, tmp_path, log_level="INFO") as at:
        worker = at.add_worker()
        worker.start()
        worker.wait_until_ready()
        time.sleep(1)
        began = worker.log.read_text()
        time.sleep(IDLE)
        assert worker.log.read_text() == began
        assert len(began.splitlines()) == 1
        worker.stop()


def test_commands_that_are_overdue_are_a_warning(at: Embedding, caplog: pytest.LogCaptureFixture):
    at.linked()
    at.settle()
    warn_if_overdue(at.store, at.sim.now)
    at.linked()
    warn_if_overdue(at.store, at.sim.now + OVERDUE / 2)
    assert caplog.records == []
    with caplog.at_level(logging.WARNING, "relink"):
        warn_if_overdue(at.store, at.sim.now + OVERDUE + 60)
    (line,) = caplog.messages
    assert "should have been done 360 s ago" in line
    assert "relink status" in line
