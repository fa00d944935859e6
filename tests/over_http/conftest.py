"""Fixtures: applications that run in this process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from relink.adapters.http import health
from relink.adapters.store import migrate

from .served import Served


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """The event loop in which applications run."""
    with start_blocking_portal() as running:
        yield running


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the current schema."""
    path = tmp_path_factory.mktemp("empty") / "relink.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def serve(
    tmp_path: Path, empty_database: Path, portal: BlockingPortal
) -> Iterator[Callable[..., Served]]:
    """Makes applications, and closes their stores."""
    made = []

    def make(**settings: str | None) -> Served:
        made.append(Served(tmp_path, empty_database, portal, **settings))
        return made[-1]

    yield make
    for served in made:
        served.store.close()


@pytest.fixture
def at(serve: Callable[..., Served]) -> Served:
    return serve()


@pytest.fixture(autouse=True)
def _healthz_checks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH", 0.0)
