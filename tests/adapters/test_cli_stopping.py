"""Signals while a command runs, also where Python loses the exception."""

import gc
import os
import signal
import time
from contextlib import suppress
from enum import Enum

import pytest
from pydantic import TypeAdapter

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


def test_the_next_signal_counts_where_the_first_one_was_caught():
    def catch() -> None:
        with suppress(BaseException):
            terminate()
        terminate()

    with pytest.raises(Stopped), ended_by_signals(0, signal.SIGTERM):
        catch()


def test_a_signal_that_a_library_turns_into_its_own_error_still_ends_the_command():
    class Colour(Enum):
        RED = "red"

        def __getattribute__(self, name: str) -> object:
            if name == "value":
                terminate()
            return super().__getattribute__(name)

    with pytest.raises(Stopped) as ended, ended_by_signals(143, signal.SIGTERM):
        TypeAdapter(Colour)
    assert ended.value.code == 143


def test_an_error_while_a_command_closes_what_it_opened_is_raised():
    def close_badly() -> None:
        try:
            terminate()
        finally:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"), ended_by_signals(0, signal.SIGTERM):
        close_badly()
