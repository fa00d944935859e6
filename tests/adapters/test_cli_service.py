"""The subcommands for operators."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from relink.adapters.cli import dead_letters, main
from relink.adapters.store import InboxMessage, SqlStore, migrate
from relink.adapters.store.sqlite.lock import InUseError, exclusive
from relink.adapters.stripe import Origin, reduce_account
from relink.machines import relink_system

ENVIRONMENT = {
    "STRIPE_API_KEY": "sk_test_cli",
    "STRIPE_API_BASE": "http://127.0.0.1:9",
    "STRIPE_WEBHOOK_SECRET": "whsec_cli",
    "RELINK_API_TOKEN": "token_cli",
}


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("STRIPE_", "RELINK_"))]:
        monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RELINK_DATABASE_URL", f"sqlite:///{tmp_path / 'relink.db'}")
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    try:
        code = main(argv)
    except SystemExit as stop:
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def stored(tmp_path: Path, account, now) -> Iterator[SqlStore]:
    """A database in which an account has stopped working."""
    url = f"sqlite:///{tmp_path / 'relink.db'}"
    migrate(url)
    store = SqlStore(url, relink_system())
    origin = Origin(causation_id="evt_1", at=float(now), as_of=now, read=False)
    store.apply(InboxMessage("evt_1", "test", now, float(now)), [reduce_account(account, origin)])
    yield store
    store.close()


def test_migrate_creates_a_database_and_can_run_again(capsys, tmp_path):
    for _ in range(2):
        assert run(capsys, "migrate") == (0, "The database schema is up to date.\n", "")
    assert (tmp_path / "relink.db").is_file()


def test_status_shows_accounts_timers_and_dead_letters(capsys, stored):
    code, out, _ = run(capsys, "status")
    assert code == 0
    assert re.search(r"^1 account$", out, re.M)
    assert re.search(r"^  ! Needs the customer +1  █+ +100\.0 %$", out, re.M)
    assert re.search(r"^to be done +\d+ due, the oldest for \d+ \w+$", out, re.M)
    assert re.search(r"^dead letters +none$", out, re.M)
    assert re.search(r"^next timers +\d{4}-\d\d-\d\d \d\d:\d\d  bank login fcauth_", out, re.M)
    code, out, _ = run(capsys, "status", "--json")
    status = json.loads(out)
    assert status["accounts"] == {"inactive_relinkable": 1}
    assert status["oldest_due_seconds"] > 0
    assert status["dead_letters"] == 0
    assert status["next_timers"]


def test_a_dead_letter_is_listed_and_retried(capsys, stored, now):
    for argv in (("dead-letters",), ("dead-letters", "--retry-all")):
        assert run(capsys, *argv) == (0, "No dead letters.\n", "")
    due = stored.due_commands(now, 1)[0]
    stored.answer(due, (), now, failed=True, error="Stripe said no")
    code, out, _ = run(capsys, "dead-letters")
    assert code == 0
    assert due.id in out
    assert "Stripe said no" in out
    assert run(capsys, "dead-letters", "--retry", due.id) == (0, f"{due.id} is due now\n", "")
    again = stored.due_command(due.id)
    assert again is not None
    assert again.generation == 1
    code, _, err = run(capsys, "dead-letters", "--retry", due.id)
    assert code == 2
    assert f"{due.id!r} is not a dead letter" in err


def test_dead_letters_beyond_the_first_are_said_to_be_there(capsys, monkeypatch, stored, now):
    monkeypatch.setattr(dead_letters, "MOST", 1)
    due = stored.due_commands(now, 9)
    assert len(due) > 1
    for each in due:
        stored.answer(each, (), now, failed=True, error="Stripe said no")
    code, out, _ = run(capsys, "dead-letters")
    assert (code, out.count("Stripe said no")) == (0, 1)
    assert out.endswith("There are more than 1; these are the first.\n")
    retried = 0
    while "Run it again" in (out := run(capsys, "dead-letters", "--retry-all")[1]):
        retried += out.count(" is due now\n")
    assert retried + out.count(" is due now\n") == len(due)
    assert run(capsys, "dead-letters") == (0, "No dead letters.\n", "")


def test_replay_finds_a_snapshot_that_something_else_changed(capsys, stored):
    code, out, _ = run(capsys, "replay")
    assert (code, out.splitlines()[-1]) == (
        0,
        f"{stored.count_machines()} machines rebuilt from their journals: "
        "0 differ from their snapshots",
    )
    with stored.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE snapshots SET state = 'active' WHERE machine = 'account'"
        )
    code, out, _ = run(capsys, "replay")
    assert code == 1
    assert re.search(r"^account fca_1: .*active.*inactive_relinkable", out, re.M)


@pytest.mark.parametrize(
    ("argv", "changed", "message"),
    [
        (("serve",), {"RELINK_API_TOKEN": ""}, "RELINK_API_TOKEN is not set"),
        (("serve",), {"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET is not set"),
        (("serve",), {"STRIPE_API_KEY": ""}, "STRIPE_API_KEY is not set"),
        (("serve",), {"STRIPE_API_KEY": "sk_live_1"}, "STRIPE_API_KEY is a live key"),
        (("serve",), {"RELINK_NOTIFY_URL": "https://x.example"}, "RELINK_NOTIFY_URL needs it"),
        (("serve", "--host", "0.0.0.0"), {}, "0.0.0.0 is not a loopback address"),
        (("serve", "--tls-cert", "a.pem"), {}, "--tls-cert has no effect without --tls-key"),
        (("serve", "--demo", "--host", "0.0.0.0"), {}, "--demo needs one"),
        (("serve", "--demo"), {"STRIPE_API_KEY": "rk_live_1"}, "STRIPE_API_KEY is a live key"),
        (("work",), {}, "workers need PostgreSQL"),
        (("status",), {}, "relink.db does not exist"),
        (("replay",), {"RELINK_DATABASE_URL": "oracle://x"}, "must be SQLite or PostgreSQL"),
        (("replay",), {"RELINK_DATABASE_URL": "postgresql:/x"}, "RELINK_DATABASE_URL is invalid"),
        (("migrate",), {"RELINK_DATABASE_URL": "sqlite://"}, "the database must be a file"),
        (("serve",), {"RELINK_DATABASE_URL": "postgresql://127.0.0.1:9/x"}, "refused"),
        (("migrate",), {"RELINK_DATABASE_URL": "postgresql://127.0.0.1:9/x"}, "refused"),
    ],
)
def test_wrong_settings_get_one_line(capsys, monkeypatch, argv, changed, message: str):
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["serve", "work"])
def test_on_postgres_an_old_schema_is_refused(
    capsys, monkeypatch, empty_postgres_url, command: str
):
    monkeypatch.setenv("RELINK_DATABASE_URL", empty_postgres_url)
    code, _, err = run(capsys, command)
    assert code == 2
    assert "Run relink migrate" in err


def test_one_process_at_a_time_can_lock_a_database(tmp_path):
    url = f"sqlite:///{tmp_path / 'relink.db'}"
    with (
        exclusive(url),
        pytest.raises(InUseError, match="another process serves"),
        exclusive(url, wait=0),
    ):
        pass
    with exclusive(url):
        pass


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def test_serve_creates_its_database_answers_and_stops(capsys, tmp_path, monkeypatch):
    port = free_port()
    command = [sys.executable, "-m", "relink.adapters.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(1200):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as well:
                    assert json.load(well) == {"status": "ok"}
                    break
            except OSError:
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.05)
        else:
            pytest.fail("relink serve never answered")
        monkeypatch.setenv("RELINK_PREDECESSOR_WAIT", "0")
        code, _, err = run(capsys, "serve")
        assert (code, "another process serves" in err) == (2, True)
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert all(json.loads(line) for line in logged.splitlines())
    assert "whsec_cli" not in logged
    # The lock is free again, and the database is there.
    with exclusive(f"sqlite:///{tmp_path / 'relink.db'}"):
        assert run(capsys, "status")[0] == 0


def test_a_second_signal_stops_serve_although_a_request_hangs(capsys, tmp_path):
    """The lock is held until no command is being performed."""
    port = free_port()
    command = [sys.executable, "-m", "relink.adapters.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            try:
                hanging = socket.create_connection(("127.0.0.1", port), timeout=5)
                break
            except OSError:
                time.sleep(0.05)
        else:
            pytest.fail("relink serve never listened")
        with hanging:
            # The server asks for the body of this request, which never arrives.
            hanging.settimeout(30)
            hanging.sendall(
                b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
                b"Expect: 100-continue\r\n\r\n"
            )
            assert b"100 Continue" in hanging.recv(100)
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
            process.wait(timeout=10)
    finally:
        process.kill()
        process.wait()
    with exclusive(f"sqlite:///{tmp_path / 'relink.db'}"):
        pass
