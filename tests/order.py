"""Which tests run, which of them first, and which stay together when workers share them.

A worker takes a whole file at a time, so that what a module sets up is set up once. The
longest files come first: a long one that begins last would keep one worker busy while the
others have nothing left.
"""

from typing import TYPE_CHECKING, Any

import pytest

from .ids import refuse_addresses
from .profile import PROFILE

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

LONGEST = (
    "reliability/test_on_postgres.py",
    "reliability/test_on_sqlite.py",
    "kill/test_kill.py",
    "kill/test_secrets.py",
    "store/test_migrations.py",
    "machines/test_leaves.py",
    "runner/test_worker.py",
    "docs/test_embedding_examples.py",
    "demo/test_clicked_through.py",
    "kill/test_dead_worker.py",
    "store/test_outages.py",
    "store/test_concurrency.py",
)
"""What takes longest, longest first. The rest takes seconds, in any order."""


def unit(nodeid: str) -> str:
    """The tests that a worker takes together with this one.

    Args:
        nodeid: of a test, as pytest writes it.

    Returns:
        the same name for all of them: their file.
    """
    return nodeid.partition("::")[0]


def place(nodeid: str) -> int:
    """Where a test stands in the order; lower runs earlier."""
    names = enumerate(LONGEST)
    return next((n for n, name in names if unit(nodeid).endswith(name)), len(LONGEST))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    refuse_addresses(items)
    left_out = [] if is_named(config) else [item for item in items if _is_left_out(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: place(item.nodeid))


def is_named(config: pytest.Config) -> bool:
    """Whether somebody asks for tests by name: then they are run in any profile."""
    return bool(config.option.keyword) or any("::" in argument for argument in config.args)


def _is_left_out(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and item.originalname in PROFILE.left_out


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "LoadScopeScheduling":
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit(nodeid)

    config.option.loadscopereorder = False  # it would put the largest first, not the longest
    return ByFile(config, log)
