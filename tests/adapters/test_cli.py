"""The command line, as a user types it."""

import subprocess
import sys
from pathlib import Path

import pytest

from relink.adapters.cli import main
from relink.machines import CHARTS


def run(capsysbinary: pytest.CaptureFixture[bytes], *argv: str) -> tuple[int, str, str]:
    try:
        code = main(argv)
    except SystemExit as stop:
        code = int(stop.code or 0)
    out, err = capsysbinary.readouterr()
    return code, out.decode(), err.decode()


@pytest.mark.parametrize("machine", [name.replace("_", "-") for name in CHARTS])
def test_every_machine_can_be_printed_and_drawn(capsysbinary, machine: str):
    code, table, _ = run(capsysbinary, "table", machine)
    assert code == 0
    states = CHARTS[machine.replace("-", "_")].table().states
    assert all(f"`{state}`" in table for state in states)
    for format, beginning in (("mermaid", "---"), ("dot", "digraph"), ("svg", "<?xml")):
        code, drawn, _ = run(capsysbinary, "diagram", machine, "--format", format)
        assert code == 0
        assert drawn.startswith(beginning)
        assert all(state in drawn for state in states)


def test_a_picture_goes_into_a_file(capsysbinary, tmp_path: Path):
    file = tmp_path / "account.png"
    argv = ("diagram", "account", "--format", "png", "--state", "relinking")
    assert run(capsysbinary, *argv, "--output", str(file)) == (0, "", "")
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("table", "acount"), "invalid choice: 'acount'"),
        (("diagram", "account", "--state", "gone"), "account has no state 'gone'; it has active,"),
        (("explain", "cus_1"), "'cus_1' is no id of Stripe's"),
        (("explain", "fca_1", "--database", "nonsense"), "the database can't be read"),
        (("explain", "fca_1", "--database", "sqlite:///nowhere.db"), "there is no database"),
        (("frobnicate",), "invalid choice: 'frobnicate'"),
        ((), "the following arguments are required"),
    ],
)
def test_wrong_usage_is_told_in_a_line(capsysbinary, tmp_path, monkeypatch, argv, told: str):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsysbinary, *argv)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_demo_is_no_place_for_a_live_key(capsysbinary, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_4242")
    code, _, err = run(capsysbinary, "demo", "--folder", str(tmp_path / "demo"))
    assert code == 2
    assert "live key" in err
    assert "4242" not in err
    assert not (tmp_path / "demo").exists()


def test_the_demo_and_then_the_story_of_one_of_its_accounts(capsysbinary, tmp_path: Path):
    code, out, _ = run(capsysbinary, "demo", "--folder", str(tmp_path))
    assert code == 0
    words = out.splitlines()[-1].split()
    argv = words[words.index("explain") :]
    code, story, _ = run(capsysbinary, *argv)
    assert code == 0
    assert "active → inactive_relinkable: Inactive, and the customer can repair it" in story
    argv[1] = "fca_unheard"
    code, _, err = run(capsysbinary, *argv)
    assert code == 2
    assert "nothing is known of fca_unheard" in err


def test_fuzzing_a_sound_machine_finds_nothing(capsysbinary):
    code, out, _ = run(capsysbinary, "fuzz", "account-number", "--examples", "5", "--events", "5")
    assert code == 0
    assert "No counterexample." in out


def test_a_reader_that_has_seen_enough_is_no_error():
    argv = [sys.executable, "-m", "relink.adapters.cli", "table", "account"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as printing:
        assert printing.stdout
        assert printing.stderr
        printing.stdout.readline()
        printing.stdout.close()
        assert printing.stderr.read() == b""
