"""Each kind of database has a backend, and its URL says which."""

from pathlib import Path

import pytest

from relink.adapters.store import backend_for


def test_sqlite_is_a_file_served_by_one_process():
    backend = backend_for("sqlite:////var/lib/relink.db")
    assert backend.file == Path("/var/lib/relink.db")
    assert backend.runs_worker_in_process


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_postgresql_is_a_server_shared_by_workers(scheme: str):
    backend = backend_for(f"{scheme}://me@db/relink")
    assert backend.file is None
    assert not backend.runs_worker_in_process
    assert backend.url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("not a url hunter2", "can't be parsed. Use sqlite:///relink.db or postgresql://"),
        ("mysql://me:hunter2@db/relink", "must be SQLite or PostgreSQL"),
        ("sqlite://", "must be a file, as in sqlite:///relink.db"),
        ("sqlite:///:memory:", "must be a file, as in sqlite:///relink.db"),
    ],
)
def test_a_url_of_another_database_is_refused_without_its_password(url: str, message: str):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")) as refused:
        backend_for(url)
    assert "hunter2" not in str(refused.value)


def test_only_backends_name_databases():
    """Everything else asks the backend."""
    import relink.adapters.runner
    import relink.adapters.store

    folders = [
        Path(module.__path__[0]) for module in (relink.adapters.store, relink.adapters.runner)
    ]
    for folder in folders:
        for path in folder.rglob("*.py"):
            text = path.read_text("utf-8")
            for branch in ("dialect.name", 'startswith("sqlite', "get_backend_name() =="):
                assert branch not in text, f"{path} branches on the database's name"
