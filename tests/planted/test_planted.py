"""Each fault can still be planted, and was noticed by two layers; some are planted here."""

import re
from collections.abc import Iterator

import pytest

from relink.adapters.checker import QUICK

from ..profile import FULL, PROFILE
from .__main__ import judge
from .fault import Fault, RottenFaultError, all_faults
from .layers import LAYERS
from .results import MOST_STEPS, NEEDED, PAGE, kept, noticed_by, page
from .scratch import ROOT, Scratch, scratch

FAULTS = {fault.name: fault for fault in all_faults()}
LAYER = {layer.name: layer for layer in LAYERS}
RESULTS = kept()

FEW_STATES = 12_000
"""More than the quick scopes of ``relink check`` have together."""

QUICKLY = [
    name
    for name, found in RESULTS.items()
    if "check" in found and found["check"].is_noticed and (found["check"].tried or 0) < FEW_STATES
]
"""The faults that a quick scope finds."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_fits_the_source(name: str):
    fault = FAULTS[name]
    source = (ROOT / fault.file).read_text(encoding="utf-8")
    compile(fault.planted_in(source), fault.file, "exec")
    for file in (*fault.examples, *fault.whole):
        assert (ROOT / file).is_file(), f"{name} names a test that is not there: {file}"


def test_a_fault_that_does_not_fit_says_what_to_adapt():
    fault = FAULTS["stale_reports_count"]
    with pytest.raises(RottenFaultError, match="Adapt tests/planted/faults/stale_reports_count"):
        fault.planted_in("something else")


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_was_noticed_by_two_layers(name: str):
    assert len(noticed_by(RESULTS.get(name, {}))) >= NEEDED


@pytest.mark.parametrize("name", [name for name, each in FAULTS.items() if each.is_of_machines])
def test_every_fault_of_the_machines_has_a_short_counterexample(name: str):
    found = RESULTS[name]["check"]
    assert found.steps is not None
    assert found.steps <= MOST_STEPS


def test_the_page_shows_what_is_kept():
    assert PAGE.read_text(encoding="utf-8") == page(list(FAULTS.values()), RESULTS)


@pytest.fixture(scope="module")
def copy() -> Iterator[Scratch]:
    with scratch() as made:
        yield made


@pytest.mark.parametrize("name", QUICKLY[:: 2 if PROFILE is FULL else 12])
def test_the_counterexample_is_still_as_short(copy: Scratch, name: str):
    with copy.planted(FAULTS[name]):
        found = judge(copy, LAYER["check"], FAULTS[name])
    assert found.is_noticed
    assert found.steps == RESULTS[name]["check"].steps, f"Run: python -m tests.planted {name}"


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("new_is_inverted", "oracle"),
        ("one_block_blocks_all", "examples"),
        ("key_changes_with_each_attempt", "world"),
    ],
)
def test_a_layer_notices_a_fault(copy: Scratch, name: str, layer: str):
    with copy.planted(FAULTS[name]):
        found = judge(copy, LAYER[layer], FAULTS[name])
    assert found.is_noticed
    assert found.tried, "it says how much it tried"


def test_relink_check_tells_each_counterexample_that_is_shorter(copy: Scratch):
    fault = FAULTS["given_up_are_reminded"]
    with copy.planted(fault):
        done = copy.run("-m", "relink.adapters.cli", "check", "--quick", "--jobs", "2")
    assert done.returncode == 1
    told = [
        int(steps) for steps in re.findall(r"^Counterexample of (\d+) steps:$", done.stdout, re.M)
    ]
    violated = re.findall(r"^quick: .* violated: ", done.stdout, re.M)
    assert len(told) == len(set(told)) > 0
    assert told == sorted(told, reverse=True)
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"{len(violated)} of {len(QUICK)} scopes have a counterexample.")
    assert f"The shortest one has {told[-1]} steps: " in last


def test_a_fault_is_gone_once_it_was_tried(copy: Scratch):
    fault = FAULTS["stale_reports_count"]
    source = (copy.root / fault.file).read_text(encoding="utf-8")
    with copy.planted(fault):
        assert (copy.root / fault.file).read_text(encoding="utf-8") != source
    assert (copy.root / fault.file).read_text(encoding="utf-8") == source


def test_a_fault_that_breaks_the_import_is_none(copy: Scratch):
    broken = Fault(
        name="broken",
        sentence="Nothing works.",
        rule="none",
        file="machines/freshness.py",
        old="READ_WINDOW = 2",
        new="READ_WINDOW =",
        examples=(),
    )
    with (
        copy.planted(broken),
        pytest.raises(RuntimeError, match="check did not run with broken"),
    ):
        judge(copy, LAYER["check"], broken)
