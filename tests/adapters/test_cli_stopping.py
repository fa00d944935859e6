"""Signals while a command runs, also where Python loses the exception."""

import gc
import os
import signal
import time

import pytest

from relink.adapters.cli.stopping import Stopped, ended_by_signals


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)


def test_a_signal_unwinds_the_command_with_its_status():
    with pytest.raises(Stopped) as ended, ended_by_signals(143, signal.SIGTERM):
        terminate()
    assert ended.value.code == 143


def test_a_signal_whose_exception_gets_lost_comes_again(capsys: pytest.CaptureFixture[str]):
    class Collected:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)  # the exception is raised here, and lost

    def lose() -> None:
        Collected()
        gc.collect()
        time.sleep(5)

    with pytest.raises(Stopped) as ended, ended_by_signals(0, signal.SIGTERM, signal.SIGINT):
        lose()
    assert ended.value.code == 0
    assert capsys.readouterr().err == ""


def test_a_second_signal_lets_a_command_finish():
    done = []

    def close_slowly() -> None:
        try:
            terminate()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("closed")

    with pytest.raises(Stopped), ended_by_signals(0, signal.SIGTERM):
        close_slowly()
    assert done == ["closed"]
