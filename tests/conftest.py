"""How the tests run: how much they try, in which order, and one PostgreSQL for all."""

from .logging_state import logging_stays
from .order import pytest_collection_modifyitems, pytest_xdist_make_scheduler
from .profile import register
from .skips import pytest_make_collect_report, pytest_runtest_makereport
from .summary import pytest_terminal_summary, report_leaves

__all__ = [
    "logging_stays",
    "pytest_collection_modifyitems",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
    "pytest_xdist_make_scheduler",
    "report_leaves",
]

try:
    from .own_tables import new_own_tables, own_tables, own_tables_database
    from .postgres import (
        empty_postgres_url,
        new_postgres_url,
        postgres_server,
        postgres_template,
        postgres_url,
        spare_postgres_urls,
        stoppable_postgres,
    )

    __all__ += [
        "empty_postgres_url",
        "new_own_tables",
        "new_postgres_url",
        "own_tables",
        "own_tables_database",
        "postgres_server",
        "postgres_template",
        "postgres_url",
        "spare_postgres_urls",
        "stoppable_postgres",
    ]
except ImportError:
    # The core's tests are run without the extras too.
    pass

register()
