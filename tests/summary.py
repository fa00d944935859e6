"""What a run prints at its end: the leaves it decided, and what the quick profile left out."""

from collections.abc import Callable

import pytest

from .profile import FULL, PROFILE

LEAVES = "leaves of the charts"
"""A property of a test's report: xdist brings those to the process that prints."""


@pytest.fixture
def report_leaves(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Prints a text about the charts' leaves at the end of the run."""
    return lambda text: record_property(LEAVES, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        for name, text in report.user_properties:
            if name == LEAVES:
                terminalreporter.section(LEAVES)
                terminalreporter.write_line(str(text))
    if PROFILE is not FULL:
        terminalreporter.section(f"{PROFILE.name} profile")
        for line in PROFILE.compared_to(FULL):
            terminalreporter.write_line(line)
        terminalreporter.write_line("Run the full profile with: CI=true make test")
