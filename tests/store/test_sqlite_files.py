"""The files of an SQLite database are what was opened, and not what their names lead to today."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from relink.adapters.store import (
    DatabaseFileError,
    SqlStore,
    StoreUnavailableError,
    backend_for,
    migrate,
)
from relink.adapters.store.replay import replay
from relink.adapters.store.sqlite.lock import InUseError, exclusive
from relink.machines import relink_system

from .messages import ACCOUNT, ACTIVE, NOW, receive


@pytest.fixture
def path(new_sqlite_url: Callable[[], str]) -> Path:
    return Path(new_sqlite_url().removeprefix("sqlite:///"))


@pytest.fixture
def store(path: Path) -> SqlStore:
    opened = SqlStore(f"sqlite:///{path}", relink_system())
    receive(opened, "evt_1")
    return opened


def beside(path: Path, suffix: str) -> Path:
    return Path(f"{path}{suffix}")


def refused(store: SqlStore, message: str) -> None:
    """Nothing is read or stored, and the error says why."""
    for call in (
        lambda: receive(store, "evt_2", NOW + 60, **ACTIVE),
        lambda: store.snapshot(ACCOUNT),
        lambda: store.due_commands(9e9, 9),
        lambda: store.retry("any", NOW),
        store.check,
    ):
        with pytest.raises(DatabaseFileError, match=message):
            call()


# ── the file goes away under the process ─────────────────────────────────────


def test_a_removed_database_is_noticed_until_it_is_back(store: SqlStore, path: Path):
    away = path.rename(beside(path, ".away"))
    refused(store, f"{path.name} was removed while")
    assert not path.exists(), "no empty database takes its place"
    away.rename(path)
    assert receive(store, "evt_2", NOW + 60, **ACTIVE).outcome == "applied"
    store.close()


def test_a_replaced_database_is_noticed_and_does_not_get_the_log_of_the_other(
    store: SqlStore, path: Path, tmp_path: Path
):
    backup = tmp_path / "backup.db"
    with sqlite3.connect(path) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    source.close()
    target.close()
    for number in range(10):
        receive(store, f"evt_{number}x", NOW + number)
    backup.rename(path)
    refused(store, f"{path.name} was replaced by another file while")
    store.close()
    restarted = SqlStore(f"sqlite:///{path}", relink_system())
    inbox = "SELECT id FROM inbox"
    with restarted.engine.connect() as connection:
        assert connection.exec_driver_sql(inbox).scalars().all() == ["evt_1"]
    assert receive(restarted, "evt_2", NOW + 60, **ACTIVE).outcome == "applied"
    restarted.close()


@pytest.mark.parametrize("is_opened", [False, True])
def test_a_database_that_is_put_back_has_its_log_again(
    store: SqlStore, path: Path, is_opened: bool
):
    """The log holds the newest commits, and the last connection is closed without the file."""
    for number in range(10):
        receive(store, f"evt_{number}x", NOW + number)
    away = path.rename(beside(path, ".away"))
    shutil.copy(away, path)
    refused(store, f"{path.name} was replaced by another file while")
    with closing(sqlite3.connect(path)) as stranger:
        if is_opened:
            stranger.execute("PRAGMA journal_mode = WAL")
            stranger.execute("CREATE TABLE theirs (id int)")
            assert beside(path, "-wal").exists()
        away.rename(path)
        for number in range(10):
            assert receive(store, f"evt_{number}x").outcome == "duplicate"
        assert receive(store, "evt_2", NOW + 60, **ACTIVE).outcome == "applied"
    assert list(replay(store, lambda *_: None)) == []
    with store.engine.connect() as connection:
        tables = "SELECT count(*) FROM sqlite_master WHERE name = 'theirs'"
        assert connection.exec_driver_sql(tables).scalar_one() == 0
    store.close()


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_lost_log_is_noticed_and_nothing_is_lost(
    store: SqlStore, path: Path, suffix: str, is_replaced: bool
):
    file = beside(path, suffix)
    for _ in range(2):
        with store.engine.connect(), store.engine.connect():
            store.check()
        copy = Path(shutil.copy(file, beside(path, ".copy")))
        file.unlink()
        if is_replaced:
            copy.rename(file)
        with pytest.raises(DatabaseFileError, match=f"{file.name} was .*opened again"):
            receive(store, "evt_2", NOW + 60, **ACTIVE)
        for _ in range(9):
            with suppress(DatabaseFileError):
                store.check()
        store.check()
    assert receive(store, "evt_1").outcome == "duplicate"
    assert receive(store, "evt_2", NOW + 60, **ACTIVE).outcome == "applied"
    assert list(replay(store, lambda *_: None)) == []
    store.close()


def test_what_is_committed_as_the_file_goes_is_not_answered(
    store: SqlStore, path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The file is removed between the look before a transaction and its commit."""
    from relink.adapters.store.sqlite import writer

    commit = writer._commit

    def remove_and_commit(*arguments: object) -> None:
        path.unlink()
        commit(*arguments)

    monkeypatch.setattr(writer, "_commit", remove_and_commit)
    with pytest.raises(DatabaseFileError, match="was removed"):
        receive(store, "evt_2", NOW + 60, **ACTIVE)


def test_connections_may_all_be_closed_in_between(store: SqlStore, path: Path):
    for number in range(3):
        store.engine.dispose()
        assert not beside(path, "-wal").exists()
        assert receive(store, f"evt_{number}x", NOW + number).outcome == "applied"
    store.close()


# ── one file, two names ──────────────────────────────────────────────────────


