"""Each kind of database has a backend, and its location says which."""

from pathlib import Path

import relink.adapters.runner
import relink.adapters.store
from relink.adapters.store import backend_for


def test_sqlite_is_a_file_served_by_one_process():
    backend = backend_for("sqlite:////var/lib/relink.db")
    assert backend.file == Path("/var/lib/relink.db")
    assert backend.runs_worker_in_process


def test_postgresql_is_a_server_shared_by_workers():
    backend = backend_for("postgresql://me@db/relink")
    assert backend.file is None
    assert not backend.runs_worker_in_process


def test_only_backends_name_databases():
    """Everything else asks the backend."""
    folders = [
        Path(module.__path__[0]) for module in (relink.adapters.store, relink.adapters.runner)
    ]
    for folder in folders:
        for path in folder.rglob("*.py"):
            text = path.read_text("utf-8")
            for branch in ("dialect.name", 'startswith("sqlite', "get_backend_name() =="):
                assert branch not in text, f"{path} branches on the database's name"


def test_only_one_module_parses_a_database_url():
    adapters = Path(relink.adapters.store.__path__[0]).parent
    for path in adapters.rglob("*.py"):
        text = path.read_text("utf-8")
        assert "make_url" not in text, f"{path} parses a database's URL a second time"
