"""Every command as a real process, with every setting filled: what it shows, logs and writes.

All secret settings hold a mark. It must be in no output, in no log and in no file, whether the
values are valid, of a wrong shape, or hostile. And no command ends with a traceback.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pytest

from relink.adapters.cli import SUBCOMMANDS
from relink.adapters.settings import SETTINGS
from relink.adapters.store import migrate

MARK = "MARKED7secret"

COMMAND = [sys.executable, "-m", "relink.adapters.cli"]

COMMANDS = (
    ("serve", "--port", "0"),
    ("serve", "--port", "0", "--demo"),
    ("serve", "--port", "0", "--log-level", "debug"),
    ("work", "--log-level", "debug"),
    ("migrate",),
    ("backup", "backup.db"),
    ("restore", "backup.db"),
    ("reconcile",),
    ("import",),
    ("doctor",),
    ("doctor", "--json"),
    ("status",),
    ("top", "--once"),
    ("dead-letters",),
    ("dead-letters", "--retry", "nothing"),
    ("replay",),
    ("explain", "fca_nowhere"),
    ("demo", "--folder", "demo"),
    ("simulate", "--port", "0"),
    ("table", "account"),
    ("diagram", "account"),
    ("export", "account"),
    ("fuzz", "account-number", "--examples", "1", "--events", "1"),
    ("check", "--list"),
)
"""All commands; those that serve are stopped."""

WITHOUT_SETTINGS = ("table", "diagram", "export", "fuzz", "check", "demo")

SERVES = 8.0
"""Seconds after which a command that serves is stopped."""

Shape = Callable[[str], str]


def valid(name: str) -> str:
    """What is accepted, with a mark in each part that can be secret."""
    return {
        "STRIPE_API_KEY": f"sk_test_{MARK}",
        "STRIPE_API_BASE": "http://127.0.0.1:9",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{MARK}1,whsec_{MARK}2",
        "RELINK_DATABASE_URL": "sqlite:///relink.db",
        "RELINK_GATEWAY": "stripe",
        "RELINK_NOTIFY_URL": f"http://me:{MARK}@127.0.0.1:9/{MARK}?{MARK}={MARK}",
        "RELINK_POLICY": '{"attempts": 5}',
        "RELINK_RECONCILE_HOURS": "5",
        "RELINK_RETENTION_DAYS": "50",
        "RELINK_RETURN_ORIGINS": "https://shop.example",
    }.get(name, "1" if name.endswith("_TIMEOUT") else MARK * 3)


def on_postgres(name: str) -> str:
    """The same, with a server that refuses connections."""
    if name == "RELINK_DATABASE_URL":
        return f"postgresql://{MARK}:{MARK}@127.0.0.1:9/{MARK}?application_name={MARK}"
    return valid(name)


def swapped(name: str) -> str:
    """Another variable's secret in each."""
    return f"whsec_{MARK}" if name == "STRIPE_API_KEY" else f"sk_live_{MARK}"


def twisted(name: str) -> str:
    """Forms that parsers stumble over."""
    return {
        "STRIPE_API_KEY": f'"sk_test_{MARK}"',
        "STRIPE_API_BASE": f"http://{MARK}@[{MARK}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{MARK}\nwhsec_{MARK}",
        "RELINK_DATABASE_URL": f"postgresql://{MARK}:{MARK}@[{MARK}:99999/{MARK}",
        "RELINK_NOTIFY_URL": f"https://{MARK}:{MARK}@{MARK}:99999/",
        "RELINK_POLICY": f'{{"{MARK}": 1, "attempts": "{MARK}", "reminders": [1e400]}}',
        "RELINK_RETURN_ORIGINS": f"https://{MARK}:x,{MARK}",
    }.get(name, f"{MARK} \udcff")


SHAPES: dict[str, Shape] = {
    shape.__name__: shape for shape in (valid, on_postgres, swapped, twisted)
}


def environment(shape: Shape) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STRIPE_", "RELINK_"))
    }
    return {**kept, "LANG": "C.UTF-8", **{each.name: shape(each.name) for each in SETTINGS}}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_command_shows_logs_or_writes_a_secret_or_ends_with_a_traceback(
    shape: str, tmp_path: Path
) -> None:
    migrate(f"sqlite:///{tmp_path / 'relink.db'}")
    variables = environment(SHAPES[shape])
    # What reads no setting behaves alike under all shapes.
    commands = [argv for argv in COMMANDS if shape == "valid" or argv[0] not in WITHOUT_SETTINGS]
    running: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}
    try:
        for number, argv in enumerate(commands):
            folder = tmp_path / str(number)
            folder.mkdir()
            shutil.copy(tmp_path / "relink.db", folder)
            running[argv] = started(argv, folder, variables)
        stop(running.values())
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    for number, (argv, process) in enumerate(running.items()):
        output = (tmp_path / str(number) / "output").read_text(errors="replace")
        assert "Traceback" not in output, f"{argv}: {output}"
        # While Python takes itself apart at the end, it heeds signals no more, and is killed.
        stopped = (143, -signal.SIGTERM)
        assert process.returncode in (0, 1, 2, *stopped), f"{argv}: {process.returncode} {output}"
        # An answer in one line, but for progress, reports and logs.
        assert output or process.returncode in (0, *stopped), argv
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert MARK.encode() not in file.read_bytes(), f"{file}: {file.read_bytes()[:2000]!r}"


def started(
    argv: tuple[str, ...], folder: Path, variables: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            [*COMMAND, *argv],
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def stop(processes: Collection["subprocess.Popen[bytes]"]) -> None:
    """Wait for the end of all, and stop those that serve after a while."""
    until = time.monotonic() + SERVES
    while time.monotonic() < until and any(process.poll() is None for process in processes):
        time.sleep(0.05)
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        process.wait(30)


def test_every_command_is_run() -> None:
    assert {argv[0] for argv in COMMANDS} == set(SUBCOMMANDS)
