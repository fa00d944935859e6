"""The simulated worlds: what they find, that they are repeatable, and what they cover."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from relink.adapters.cli import main
from relink.adapters.world import (
    ALL,
    Fault,
    Plan,
    Product,
    Report,
    Totals,
    faults_named,
    numbers,
    run_world,
    shrink,
)
from relink.adapters.world.faults import SENTENCES
from relink.adapters.world.plan import ranges

from ..profile import PROFILE
from .planted import PLANTED, LedgerFirst, NoKey

ROOT = Path(__file__).resolve().parent.parent.parent

WORLDS = 24 if PROFILE.name == "full" else 5
"""Seeds that are run, from 0."""

UPGRADED = 14
"""A seed whose world is upgraded."""

INTERRUPTED = (26,)
"""Seeds of worlds in which transactions are interrupted."""

DIGEST = """
from dataclasses import replace
from relink.adapters.world import Plan, run_world
for on_disk in (False, True):
    print(run_world(replace(Plan.of(2, 20), is_on_disk=on_disk)).digest)
"""


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    return [run_world(seed) for seed in range(WORLDS)]


def test_everything_holds_in_every_world(reports: list[Report]) -> None:
    failing = [(r.plan.command(), r.rule, r.what) for r in reports if not r.is_good]
    assert failing == []
    assert sum(report.webhooks for report in reports) > 15 * WORLDS
    assert {report.plan.is_on_disk for report in reports} == {False, True}


def test_most_kinds_of_fault_strike_in_a_few_worlds(reports: list[Report]) -> None:
    struck = {fault for report in reports for fault in report.faults}
    assert len(struck) >= min(len(Fault) - 4, 4 * WORLDS)


def test_a_plan_gives_the_same_history_byte_for_byte_in_every_process() -> None:
    digests = [
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert digests[0] == digests[1]
    assert len(set(digests[0].split())) == 2


def test_worlds_of_different_seeds_differ() -> None:
    assert len({run_world(seed).digest for seed in (2, 7)}) == 2


def first_failure(product: type[Product]) -> Report | None:
    """The first world that finds what is wrong with a product."""
    plans = (replace(Plan.of(seed), is_on_disk=False) for seed in range(20))
    return next((report for p in plans if (report := run_world(p, product)).rule), None)


@pytest.mark.parametrize("product", PLANTED, ids=lambda product: product.__name__)
def test_a_planted_fault_is_found_within_few_worlds(product: type[Product]) -> None:
    report = first_failure(product)
    assert report is not None
    assert report.rule in PLANTED[product], report.what


@pytest.mark.parametrize("product", [NoKey, LedgerFirst][: 1 + (PROFILE.name == "full")])
def test_a_failing_history_is_shrunk_and_told(product: type[Product]) -> None:
    found = first_failure(product)
    assert found is not None
    short = shrink(found, product, tries=60)
    assert short.rule == found.rule
    assert len(short.plan.moves) < len(found.plan.moves) / 3
    assert len(short.plan.faults) <= 6
    again = run_world(short.plan, product, is_told=True)
    assert (again.digest, again.story) == (short.digest, short.story)


def test_without_faults_nothing_is_killed() -> None:
    report = run_world(replace(Plan.of(4), faults=frozenset()), is_told=True)
    assert report.is_good
    assert report.faults == Counter()
    assert sum("starts, its clock" in line for line in report.story) == 1


def test_a_process_is_killed_within_a_transaction_and_its_work_is_not_lost() -> None:
    faults = frozenset({Fault.KILLED_IN_TRANSACTION, Fault.STORE_INTERRUPTED})
    struck: Counter[Fault] = Counter()
    for seed in INTERRUPTED:
        report = run_world(replace(Plan.of(seed), faults=faults, is_on_disk=True))
        assert report.is_good, report.what
        struck.update(report.faults)
    assert set(struck) == faults


@pytest.mark.parametrize(
    ("is_on_disk", "how"), [(True, "a state has another name"), (False, "from their journals")]
)
def test_a_running_world_is_upgraded(is_on_disk: bool, how: str) -> None:
    plan = replace(Plan.of(UPGRADED), is_on_disk=is_on_disk, faults=frozenset({Fault.UPGRADE}))
    report = run_world(plan, is_told=True)
    assert report.is_good, report.what
    assert how in "\n".join(report.story)


def test_every_kind_of_fault_says_what_happens() -> None:
    assert set(SENTENCES) == ALL
    assert all(fault.sentence.endswith(".") for fault in Fault)


def test_a_plan_is_replayed_by_its_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(4, (0, 1, 2, 9, 14), faults_named(["lost", "slow"]))
    words = plan.command().split()
    assert words[:2] == ["relink", "simulate"]
    assert main(words[1:]) == 0
    assert run_world(plan).digest in capsys.readouterr().out


def test_the_example_of_the_page_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "world.md").read_text()
    example = re.search(r"```python\n(.*?)```\n\nprints `(.*?)`", page, re.DOTALL)
    assert example is not None
    exec(example[1], {})
    assert capsys.readouterr().out.strip() == example[2]


def test_the_page_lists_what_is_planted() -> None:
    page = (ROOT / "docs" / "world.md").read_text()
    rows = re.findall(r"^\| [a-z].* \| `(\w+)` \| (\d+) worlds? \|$", page, re.MULTILINE)
    assert len(rows) == len(PLANTED)
    assert all(rule in rules for (rule, _), rules in zip(rows, PLANTED.values(), strict=True))


def test_moves_are_named_by_ranges() -> None:
    assert ranges([0, 1, 2, 5, 7, 8]) == "0-2,5,7-8"
    assert numbers("0-2,5,7-8") == (0, 1, 2, 5, 7, 8)
    assert numbers("none") == ()


def test_many_worlds_are_summed_and_gone_on_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = str(tmp_path / "sums.json")
    command = ["simulate", "--world", "--length", "6", "--in-memory", "--state", state]
    assert main([*command, "--seeds", "0:2"]) == 0
    assert "2 worlds" in capsys.readouterr().out
    assert main([*command, "--seeds", "0:3", "--jobs", "2"]) == 0
    shown = capsys.readouterr().out
    assert "3 worlds" in shown
    assert "No violation." in shown
    sums = Totals.from_json(Path(state).read_text())
    assert (sums.runs, sums.next_seed) == (3, 3)
    assert sums.webhooks > 0


def test_it_stops_after_so_many_webhooks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--world", "--length", "4", "--in-memory", "--webhooks", "5"]) == 0
    assert "No violation." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--faults", "rain"], "there is no fault 'rain'"),
        (["--seeds", "5:2"], "two whole numbers"),
        (["--moves", "a-b"], "--faults or --moves"),
    ],
)
def test_what_cannot_be_run_is_refused(
    words: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["simulate", "--world", *words])
    except SystemExit as exit:
        code = exit.code  # type: ignore[assignment]
    assert code == 2
    assert what in capsys.readouterr().err


def test_sums_that_are_none_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "sums.json"
    state.write_text(json.dumps({"worlds": 3}))
    assert main(["simulate", "--world", "--state", str(state)]) == 2
    assert "--state" in capsys.readouterr().err
