"""The simulated worlds: what they find, that they are repeatable, and what they cover."""

import gc
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from relink.adapters.cli import main, simulated_worlds
from relink.adapters.store import InboxMessage, MemoryStore
from relink.adapters.world import (
    ALL,
    LONGEST,
    Fault,
    MadeWith,
    Plan,
    Product,
    Report,
    Totals,
    Worlds,
    faults_named,
    numbers,
    read,
    run_world,
    shrink,
    written,
)
from relink.adapters.world.databases import MemoryDatabase
from relink.adapters.world.faults import SENTENCES
from relink.adapters.world.plan import ACCOUNTS, ranges
from relink.adapters.world.record import Record, WorldError
from relink.engine import Address
from relink.machines import relink_system
from relink.machines.events import ReadRequested

from ..profile import PROFILE
from .planted import PLANTED, LedgerFirst, NoKey

ROOT = Path(__file__).resolve().parent.parent.parent

WORLDS = 24 if PROFILE.name == "full" else 5
"""Seeds that are run, from 0."""

UPGRADED = 14
"""A seed whose world is upgraded."""

INTERRUPTED = (16, 29, 42, 6, 10, 36)
"""Seeds of worlds in which transactions are interrupted, until each way was seen."""

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
    """The first world that finds what is wrong with a product; those of 40 accounts take long."""
    plans = (replace(Plan.of(seed), is_on_disk=False) for seed in range(20))
    few = (plan for plan in plans if plan.accounts < max(ACCOUNTS))
    return next((report for p in few if (report := run_world(p, product)).rule), None)


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
        if set(struck) == faults:
            break
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
    sums = json.loads(Path(state).read_text())["sums"]
    assert (sums["runs"], sums["next_seed"]) == (3, 3)
    assert sums["webhooks"] > 0


def test_it_stops_after_so_many_webhooks(capsys: pytest.CaptureFixture[str]) -> None:
    usual = gc.get_threshold()
    assert main(["simulate", "--world", "--length", "4", "--in-memory", "--webhooks", "5"]) == 0
    assert "No violation." in capsys.readouterr().out
    assert gc.get_threshold() == usual


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--world", "--faults", "rain"], "there is no fault 'rain'"),
        (["--world", "--seeds", "5:2"], "two whole numbers"),
        (["--world", "--moves", "a-b"], "--faults or --moves"),
        (["--world", "--moves", "0-99999999999999999999"], "'0-99999999999999999999' are no moves"),
        (["--world", "--moves", "7-3"], "the smaller one first"),
        (["--world", "--moves", "1", "--length", "5"], "--length has no effect beside --moves"),
        (["--world", "--story", "--state", "f"], "--state has no effect beside --story"),
        (["--world", "--story", "--jobs", "2"], "--jobs has no effect beside --story"),
        (["--world", "--list-faults", "--seeds", "0:2"], "--seeds has no effect beside"),
        (["--world", "--port", "0"], "--port has no effect beside --world"),
        (["--length", "0"], "--length has no effect without --world"),
        (["--list-faults"], "--list-faults has no effect without --world. Give both"),
        (["--seeds", "0:2"], "--seeds has no effect without --world. Give both"),
        (["--state", "f"], "--state has no effect without --world. Give both"),
    ],
)
def test_what_cannot_be_run_is_refused(
    words: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["simulate", *words])
    except SystemExit as exit:
        code = exit.code  # type: ignore[assignment]
    assert code == 2
    assert what in capsys.readouterr().err


def test_the_command_line_and_the_worlds_have_the_same_longest_history() -> None:
    assert simulated_worlds.LONGEST == LONGEST
    beyond = LONGEST + max(ACCOUNTS)
    assert numbers(f"{beyond - 1}") == (beyond - 1,)
    with pytest.raises(ValueError, match="no moves"):
        numbers(f"{beyond}")


AT_BANK = re.compile(r"bank: (\w+) \w+_\w+  \(move (\d+)\)")
"""A move that does something to one thing at a bank: what, and its number."""


def at_bank(plan: Plan) -> dict[str, str]:
    """What was done at banks, by the number of the move."""
    story = "\n".join(run_world(plan, is_told=True).story)
    return {number: what for what, number in AT_BANK.findall(story)}


def test_a_move_that_is_left_out_changes_no_other_move() -> None:
    whole = replace(Plan.of(6), faults=frozenset(), is_on_disk=False)
    moves = at_bank(whole)
    for number in whole.moves[whole.accounts :: 13]:
        kept = tuple(each for each in whole.moves if each != number)
        found = at_bank(replace(whole, moves=kept))
        both = moves.keys() & found.keys()
        assert len(both) > 5
        assert {each: moves[each] for each in both} == {each: found[each] for each in both}


# ── the sums of a run in a file ──────────────────────────────────────────────

WORLDS_OF_SUMS = Worlds(6, ALL, is_on_disk=False)


