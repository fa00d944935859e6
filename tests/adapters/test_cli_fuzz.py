"""``relink fuzz``: machines, the system, tests of the user's own; and counterexamples again."""

import json
from pathlib import Path

import pytest

from relink.adapters.cli import main
from relink.machines import CHARTS

DOUBLING = """
from pydantic import Field
from statemachine import State

from relink.engine import Assign, Chart, Event, Facts, stays
from relink.engine.fuzz import MachineServiceTest


class Paid(Event):
    amount: int = Field(ge=1, le=9)


class Till(Facts):
    total: int = 0


class Account(Chart):
    facts_type = Till
    alphabet = (Paid,)
    open = State(initial=True)
    absorbing = (open,)
    stays(open, event="paid", on="add")

    def add(self, facts: Till, trigger: Paid) -> Assign:
        return Assign(total=facts.total + trigger.amount)


class TillTest(MachineServiceTest):
    chart = Account

    def start_service(self):
        self.total = 0

    def deliver(self, delivery):
        self.total += delivery.event.amount  # there is no ledger

    def observe(self):
        return {"total": self.total}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "till_service.py").write_text(DOUBLING)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_counterexample_is_written_and_played_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fuzz", "till_service:TillTest", "-o", "found.json"]) == 1
    story = (
        "Counterexample:\n"
        "total is 2 instead of 1: an event that comes again changes nothing\n"
        "start with Till()\n"
        "   (start) --started--> open: no commands\n"
        "1. evt_1: Paid(amount=1)\n"
        "   open --paid--> open: no commands; sets total\n"
        "2. evt_1 again: Paid(amount=1)\n"
        "   it came before\n"
        "   expected: total=1\n"
        "   observed: total=2\n"
    )
    _, told = capsys.readouterr().out.split("\n", 1)
    hint = "Written to found.json. Play it again: relink fuzz --replay found.json\n"
    assert told == story + hint
    assert main(["fuzz", "--replay", "found.json"]) == 1
    assert capsys.readouterr().out == story


def test_a_fault_that_is_mended_holds_when_it_is_played_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = {
        "format": 1,
        "target": "account-number",
        "violated": "something",
        "recording": {
            "start": {
                "machine": "account_number",
                "state": "",
                "version": 0,
                "facts": {"id": "fca_1"},
            },
            "events": [],
        },
    }
    (folder / "old.json").write_text(json.dumps(written))
    assert main(["fuzz", "--replay", "old.json"]) == 0
    assert capsys.readouterr().out == "It holds now, which did not: something\n"


def test_the_system_is_fuzzed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--system", "--examples", "5", "--events", "8", "--seed", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("seed 3")
    assert lines[1:] == ["No counterexample found."]


def test_without_a_machine_all_of_them_are_fuzzed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--examples", "1", "--events", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [name.replace("_", "-") for name in CHARTS]
    assert [line.split(": ")[0] for line in lines[:-1]] == [*names, "system"]


@pytest.mark.parametrize(
    ("arguments", "content", "says"),
    [
        (["account", "--system"], None, "--system has no effect beside MACHINE"),
        (["--replay", "no.json"], None, "the file no.json cannot be read: No such file"),
        (["--replay", "x.json"], "{", "the file x.json is not JSON"),
        (["--replay", "x.json"], "{}", "the file x.json is no counterexample"),
        (
            ["--replay", "x.json"],
            '{"format": 1, "target": "account", "violated": "", "recording": {}}',
            "the file x.json cannot be played: replay(): a recording of AccountChartTest has "
            "'start'",
        ),
        (["till_service:Paid"], None, "till_service:Paid is not a chart"),
    ],
)
def test_what_cannot_be_fuzzed_or_played_is_named(
    arguments: list[str],
    content: str | None,
    says: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content is not None:
        (folder / "x.json").write_text(content)
    assert main(["fuzz", *arguments]) == 2
    assert says in capsys.readouterr().err
