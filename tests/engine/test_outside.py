"""Outside: which functions it notices, what it says of them, and what it leaves alone."""

import datetime
import importlib.machinery
import io
import logging
import os
import random
import select
import socket
import sqlite3
import ssl
import sys
import threading
import time
import uuid
from collections.abc import Callable

import pytest

from relink.engine.outside import Outside, Touched

CLOCK = ("reads the clock", "let the event carry the time")
ENVIRONMENT = ("reads the environment", "let the event carry the setting, or keep it in the facts")
RANDOM = ("draws random numbers", "let the event carry the value")
SYSTEM = (
    "uses files or the operating system",
    "return a Command, and let the event carry it",
)
NETWORK = ("uses the network", "return a Command, and let an event bring the answer")
PROCESS = ("starts processes or threads", "return a Command")
LOG = ("writes to a log", "log decisions where they are made; a decision explains itself")

CLOCKS = [
    *("time", "monotonic", "perf_counter", "process_time", "thread_time"),
    *("time_ns", "monotonic_ns", "perf_counter_ns", "process_time_ns", "thread_time_ns"),
]


def thread() -> None:
    started = threading.Thread(target=int)
    started.start()
    started.join()


def log() -> None:
    logging.getLogger("nobody").debug("unheard")


REACHES: list[tuple[Callable[[], object], str, tuple[str, str]]] = [
    *((getattr(time, name), f"time.{name}", CLOCK) for name in CLOCKS),
    (lambda: time.clock_gettime(time.CLOCK_REALTIME), "time.clock_gettime", CLOCK),
    (lambda: time.clock_gettime_ns(time.CLOCK_REALTIME), "time.clock_gettime_ns", CLOCK),
    (lambda: time.sleep(0), "time.sleep", CLOCK),
    (lambda: time.localtime(0), "time.localtime", CLOCK),
    (lambda: time.mktime((2000, 1, 1, 0, 0, 0, 0, 1, 0)), "time.mktime", CLOCK),
    (lambda: datetime.datetime.now(datetime.UTC), "datetime.now", CLOCK),
    (datetime.datetime.today, "datetime.today", CLOCK),
    (datetime.date.today, "datetime.today", CLOCK),
    (lambda: os.environ["PATH"], "os.environ", ENVIRONMENT),
    (lambda: "PATH" in os.environ, "os.environ", ENVIRONMENT),
    (lambda: os.urandom(1), "posix.urandom", RANDOM),
    (random.random, "random.random", RANDOM),
    (lambda: random.getrandbits(3), "random.getrandbits", RANDOM),
    (lambda: io.open(os.devnull).close(), "io.open", SYSTEM),  # noqa: UP020
    (lambda: os.stat("/"), "posix.stat", SYSTEM),
    (lambda: sqlite3.connect(":memory:").close(), "_sqlite3.connect", SYSTEM),
    (lambda: select.select([], [], [], 0), "select.select", NETWORK),
    (lambda: socket.inet_aton("127.0.0.1"), "_socket.inet_aton", NETWORK),
    (lambda: ssl.RAND_status(), "_ssl.RAND_status", NETWORK),
    (thread, "_thread.start_", PROCESS),
    (log, "logging.getLogger", LOG),
]


@pytest.mark.parametrize(("reach", "what", "kind"), REACHES, ids=[what for _, what, _ in REACHES])
def test_what_is_reached_is_named_with_its_cure(
    reach: Callable[[], object], what: str, kind: tuple[str, str]
):
    with Outside() as outside:
        reach()
    assert outside.found is not None
    assert (outside.found.does, outside.found.cure) == kind
    # Which of the two modules a function says it is of depends on the release of Python.
    assert outside.found.what.removeprefix("_").startswith(what.removeprefix("_"))


def test_the_first_of_several_is_kept():
    with Outside() as outside:
        time.time()
        os.getpid()
        logging.getLogger("nobody")
        random.random()
    assert outside.found == Touched(CLOCK[0], "time.time", CLOCK[1])


HARMLESS: list[Callable[[], object]] = [
    lambda: os.fspath("a"),
    lambda: os.fsencode("a"),
    lambda: os.fsdecode(b"a"),
    lambda: os.strerror(1),
    lambda: os.path.normpath("a//b"),
    lambda: os.path.join("a", "b"),
    lambda: os.WIFEXITED(0),
    lambda: time.gmtime(0),
    lambda: time.strftime("%Y", time.gmtime(0)),
    lambda: datetime.datetime(2026, 1, 1).isoformat(),
    lambda: datetime.datetime.fromtimestamp(0, datetime.UTC),
    lambda: datetime.date.fromisoformat("2026-01-01"),
    lambda: uuid.uuid5(uuid.NAMESPACE_DNS, "a"),
    lambda: random.Random(3).random(),
    lambda: io.StringIO("a").read(),
    lambda: sys.getsizeof(1),
    lambda: sorted([2, 1]),
    lambda: [].append(1),
    lambda: "a".upper(),
]


@pytest.mark.parametrize("compute", HARMLESS)
def test_what_computes_is_not_noticed(compute: Callable[[], object]):
    with Outside() as outside:
        compute()
    assert outside.found is None


def test_one_that_is_left_notices_nothing_more_and_another_begins_anew():
    with Outside() as first:
        pass
    time.time()
    with Outside() as second:
        pass
    assert (first.found, second.found) == (None, None)


def test_an_import_reads_files_and_is_no_part_of_the_answer():
    sys.modules.pop("this_is_no_module", None)
    sys.modules.pop("colorsys", None)
    with Outside() as outside:
        import colorsys
    assert colorsys.rgb_to_hls(0, 0, 0) == (0.0, 0.0, 0.0)
    assert outside.found is None
    with Outside() as outside:
        import colorsys

        time.time()
    assert outside.found == Touched(CLOCK[0], "time.time", CLOCK[1])


def test_what_follows_an_import_is_noticed():
    sys.modules.pop("colorsys", None)
    with Outside() as outside:
        import colorsys  # noqa: F401

        time.time()
    assert outside.found == Touched(CLOCK[0], "time.time", CLOCK[1])


def test_what_follows_a_single_function_of_the_imports_is_noticed():
    outside = Outside()
    with outside:
        importlib.machinery.all_suffixes()
        time.time()
    assert outside.found is not None
    assert outside.found.what == "time.time"
