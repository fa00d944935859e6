"""``relink fuzz``: machines, the system, tests of the user's own; and counterexamples again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
                "version": -1,
                "facts": {"id": "fca_1"},
            },
            "events": [],
        },
        "history": ["its lines"],
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
        (["--replay", "x.json"], "{}", "the file x.json is no counterexample: format is missing"),
        (
            ["--replay", "x.json"],
            '{"format": 1, "target": "account", "violated": "", "history": [], "recording": {}}',
            "the file x.json cannot be played: replay(): this is no recording of AccountChartTest: "
            "start is missing",
        ),
        (
            ["--replay", "x.json"],
            '{"format": 2, "colour": "red"}',
            "the file x.json has the format 2, and this release reads the format 1. Play it with "
            "the release that wrote it",
        ),
        (["--replay", "x.json"], "[" * 100_000, "the file x.json is not JSON: it is nested too"),
        (["--replay", "."], None, "the file . cannot be read: Is a directory"),
        (["account", "-o", "no/x.json"], None, "the file no/x.json cannot be written: No such"),
        (["account", "-o", "."], None, "the file . cannot be written: Is a directory"),
        (
            ["--replay", "x.json"],
            '{"format": 1, "target": "acount", "violated": "", "history": [], "recording": {}}',
            "the file x.json cannot be played: there is no machine 'acount'. Did you mean",
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


# ── a file that differs anywhere from what was written ───────────────────────

OF_A_MACHINE = {
    "format": 1,
    "target": "account-number",
    "violated": "something",
    "history": ["a line"],
    "recording": {
        "start": {
            "machine": "account_number",
            "state": "",
            "version": -1,
            "facts": {"id": "fca_1"},
        },
        "events": [
            {
                "name": "number_blocked",
                "fields": {"causation_id": "a", "at": 0.0, "as_of": 0},
            }
        ],
    },
}
OF_THE_SYSTEM = {
    "format": 1,
    "target": "system",
    "violated": "something",
    "history": [],
    "recording": {
        "notes": [
            {"what": "an_account_is_linked", "which": 0, "plan": [0, 1]},
            {"what": "account_closes", "which": 0, "plan": [-1]},
            {"everything_arrives": True},
        ]
    },
}
OF_THE_CODEC = ("facts", "fields")
"""Parts whose content is fields of records, which may have defaults."""


def edits(data: Any) -> Iterator[Any]:
    """The data with one part left out, added, or replaced by one of another type."""
    if isinstance(data, dict):
        yield {**data, "unknown": 1}
        for name, value in data.items():
            yield {other: held for other, held in data.items() if other != name}
            inner = () if name in OF_THE_CODEC else edits(value)
            yield from ({**data, name: each} for each in (*of_other_types(value), *inner))
    if isinstance(data, list):
        for place, value in enumerate(data):
            for each in (*of_other_types(value), *edits(value)):
                yield [*data[:place], each, *data[place + 1 :]]


def of_other_types(value: Any) -> Iterator[Any]:
    for other in (None, True, "x", 1.5, 7, [], {}):
        if type(other) is not type(value):
            yield other


@pytest.mark.parametrize("written", [OF_A_MACHINE, OF_THE_SYSTEM], ids=["machine", "system"])
def test_a_file_that_differs_anywhere_is_refused_and_not_half_understood(
    written: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "x.json"
    file.write_text(json.dumps(written))
    assert main(["fuzz", "--replay", "x.json"]) == 0
    capsys.readouterr()
    tried = list(edits(written))
    assert len(tried) > 60
    for each in tried:
        file.write_text(json.dumps(each))
        code, (out, err) = main(["fuzz", "--replay", "x.json"]), capsys.readouterr()
        assert (code, out) == (2, ""), (each, out, err)
        assert err.startswith("relink fuzz: the file x.json "), (each, err)
        assert err.count("\n") == 1, err


def test_what_a_test_raises_when_it_is_played_is_no_defect_of_relink(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a search, an error of the user's code is what was found."""
    assert main(["fuzz", "till_service:TillTest", "-o", "found.json"]) == 1
    capsys.readouterr()
    broken = DOUBLING.replace("self.total = 0\n", "raise OSError('no port is free')\n")
    (folder / "broken_service.py").write_text(broken)
    written = json.loads((folder / "found.json").read_text())
    written["target"] = "broken_service:TillTest"
    (folder / "found.json").write_text(json.dumps(written))
    assert main(["fuzz", "--replay", "found.json"]) == 1
    assert "OSError: no port is free" in capsys.readouterr().out
