"""A database on a disk, and the service around it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relink.adapters.store import migrate

from .embedding import Embedding


@pytest.fixture(scope="session")
def copy_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """Puts a new database at a path, and gives its URL: to copy one is faster than to make one."""
    made = tmp_path_factory.mktemp("database") / "relink.db"
    migrate(f"sqlite:///{made}")

    def copy(path: Path) -> str:
        shutil.copy(made, path)
        return f"sqlite:///{path}"

    return copy


@pytest.fixture
def url(copy_database: Callable[[Path], str], tmp_path: Path) -> str:
    """The URL of a new database."""
    return copy_database(tmp_path / "relink.db")


@pytest.fixture
def at(url: str) -> Iterator[Embedding]:
    """A service with it."""
    embedding = Embedding(url)
    yield embedding
    embedding.store.close()
