"""Databases of both kinds, and stores that open them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relink.adapters.store import SqlStore, migrate
from relink.machines import relink_system

from .database import Database


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of this release's schema: to copy one is faster than to make one."""
    path = tmp_path_factory.mktemp("template") / "relink.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def new_sqlite_url(sqlite_template: Path, tmp_path: Path) -> Callable[[], str]:
    """Makes new databases on SQLite, and gives their URLs."""
    made: list[Path] = []

    def make() -> str:
        made.append(tmp_path / f"relink-{len(made)}.db")
        shutil.copy(sqlite_template, made[-1])
        return f"sqlite:///{made[-1]}"

    return make


@pytest.fixture(params=["sqlite", "postgres"])
def new_url(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Makes new databases, and gives their URLs; each test runs on both kinds."""
    make: Callable[[], str] = request.getfixturevalue(f"new_{request.param}_url")
    return make


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """The URL of a new database."""
    return new_url()


@pytest.fixture
def database(url: str) -> Database:
    """That database, as another process sees it."""
    return Database(url)


@pytest.fixture
def open_store(url: str) -> Iterator[Callable[[], SqlStore]]:
    """Opens that database again and again, as restarts of the service do."""
    opened: list[SqlStore] = []

    def open_it() -> SqlStore:
        opened.append(SqlStore(url, relink_system()))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], SqlStore]) -> SqlStore:
    """A store that opens it."""
    return open_store()
