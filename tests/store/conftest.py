"""Databases of both kinds, and stores that open them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from relink.adapters.store import MemoryStore, SqlStore, Store, Tables, TableStore, migrate
from relink.machines import relink_system

from ..own_tables import OWN_TABLES
from .database import Database


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with this release's schema: copying it is faster than migrating a new one."""
    path = tmp_path_factory.mktemp("template") / "relink.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def new_sqlite_url(sqlite_template: Path, tmp_path: Path) -> Callable[[], str]:
    """Creates SQLite databases, and returns their URLs."""
    made: list[Path] = []

    def make() -> str:
        made.append(tmp_path / f"relink-{len(made)}.db")
        shutil.copy(sqlite_template, made[-1])
        return f"sqlite:///{made[-1]}"

    return make


@pytest.fixture(params=["sqlite", "postgres"])
def new_url(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Creates databases, and returns their URLs; each test runs on both kinds."""
    make: Callable[[], str] = request.getfixturevalue(f"new_{request.param}_url")
    return make


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """The URL of a new database."""
    return new_url()


@pytest.fixture
def database(url: str) -> Database:
    """The new database, as another process sees it."""
    return Database(url)


@pytest.fixture
def open_store(url: str) -> Iterator[Callable[[], SqlStore]]:
    """Opens the new database again and again, as restarts of the service do."""
    opened: list[SqlStore] = []

    def open_it() -> SqlStore:
        opened.append(SqlStore(url, relink_system()))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], SqlStore]) -> SqlStore:
    """A store that opens the new database."""
    return open_store()


@pytest.fixture(params=["memory", "sqlite", "postgres", *OWN_TABLES])
def new_store(
    request: pytest.FixtureRequest, new_own_tables: Callable[[str], AbstractContextManager[Tables]]
) -> Iterator[Callable[..., Store]]:
    """Creates empty stores; each test runs on every kind. Takes the arguments after the URL.

    The last four are the tables of ``docs/examples``.
    """
    opened: list[Store] = []
    used = ExitStack()

    def make(*arguments: object) -> Store:
        given = arguments or (relink_system(),)
        if request.param == "memory":
            opened.append(MemoryStore(*given))
        elif request.param in OWN_TABLES:
            tables = used.enter_context(new_own_tables(request.param))
            opened.append(TableStore(tables, *given))
        else:
            url = request.getfixturevalue(f"new_{request.param}_url")()
            opened.append(SqlStore(url, *given))
        return opened[-1]

    with used:
        yield make
    for store in opened:
        store.close()


@pytest.fixture
def any_store(new_store: Callable[..., Store]) -> Store:
    """An empty store of relink's own system, of every kind."""
    return new_store()
