"""Processes that share work: they answer, nothing interrupts them, and none outlives the first."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing import active_children
from pathlib import Path

import pytest

from relink.adapters.processes import SPAWN, ProcessEndedError, Processes, answer

BOUND = 60
"""Seconds after which something that should happen has not happened."""

PROGRAM = """
import os
import time

from relink.adapters.processes import SPAWN, Processes


def wait_for_ever():
    told.put(os.getpid())
    time.sleep(1000)


def keep(queue):
    global told
    told = queue


if __name__ == "__main__":
    answers = SPAWN.Queue()
    with Processes(2, keep, (answers,)) as processes:
        waiting = [processes.submit(wait_for_ever) for _ in range(2)]
        print(answers.get(), answers.get(), flush=True)
        waiting[0].result()
"""


def test_each_answers_in_a_process_of_its_own() -> None:
    with Processes(2) as processes:
        answers = [processes.submit(divmod, number, 3) for number in range(5)]
        assert [each.result(BOUND) for each in answers] == [divmod(n, 3) for n in range(5)]
        assert processes.submit(os.getpid).result(BOUND) != os.getpid()


def test_an_error_comes_back() -> None:
    with Processes(1) as processes, pytest.raises(ZeroDivisionError):
        processes.submit(divmod, 1, 0).result(BOUND)


def test_a_process_that_ends_by_itself_is_an_error_and_no_endless_wait() -> None:
    with Processes(1) as processes:
        ended = processes.submit(os._exit, 3)
        with pytest.raises(ProcessEndedError, match=r"out of memory\. Use fewer of them"):
            answer(ended)
        with pytest.raises(ProcessEndedError):
            processes.submit(os.getpid)


def test_each_begins_with_what_it_is_given() -> None:
    told = SPAWN.Queue()
    with Processes(1, told.put, ("begun",)) as processes:
        processes.submit(os.getpid)
        assert told.get(timeout=BOUND) == "begun"


@pytest.mark.parametrize("is_stopped", [False, True])
def test_leaving_ends_them_whatever_they_do(is_stopped: bool) -> None:
    before = set(active_children())
    with Processes(2) as processes:
        waiting = processes.submit(time.sleep, 1000)
        [process] = set(active_children()) - before
        if is_stopped:
            os.kill(process.pid or 0, signal.SIGSTOP)
    assert set(active_children()) == before
    with pytest.raises(ProcessEndedError):
        answer(waiting)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_none_outlives_the_first_one(tmp_path: Path, how: signal.Signals) -> None:
    with _begun(tmp_path) as first:
        assert first.stdout is not None
        others = [int(pid) for pid in first.stdout.readline().split()]
        first.send_signal(how)
        assert first.wait(BOUND) == -how
    assert len(others) == 2
    until = time.monotonic() + BOUND
    while any(_is_there(pid) for pid in others):
        assert time.monotonic() < until, f"{others} were not all ended"
        time.sleep(0.05)


def test_ctrl_c_reaches_the_first_one_alone(tmp_path: Path) -> None:
    with _begun(tmp_path) as first:
        assert first.stdout is not None
        assert first.stderr is not None
        first.stdout.readline()
        os.killpg(first.pid, signal.SIGINT)
        said = first.stderr.read()
        assert first.wait(BOUND) == -signal.SIGINT
    assert said.count("Traceback") == 1


def _begun(folder: Path) -> "subprocess.Popen[str]":
    """A process with two others, in a group of their own, which prints their ids."""
    program = folder / "program.py"
    program.write_text(PROGRAM)
    return subprocess.Popen(
        [sys.executable, program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    with suppress(FileNotFoundError):  # it ended meanwhile, or there is no /proc
        return "State:\tZ" not in status.read_text()
    return not Path("/proc/self").exists()
