"""How the tests run: Hypothesis profiles, no skipping in CI, and one PostgreSQL for all."""

import os
from collections.abc import Callable, Generator

import pytest
from hypothesis import Phase, settings

try:
    from .postgres import (
        empty_postgres_url,
        new_postgres_url,
        postgres_server,
        postgres_template,
        postgres_url,
        spare_postgres_urls,
        stoppable_postgres,
    )

    __all__ = [
        "empty_postgres_url",
        "new_postgres_url",
        "postgres_server",
        "postgres_template",
        "postgres_url",
        "spare_postgres_urls",
        "stoppable_postgres",
    ]
except ImportError:
    # The core's tests are run without the extras too.
    pass

IN_CI = bool(os.environ.get("CI"))

QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""All but explaining, which makes a failing test three times as slow."""

settings.register_profile("dev", max_examples=60, deadline=None, phases=QUICKLY)
settings.register_profile("ci", max_examples=100, deadline=None, phases=QUICKLY, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "dev"))


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """A skipped test proves nothing; where everything can be installed, it is a failure."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"


# Outermost, so as to see the outcome that pytest's own skipping settled on.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


LEAVES = pytest.StashKey[str]()
"""What the tests report of the charts' leaves."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    report = terminalreporter.config.stash.get(LEAVES, None)
    if report:
        terminalreporter.section("leaves of the charts")
        terminalreporter.write_line(report)


@pytest.fixture
def report_leaves(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print something at the end of the run."""

    def report(text: str) -> None:
        request.config.stash[LEAVES] = text

    return report
