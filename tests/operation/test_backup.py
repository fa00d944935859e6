"""Backups of an SQLite database, and what becomes of a service whose database was restored."""

import json
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from relink.adapters.cli import main
from relink.adapters.simulator import Account
from relink.adapters.store.sqlite.lock import exclusive

from ..kill.checks import check_journal, check_states
from ..kill.households import READING_TIME
from ..kill.installation import Installation
from .links import break_links

SWEEP = "SELECT value FROM cursors WHERE name = 'reconcile'"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relink.db"


@pytest.fixture
def at(path: Path, tmp_path: Path) -> Iterator[Installation]:
    with Installation(f"sqlite:///{path}", tmp_path) as made:
        made.postman.hurries = made.receiver.is_well = True
        yield made


Relink = Callable[..., tuple[int, str]]


@pytest.fixture
def relink(
    at: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Relink:
    """Runs a subcommand; returns its exit status, and all that it printed."""
    for name, value in at.serve.environment.items():
        if name != "STRIPE_LOG":
            monkeypatch.setenv(name, value)

    def run(*arguments: object) -> tuple[int, str]:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out + err

    return run


def events(path: Path) -> set[str]:
    """The messages that a database holds."""
    with closing(sqlite3.connect(path)) as database:
        return {id for (id,) in database.execute("SELECT id FROM inbox")}


def test_a_backup_of_a_busy_database_is_put_back_without_its_log(
    at: Installation, relink: Relink, path: Path, tmp_path: Path
):
    at.start()
    break_links(at, 4)
    at.settle()
    backup = tmp_path / "backup.db"
    break_links(at, 10)
    assert relink("backup", backup) == (0, f"{path} was backed up to {backup}.\n")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert not [file.name for file in tmp_path.iterdir() if file.name.startswith(".")]
    held = events(backup)
    assert len(held) >= 8
    code, said = relink("backup", backup)
    assert (code, f"{backup} exists already" in said) == (2, True)
    code, said = relink("restore", backup)
    assert (code, "another process serves" in said) == (2, True)

    at.settle()
    everything = events(path)
    # Killed, it leaves its newest changes in the log.
    at.serve.end(signal.SIGKILL)
    at.serve.wait()
    assert Path(f"{path}-wal").stat().st_size
    code, said = relink("restore", backup)
    assert code == 0, said
    assert events(path) - {event for event in events(path) if event.startswith("reconcile")} == held
    (kept,) = tmp_path.glob("relink.db.before-*")
    assert events(kept) == everything
    assert str(kept) in said


def test_a_damaged_or_foreign_backup_changes_nothing(relink: Relink, path: Path, tmp_path: Path):
    relink("migrate")
    before = path.read_bytes()
    damaged, foreign, missing = (tmp_path / name for name in ("damaged", "foreign", "missing"))
    damaged.write_bytes(before[:4096] + b"\0" * 4096 + before[8192:])
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
    for file, message in (
        (damaged, "is damaged: "),
        (foreign, "is no database of relink's"),
        (missing, "does not exist"),
        (path, "is the database itself"),
    ):
        code, said = relink("restore", file)
        assert (code, message in said) == (2, True), said
        assert path.read_bytes() == before
    assert len(list(tmp_path.glob("*relink.db*"))) == 1


def test_a_refused_restore_leaves_no_empty_database(relink: Relink, path: Path, tmp_path: Path):
    foreign = tmp_path / "foreign"
    foreign.write_text("not a database")
    for file, message in (
        (tmp_path / "missing", "does not exist"),
        (tmp_path, "is not a file"),
        (foreign, "cannot be copied"),
    ):
        code, said = relink("restore", file)
        assert (code, message in said) == (2, True), said
        assert not path.exists()
    code, said = relink("status")
    assert f"the database {path} does not exist" in said


def test_a_restore_under_a_running_process_is_refused(relink: Relink, path: Path, tmp_path: Path):
    relink("migrate")
    backup = tmp_path / "backup.db"
    relink("backup", backup)
    with exclusive(f"sqlite:///{path}"):
        code, said = relink("restore", backup)
    assert (code, said) == (2, f"relink restore: another process serves {path}: stop it first\n")


def test_a_backup_replaces_no_file_that_came_meanwhile(relink: Relink, tmp_path: Path):
    relink("migrate")
    backup = tmp_path / "backup.db"
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "elsewhere.db")
    code, said = relink("backup", link)
    assert (code, "exists already" in said) == (2, True)
    assert link.is_symlink()
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "relink.adapters.cli", "backup", backup],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    ended = [(each.communicate(timeout=60)[1], each.returncode) for each in both]
    assert sorted(code for _, code in ended) == [0, 2], ended
    assert any(b"exists already" in said for said, _ in ended)
    assert backup.stat().st_nlink == 1
    assert not list(tmp_path.glob(".backup*"))


def test_postgresql_has_tools_of_its_own(
    relink: Relink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RELINK_DATABASE_URL", "postgresql://127.0.0.1:9/relink")
    for command, cure in (("backup", "pg_dump"), ("restore", "pg_restore, and run relink recon")):
        code, said = relink(command, tmp_path / "file")
        assert (code, cure in said) == (2, True)


def session_of(at: Installation, account: Account) -> str:
    """The session that the service opens for a relink."""
    answer = at.ask("POST", f"/accounts/{account.id}/relink-sessions", {})
    assert answer.status_code == 201, answer.text
    session: str = answer.json()["session"]
    return session


def test_after_a_restore_the_sweep_ends_in_what_is_true_at_stripe(
    at: Installation, relink: Relink, tmp_path: Path
):
    bank = at.sim.bank

    def link() -> Account:
        with at.stripe.lock:
            return at.sim.link_account(at.sim.add_customer())

    at.start()
    well, broken, closes, leaves, returns, mends, goes_on, replaced = (link() for _ in range(8))
    with at.stripe.lock:
        bank.close_account(returns.id)
        for account in (mends, goes_on, replaced):
            assert account.authorization
            bank.expire_consent(account.authorization.id)
    at.settle()
    is_open = session_of(at, goes_on)
    backup = tmp_path / "yesterday.db"
    assert relink("backup", backup)[0] == 0

    # What the backup does not know.
    later, anew = session_of(at, mends), session_of(at, replaced)
    time.sleep(READING_TIME)
    added = link()
    with at.stripe.lock:
        assert broken.authorization
        bank.expire_consent(broken.authorization.id)
        bank.close_account(closes.id)
        bank.disconnect(leaves.id)
        bank.reopen_account(returns.id)
        at.sim.customer(is_open).choose_expected(goes_on.id)
        at.sim.customer(later).choose_expected(mends.id)
        at.sim.customer(anew).choose_new()
    at.settle()
    check_states(at)
    at.serve.stop()

    assert relink("restore", backup)[0] == 0
    at.serve.start()
    at.serve.wait_until_ready()
    assert at.ask("GET", f"/accounts/{added.id}").status_code == 404
    at.eventually(lambda: json.loads(at.database.rows(SWEEP)[0]["value"])["is_over"])
    at.settle()
    code, said = relink("import", "--restart")
    assert code == 0, said
    at.settle()
    check_states(at)
    check_journal(at)
    assert at.get(f"/accounts/{well.id}")["state"] == "active"
    assert at.get(f"/accounts/{mends.id}")["state"] == "active"
    assert at.get(f"/accounts/{broken.id}")["state"] == "inactive_relinkable"
    assert at.get(f"/accounts/{leaves.id}")["state"] == "disconnected"
    at.serve.stop()
