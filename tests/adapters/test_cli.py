"""The command line, as a user types it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from relink.adapters.cli import main
from relink.adapters.demo.checks import StepChecks
from relink.engine import Chart
from relink.engine.diagram import Overlay, svg, system_mermaid, system_svg
from relink.engine.export import scxml, xstate_json
from relink.machines import CHARTS, relink_system


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
    formats = (("mermaid", "---"), ("dot", "digraph"), ("svg", "<svg"), ("markdown", "# "))
    for format, beginning in formats:
        code, drawn, _ = run(capsysbinary, "diagram", machine, "--format", format)
        assert code == 0
        assert drawn.startswith(beginning)
        assert all(state in drawn for state in states)
    for level in ("story", "moves", "everything"):
        code, drawn, _ = run(capsysbinary, "diagram", machine, "--format", "svg", "--level", level)
        assert (code, drawn) == (0, svg(CHARTS[machine.replace("-", "_")], level))


def test_a_picture_goes_into_a_file(capsysbinary, tmp_path: Path):
    file = tmp_path / "account.png"
    argv = ("diagram", "account", "--format", "png", "--state", "relinking")
    assert run(capsysbinary, *argv, "--output", str(file)) == (0, "", "")
    assert file.read_bytes().startswith(b"\x89PNG")


def test_the_name_of_the_file_says_the_format(capsysbinary, tmp_path: Path):
    for name, beginning in (
        ("a.svg", "<svg"),
        ("a.png", "\x89PNG"),
        ("a.md", "# account"),
        ("a.mmd", "---"),
        ("a.dot", "digraph"),
        ("a.SVG", "<svg"),
        ("a", "---"),
    ):
        file = tmp_path / name
        assert run(capsysbinary, "diagram", "account", "-o", str(file)) == (0, "", "")
        assert file.read_bytes().decode("latin-1").startswith(beginning)


def test_a_state_is_drawn_in_focus_or_highlighted_at_a_level(capsysbinary):
    argv = ("diagram", "session", "--format", "svg", "--state", "open", "--theme", "dark")
    chart = CHARTS["session"]
    assert run(capsysbinary, *argv) == (0, svg(chart, focus="open", theme="dark"), "")
    overlay = Overlay(here="open")
    expected = svg(chart, "moves", overlay=overlay, theme="dark")
    assert run(capsysbinary, *argv, "--level", "moves") == (0, expected, "")


def test_all_machines_are_drawn_together(capsysbinary, tmp_path: Path):
    title = "relink: what the machines tell each other"
    expected = system_mermaid(relink_system(), title)
    assert run(capsysbinary, "diagram", "--system") == (0, expected, "")
    argv = ("diagram", "--system", "--format", "svg", "--theme", "dark")
    story = system_svg(relink_system(), title=title, theme="dark")
    assert run(capsysbinary, *argv) == (0, story, "")
    everything = system_svg(relink_system(), "everything", title=title, theme="dark")
    assert run(capsysbinary, *argv, "--level", "everything") == (0, everything, "")
    file = tmp_path / "system.png"
    assert run(capsysbinary, "diagram", "--system", "-o", str(file)) == (0, "", "")
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("format", "export"), [("xstate", xstate_json), ("scxml", scxml)])
def test_an_export_is_the_same_on_standard_output_and_in_a_file(
    capsysbinary, tmp_path: Path, format: str, export: Callable[[type[Chart]], str]
):
    file = tmp_path / "number"
    argv = ("export", "account-number", "--format", format)
    assert run(capsysbinary, *argv) == (0, export(CHARTS["account_number"]), "")
    assert run(capsysbinary, *argv, "-o", str(file)) == (0, "", "")
    assert file.read_text(encoding="utf-8") == export(CHARTS["account_number"])


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("table", "acount"), "there is no machine 'acount'. Did you mean 'account'?"),
        (("diagram", "account", "--state", "gone"), "account has no state 'gone'. Its states are"),
        (("diagram", "account", "--level", "moves"), "--level is for svg and png; mermaid has one"),
        (("diagram", "account", "--theme", "dark"), "--theme is for svg and png; mermaid has no"),
        (("diagram", "account", "-o", "x.jpg"), "the name x.jpg ends in no format of relink's"),
        (
            ("diagram", "account", "--format", "svg", "-o", "x.png"),
            "the file x.png has the name of another format than svg",
        ),
        (
            ("diagram", "account", "--format", "markdown", "--state", "active"),
            "--state marks nothing in a table of all states",
        ),
        (
            ("diagram", "account", "-o", "x.svg", "--level", "everything", "--state", "active"),
            "--state marks nothing in a table of all states",
        ),
        (("diagram",), "name a machine, or give --system"),
        (("diagram", "--system", "account"), "name one machine, or give --system for all"),
        (("diagram", "--system", "--format", "dot"), "dot does not show a system"),
        (("diagram", "--system", "--state", "active"), "--state is for one machine"),
        (
            ("diagram", "--system", "-o", "x.svg", "--level", "moves"),
            "a system has no level moves. Its levels are story, everything.",
        ),
        (("explain", "cus_1"), "'cus_1' cannot be explained"),
        (("explain", "fca_1", "--database", "nonsense"), "URL"),
        (("explain", "fca_1", "--database", "sqlite:///nowhere.db"), "nowhere.db does not exist"),
        (("explian", "fca_1"), "there is no command 'explian'. Did you mean 'explain'?"),
        (("frobnicate",), "there is no command 'frobnicate'. relink --help lists all."),
        ((), "the following arguments are required"),
    ],
)
def test_wrong_usage_gets_one_line(capsysbinary, tmp_path, monkeypatch, argv, message: str):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsysbinary, *argv)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("argv", [("demo", "--folder", "demo"), ("simulate", "--port", "0")])
@pytest.mark.parametrize("prefix", ["sk_live_", "rk_live_", "sk_org_live_"])
def test_simulations_refuse_a_live_key_and_do_not_show_it(
    capsysbinary, tmp_path: Path, monkeypatch, argv, prefix: str
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRIPE_API_KEY", f"{prefix}4242")
    code, _, err = run(capsysbinary, *argv)
    assert code == 2
    assert "STRIPE_API_KEY is a live key" in err
    assert "4242" not in err
    assert list(tmp_path.iterdir()) == []


def test_demo_checks_every_step_and_explain_explains_one_of_its_accounts(
    capsysbinary, tmp_path: Path
):
    code, out, _ = run(capsysbinary, "demo", "--folder", str(tmp_path))
    assert code == 0
    assert re.search(
        r"^  \d+ steps checked against \d+ properties: none was violated\.$", out, re.M
    )
    shown = out.partition("Ben's story:")[2].replace("\\\n", " ").splitlines()[:2]
    argv = " ".join(shown).split()
    argv = argv[argv.index("explain") :]
    code, explanation, _ = run(capsysbinary, *argv)
    assert code == 0
    assert re.search(r"! Needs the customer +••\d+: the bank wants a new", explanation)
    assert re.search(r"… At the bank +a session for ••\d+ is open", explanation)
    assert re.search(r"⇄ Replaced, not to be charged: ••\d+ stands in for it", explanation)
    code, everything, _ = run(capsysbinary, *argv, "--all")
    assert code == 0
    assert "machines/account/effects.py:" in everything
    code, text, _ = run(capsysbinary, *argv, "--json")
    assert code == 0
    assert json.loads(text)["accounts"][0]["state"] == "new_account_linked"
    code, diagram, _ = run(capsysbinary, *argv, "--diagram")
    assert code == 0
    assert diagram.startswith("sequenceDiagram\n    participant p0 as Stripe\n")
    argv[1] = "fca_unknown"
    code, _, err = run(capsysbinary, *argv)
    assert code == 2
    assert "the database holds no decisions about fca_unknown" in err


def test_explain_does_not_show_the_password_of_the_database(capsysbinary):
    url = "postgresql://relink:hunter2@127.0.0.1:9/relink"
    code, out, err = run(capsysbinary, "explain", "fca_1", "--database", url)
    assert code == 2
    assert "Traceback" not in err
    assert "hunter2" not in out + err


def test_demo_lists_violations_and_exits_with_1(capsysbinary, tmp_path: Path, monkeypatch):
    def check(self: StepChecks, step: object) -> None:
        self.steps += 1
        if self.steps == 3:
            self.violations.append("some_property: something is wrong")

    monkeypatch.setattr(StepChecks, "check", check)
    code, out, _ = run(capsysbinary, "demo", "--folder", str(tmp_path))
    assert code == 1
    assert "properties: 1 violation\n    some_property: something is wrong\n" in out


def test_fuzzing_a_sound_machine_finds_nothing(capsysbinary):
    code, out, _ = run(capsysbinary, "fuzz", "account-number", "--examples", "5", "--events", "5")
    assert code == 0
    assert "No counterexample found." in out


def test_a_closed_pipe_is_no_error():
    argv = [sys.executable, "-m", "relink.adapters.cli", "table", "account"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as printing:
        assert printing.stdout
        assert printing.stderr
        printing.stdout.readline()
        printing.stdout.close()
        assert printing.stderr.read() == b""