def test_a_symbolic_link_leads_to_the_same_lock(path: Path, tmp_path: Path):
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with (
        exclusive(f"sqlite:///{path}"),
        pytest.raises(InUseError, match="another process serves"),
        exclusive(f"sqlite:///{link}", wait=0),
    ):
        pass
    assert backend_for(f"sqlite:///{link}").file == path


def test_a_hard_link_is_refused(path: Path, tmp_path: Path):
    other = tmp_path / "other.db"
    other.hardlink_to(path)
    for name in (path, other):
        with pytest.raises(DatabaseFileError, match="has 2 names"), exclusive(f"sqlite:///{name}"):
            pass
        with pytest.raises(DatabaseFileError, match="Remove the other names"):
            migrate(f"sqlite:///{name}")
        with pytest.raises(StoreUnavailableError, match="has 2 names"):
            SqlStore(f"sqlite:///{name}", relink_system()).check()


SERVES = """
import sys
from relink.adapters.store.sqlite.lock import exclusive
with exclusive(sys.argv[1], wait=float(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def serving(path: Path, wait: float = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVES, f"sqlite:///{path}", str(wait)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_another_process_waits_for_the_lock_whatever_happens_to_connections(
    path: Path, tmp_path: Path
):
    url = f"sqlite:///{path}"
    with exclusive(url):
        # Closing a descriptor of a file drops a process's classic locks on it: not this one.
        store = SqlStore(url, relink_system())
        receive(store, "evt_1")
        store.close()
        path.read_bytes()
        # A moved database is still the one that is served.
        moved = path.rename(tmp_path / "moved.db")
        refused_one = serving(moved)
        assert "another process serves" in refused_one.communicate(timeout=20)[1]
        moved.rename(path)
        waiting = serving(path, wait=20)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1.5)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "held\n"
    # A killed process holds nothing.
    waiting.kill()
    waiting.communicate(timeout=20)
    with exclusive(url, wait=5):
        pass


def test_without_open_file_description_locks_a_file_beside_is_locked(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr("fcntl.F_OFD_SETLK")
    url = f"sqlite:///{path}"
    for _ in range(2):
        with (
            exclusive(url),
            pytest.raises(InUseError),
            exclusive(url, wait=0),
        ):
            pass
    assert beside(path, ".lock").exists()


def test_the_store_opens_the_file_that_is_locked_and_no_other(path: Path, tmp_path: Path):
    url = f"sqlite:///{path}"
    with exclusive(url):
        copy = Path(shutil.copy(path, tmp_path / "copy.db"))
        copy.rename(path)
        with pytest.raises(DatabaseFileError, match="was replaced"):
            SqlStore(url, relink_system()).check()


# ── how it is created, and what is left when it is closed ────────────────────


def test_only_the_owner_may_read_the_files(tmp_path: Path):
    before = os.umask(0)
    try:
        path = tmp_path / "new.db"
        migrate(f"sqlite:///{path}")
        store = SqlStore(f"sqlite:///{path}", relink_system())
        receive(store, "evt_1")
    finally:
        os.umask(before)
    files = [path, beside(path, "-wal"), beside(path, "-shm")]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3
    store.close()


@pytest.mark.parametrize("is_read", [False, True])
def test_a_closed_database_is_complete_without_its_log(
    store: SqlStore, path: Path, tmp_path: Path, is_read: bool
):
    reader = sqlite3.connect(path)
    if is_read:
        reader.execute("SELECT count(*) FROM inbox").fetchall()
    else:
        reader.close()
    for number in range(20):
        receive(store, f"evt_{number}x", NOW + number)
    store.close()
    assert beside(path, "-wal").exists() is is_read
    alone = shutil.copy(path, tmp_path / "alone.db")
    reader.close()
    with sqlite3.connect(alone) as copied:
        assert copied.execute("SELECT count(*) FROM inbox").fetchone() == (21,)
    copied.close()


def test_a_reader_in_a_transaction_keeps_the_newest_changes_in_the_log(
    store: SqlStore, path: Path, caplog: pytest.LogCaptureFixture
):
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM inbox").fetchall()
    receive(store, "evt_2", NOW + 60)
    store.close()
    reader.close()
    assert f"newest changes are in {path.name}-wal" in caplog.text


# ── what a URL may say ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:///file:relink.db?uri=true", "a file and no parameters"),
        ("sqlite:///file:relink.db", "takes a file.*Remove file:"),
        ("sqlite:///file::memory:?cache=shared&uri=true", "a file and no parameters"),
        ("sqlite:///relink.db?mode=ro", "Remove the "),
        ("sqlite:///relink.db?timeout=1", "a file and no parameters"),
        ("sqlite+aiosqlite:///relink.db", "names a driver"),
        ("sqlite+pysqlcipher:///relink.db", "names a driver"),
        ("sqlite://me:hunter2@host/relink.db", "three slashes"),
        ("sqlite://relink.db", "three slashes"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
    ],
)
def test_an_url_that_is_not_just_a_file_is_refused_by_name(url: str, message: str):
    with pytest.raises(ValueError, match=message) as error:
        backend_for(url)
    assert "hunter2" not in str(error.value)


def test_a_name_may_hold_any_character(tmp_path: Path):
    folder = tmp_path / "a b%20c#d"
    folder.mkdir()
    from sqlalchemy import URL

    url = URL.create("sqlite", database=str(folder / "x?y&z.db")).render_as_string()
    migrate(url)
    store = SqlStore(url, relink_system())
    assert receive(store, "evt_1").outcome == "applied"
    store.close()
    assert [file.name for file in folder.iterdir()] == ["x?y&z.db"]