def test_sums_are_read_as_they_were_written() -> None:
    made_with = MadeWith.of(WORLDS_OF_SUMS, 4)
    sums = Totals(4)
    sums.add(run_world(WORLDS_OF_SUMS.plan(4)))
    sums.next_seed = 5
    sums.failures.append((4, "a_rule", "what is wrong"))
    assert read(written(made_with, sums), made_with) == sums


@pytest.mark.parametrize(
    "damage",
    [
        {"worlds": 3},
        {"runs": "2"},
        {"runs": -1},
        {"runs": 7},
        {"next_seed": None},
        {"seconds": float("nan")},
        {"faults": {"lost": "many"}},
        {"failures": [[1, "a rule"]]},
        {"failures": 5},
    ],
    ids=str,
)
def test_sums_of_another_form_are_refused(damage: dict[str, object], tmp_path: Path) -> None:
    made_with = MadeWith.of(WORLDS_OF_SUMS, 0)
    found = json.loads(written(made_with, Totals(2, runs=2)))
    found["sums"].update(damage)
    with pytest.raises(ValueError, match="no sums of a simulation"):
        read(json.dumps(found).encode(), made_with)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"worlds": 3}', b"{"])
def test_a_file_that_has_no_sums_is_refused(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "sums.json"
    state.write_bytes(content)
    assert main(["simulate", "--world", "--state", str(state)]) == 2
    assert f"--state {state} cannot be read" in capsys.readouterr().err
    assert state.read_bytes() == content


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--seeds", "1:3"], "first seed 0, now 1"),
        (["--seeds", "0:1"], "has the sums of seeds 0:2"),
        (["--seeds", "0:2", "--length", "7"], "length 6, now 7"),
        (["--seeds", "0:2", "--faults", "lost"], "faults"),
        (["--seeds", "0:2", "--on-disk"], "database in memory, now on disk"),
    ],
)
def test_sums_of_other_worlds_are_refused(
    words: list[str], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "sums.json"
    state.write_bytes(written(MadeWith.of(WORLDS_OF_SUMS, 0), Totals(2, runs=2)))
    before = state.read_bytes()
    command = ["simulate", "--world", "--state", str(state)]
    if "--length" not in words:
        command += ["--length", "6"]
    if "--on-disk" not in words:
        command.append("--in-memory")
    assert main([*command, *words]) == 2
    shown = capsys.readouterr().err
    assert what in shown
    assert "Name another file" in shown
    assert state.read_bytes() == before


def test_a_failure_that_other_code_had_is_not_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "sums.json"
    stale = Totals(1, runs=1, failures=[(0, "a_rule", "what was wrong then")])
    made_with = replace(MadeWith.of(WORLDS_OF_SUMS, 0), code="another")
    state.write_bytes(written(made_with, stale))
    words = ["--state", str(state), "--length", "6", "--in-memory", "--seeds", "0:1"]
    assert main(["simulate", "--world", *words]) == 2
    captured = capsys.readouterr()
    assert "has the sums of worlds that another relink played" in captured.err
    assert "a_rule" not in captured.out + captured.err


# ── what a process finds when it starts ──────────────────────────────────────


def test_a_store_that_is_not_what_was_committed_is_found() -> None:
    store, record = MemoryStore(relink_system()), Record()
    message = InboxMessage("evt_1", "account.created", 1, 1.0)
    linked = ReadRequested(causation_id="evt_1", at=1, kind="account", id="fca_1")
    record.applied(message, True, store.apply(message, [linked]))
    record.audit(store, journals=True)
    whole = dict(store.machines)
    address = Address("read", "fca_1")

    def breaks() -> str:
        with pytest.raises(WorldError) as found:
            record.audit(store, journals=False)
        store.machines.clear()
        store.machines.update(whole)
        return found.value.rule

    other = next(s for s in relink_system().tables["read"].states if s != whole[address].state)
    store.machines[address] = whole[address]._replace(state=other)
    assert breaks() == "nothing_is_lost"
    store.machines[address] = whole[address]._replace(version=whole[address].version + 1)
    assert breaks() == "nothing_is_lost"
    del store.machines[address]
    assert breaks() == "nothing_is_lost"
    store.machines[Address("read", "fca_2")] = whole[address]
    assert breaks() == "one_transaction"
    record.audit(store, journals=True)


def test_an_upgrade_in_memory_goes_on_from_where_the_last_one_ended() -> None:
    system = relink_system()
    database, record = MemoryDatabase(system), Record()
    for number in range(1, 5):
        message = InboxMessage(f"evt_{number}", "account.created", number, float(number))
        event = ReadRequested(
            causation_id=message.id, at=number, kind="account", id=f"fca_{number % 3}"
        )
        store = database.open(system)
        record.applied(message, True, store.apply(message, [event]))
        assert database.rebuild(system) == len(record.machines)
        record.audit(database.open(system), journals=True)
    assert len(record.machines) > 6
