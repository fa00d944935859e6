"""Commands in bad surroundings, as real processes: one line says what is wrong."""

import os
import pty
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from relink.adapters.cli.output import safe_output

COMMAND = [sys.executable, "-m", "relink.adapters.cli"]

SERVICE = {
    "STRIPE_API_KEY": "sk_test_cli",
    "STRIPE_WEBHOOK_SECRET": "whsec_cli",
    "RELINK_API_TOKEN": "token_cli",
}


def environment(**more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STRIPE_", "RELINK_"))
    }
    return {**kept, **more}


def run(folder: Path, *argv: str, **more: str) -> tuple[int, str]:
    done = subprocess.run(
        [*COMMAND, *argv],
        cwd=folder,
        env=environment(**SERVICE, **more),
        capture_output=True,
        timeout=60,
        text=True,
        errors="replace",
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("serve", "--port", "99999"), "--port: it must be a whole number from 0 to 65,535"),
        (("serve", "--log-level", "LOUD"), "--log-level: it must be one of DEBUG, INFO"),
        (("serve", "--tls-cert", "a.pem", "--tls-key", "b.pem"), "--tls-cert a.pem cannot be read"),
        (("serve", "--tls-cert", "text", "--tls-key", "text"), "must be files in PEM format"),
        (("serve", "--host", "a..b", "--behind-tls-proxy"), "--host 'a..b' is not known"),
        (("diagram", "account", "--output", "none/x.svg"), "none/x.svg cannot be written"),
        (("export", "account", "--output", "none/x.json"), "none/x.json cannot be written"),
        (("fuzz", "account", "--events", "-1"), "--events: it must be a whole number from 1 to"),
        (("simulate", "--faults", "2"), "is no probability"),
        (("demo", "--folder", "text/x"), "files cannot be written to the folder text/x"),
        (("status",), "file is not a database"),
        (("explain", "fca_1", "--database", "sqlite:///text"), "file is not a database"),
        (("serve",), "file is not a database"),
    ],
)
def test_bad_surroundings_get_one_line(argv: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("neither a database nor a certificate\n" * 10)
    code, said = run(tmp_path, *argv, RELINK_DATABASE_URL="sqlite:///text")
    assert (code, message in said) == (2, True), said


@pytest.mark.parametrize("command", ["migrate", "serve"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none/relink.db", "unable to open or create the database file relink.db: No such file"),
        ("folder", "the database folder is not a file"),
    ],
)
def test_a_file_that_cannot_be_a_database_was_not_removed_or_replaced(
    command: str, name: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    code, said = run(tmp_path, command, RELINK_DATABASE_URL=f"sqlite:///{name}")
    assert code == 2
    assert said.startswith(f"relink {command}: {message}"), said


def test_a_port_in_use_ends_serve_before_stripe_or_the_database_is_touched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used, socket.create_server(("", 0)) as stripe:
        stripe.settimeout(0.1)
        port, base = used.getsockname()[1], f"http://127.0.0.1:{stripe.getsockname()[1]}"
        code, said = run(tmp_path, "serve", "--port", str(port), STRIPE_API_BASE=base)
        assert code == 2
        assert f"port {port} of 127.0.0.1 cannot be bound: Address already in use" in said
        with pytest.raises(TimeoutError):
            stripe.accept()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("argv", [("simulate", "--port", "0"), ("serve", "--demo", "--port", "0")])
def test_ctrl_c_ends_a_service_without_a_traceback(argv: tuple[str, ...], tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, *argv], cwd=tmp_path, env=environment(), stdout=-1, stderr=-1
    ) as process:
        try:
            assert process.stdout
            process.stdout.readline()  # it serves, or is about to
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, said) == (0, b"")


def test_ctrl_c_ends_a_search_without_a_traceback(tmp_path: Path) -> None:
    terminal, its_other_end = pty.openpty()
    argv = [*COMMAND, "fuzz", "account", "--examples", "1000000"]
    with subprocess.Popen(
        argv, cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL, stderr=its_other_end
    ) as process:
        os.close(its_other_end)
        try:
            said = b""
            while b"searching" not in said and select.select([terminal], [], [], 60)[0]:
                said += os.read(terminal, 1000)
            process.send_signal(signal.SIGINT)
            deadline = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < deadline:
                if select.select([terminal], [], [], 1)[0]:
                    with suppress(OSError):  # EIO: it has ended
                        said += os.read(terminal, 1000)
        finally:
            process.kill()
            os.close(terminal)
    assert process.returncode in (130, -signal.SIGINT), said
    assert b"searching" in said
    assert b"Traceback" not in said


def test_a_terminated_demo_ends_with_0_and_leaves_no_folder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "serve", "--demo", "--port", "0"],
        env=environment(TMPDIR=str(tmp_path)),
        stdout=-1,
        stderr=-1,
    ) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            process.terminate()
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, said) == (0, b"")
    assert list(tmp_path.iterdir()) == []


def test_output_that_nobody_reads_is_dropped_in_every_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with safe_output() as output:
            thread = threading.Thread(target=lambda: [print("x" * 1000) for _ in range(100)])
            thread.start()
            thread.join()
            print("the last line", flush=True)
            assert output.failure is None
        assert sys.stdout is stream


def test_a_full_device_is_named(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, "table", "account"], stdout=full, stderr=-1, timeout=60)
    expected = b"relink: the output could not be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, expected)
