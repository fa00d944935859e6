"""The process that tries mutants: it has everything loaded, and forks for each of them.

Loading pytest, the tests and relink takes far longer than the test that notices a change. So there
are two servers for each copy of the tree:

- The *warm* one has loaded all tests. Its child puts the changed code into the functions that are
  loaded, and runs the chosen tests. This is for changes within functions.
- The *cold* one has loaded only what others wrote. Its child loads relink and the chosen tests
  from the changed file. This is for what runs as a module is loaded, such as a chart's declaration.

A server reads one request a line as JSON, and answers each with one line. The file on the disk is
changed too, for processes that tests start, and is put back afterwards.
"""

import gc
import importlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from .child import Answer, End, Request, Timer, changed_file, fork
from .killers import APPROVED, FOLDERS
from .swap import Loaded, loaded, swap

OPTIONS = [
    *("--override-ini=addopts=", "--import-mode=importlib", "--noconftest", "--capture=no"),
    *("-qq", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin"),
]
Items = dict[str, pytest.Item]

# ── the tests ────────────────────────────────────────────────────────────────


class Tests:
    """A pytest plugin that hands the collected tests to a function instead of running them.

    It stands in for the tests' ``conftest.py``, which loads half of the adapters.
    """

    def __init__(self, act: Callable[[Items], None]) -> None:
        self._act = act
        self.failure = ""

    def pytest_configure(self, config: pytest.Config) -> None:
        from hypothesis import HealthCheck, Phase, settings

        from tests import logging_state, profile, summary

        profile.register()
        # A failure is enough: nobody reads the smallest example.
        settings.register_profile(
            "mutants",
            settings.get_profile(profile.PROFILE.name),
            phases=(Phase.explicit, Phase.generate),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("mutants")
        for module in (logging_state, summary):
            config.pluginmanager.register(module)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if self.failure:  # a module could not be loaded
            return True
        left_out = _left_out()
        self._act(
            {
                item.nodeid: item
                for item in session.items
                if getattr(item, "originalname", "") not in left_out
            }
        )
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failure = report.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failure = report.nodeid


def _left_out() -> frozenset[str]:
    from tests.profile import PROFILE

    return PROFILE.left_out


def run(tests: Tests, items: Items, request: Request, end: End) -> NoReturn:
    """Run the tests of a request until one fails."""
    timer = Timer(end)
    chosen = [(items[name], limit) for name, limit in request["tests"] if name in items]
    following = [*(item for item, _ in chosen[1:]), None]
    for (item, limit), after in zip(chosen, following, strict=False):
        timer.start(item.nodeid, limit)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        if tests.failure:
            end({"outcome": "killed", "by": tests.failure})
    end({"outcome": "survived", "ran": len(chosen)})


# ── coverage ─────────────────────────────────────────────────────────────────


class Lines:
    """Which lines of relink run, as they are run."""

    def __init__(self) -> None:
        from coverage import Coverage

        here = str(Path().absolute())
        include = [f"{here}/{folder}/*" for folder in ("engine", "machines")]
        self._here = here
        self._coverage = Coverage(data_file=None, include=include, config_file=False)
        self._coverage.start()

    def begin(self, test: str) -> None:
        """What runs from now on belongs to a test."""
        self._coverage.switch_context(test)

    def by_file(self) -> dict[str, dict[int, list[str]]]:
        """For each line that ran, the tests that ran it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a test may run nothing of relink in this process
            data = self._coverage.get_data()
        return {
            str(Path(file).relative_to(self._here)): data.contexts_by_lineno(file)
            for file in sorted(data.measured_files())
        }


def cover(
    lines: Lines,
    tests: Tests,
    items: Items,
    names: list[str],
    end: End,
) -> NoReturn:
    """Run tests, and say which lines each of them ran, how long it took, and whether it passed."""
    chosen, found = [items[name] for name in names], []
    for item, after in zip(chosen, [*chosen[1:], None], strict=False):
        tests.failure = ""
        lines.begin(item.nodeid)
        began = time.process_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        found.append([item.nodeid, round(time.process_time() - began, 4), not tests.failure])
    end({"tests": found, "lines": lines.by_file()})


# ── the servers ──────────────────────────────────────────────────────────────


class Wire:
    """Requests in, answers out, on what were standard input and output."""

    def __init__(self) -> None:
        self._in = os.fdopen(os.dup(0))
        self._out = os.fdopen(os.dup(1), "w")
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(2, 1)

    def __iter__(self) -> Iterator[Request]:
        for line in self._in:
            yield json.loads(line)

    def say(self, answer: Answer) -> None:
        """Answer the last request, or say that the server is ready."""
        self._out.write(json.dumps(answer) + "\n")
        self._out.flush()


def warm(wire: Wire, paths: list[str], *, is_covered: bool) -> None:
    """Serve changes of functions; also tells which lines each test runs, if asked to."""
    lines = Lines() if is_covered else None

    def serve(items: Items) -> None:
        at_import = lines.by_file() if lines else {}
        # pytest rewrites its plugins as it loads them, so they may not be loaded before.
        # What is ours must be loaded with the change in it, or by nothing that is loaded before.
        ours = ("relink", "tests", "docs", "__main__", "_hypothesis_pytestplugin")
        modules = [name for name in sys.modules if name.partition(".")[0] not in ours]
        gc.collect()
        functions = loaded()
        gc.freeze()
        wire.say({"tests": list(items), "modules": modules, "at_import": at_import})
        for request in wire:
            if lines and "cover" in request:
                wire.say(fork(partial(cover, lines, tests, items, request["cover"])))
                continue
            with changed_file(request):
                answer = fork(partial(_swap_and_run, functions, tests, items, request))
            wire.say(answer)

    tests = Tests(serve)
    pytest.main([*OPTIONS, *paths], plugins=[tests])


def _swap_and_run(
    functions: Loaded, tests: Tests, items: Items, request: Request, end: End
) -> None:
    if not swap(functions, request["file"], request["before"], request["text"]):
        end({"outcome": "cold"})
    run(tests, items, request, end)


def cold(wire: Wire, modules: list[str]) -> None:
    """Serve changes of what runs as modules are loaded."""
    for name in modules:
        try:
            importlib.import_module(name)
        except BaseException:  # whatever it needs, the child loads it
            continue
    if loaded_before := [name for name in sys.modules if name.partition(".")[0] == "relink"]:
        raise RuntimeError(f"{loaded_before[0]} is loaded, so no change of it would be tried")
    gc.collect()
    gc.freeze()
    wire.say({})
    for request in wire:
        with changed_file(request):
            answer = fork(partial(_load_and_run, request))
        wire.say(answer)  # once the file is as before: the next request may be for another server


def _load_and_run(request: Request, end: End) -> None:
    files = list(dict.fromkeys(name.partition("::")[0] for name, _ in request["tests"]))
    Timer(end).start("loading", 60)
    tests = Tests(lambda items: run(tests, items, request, end))
    pytest.main([*OPTIONS, *files], plugins=[tests])
    end({"outcome": "killed", "by": "loading", "at": tests.failure})


def main() -> None:
    """Serve, as the first argument says."""
    wire = Wire()
    kind, *rest = sys.argv[1:]
    if kind == "cold":
        cold(wire, Path(rest[0]).read_text().split())
    else:
        warm(wire, rest or [*FOLDERS, APPROVED], is_covered=kind == "cover")


if __name__ == "__main__":
    main()
