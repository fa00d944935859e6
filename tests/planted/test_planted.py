"""Each fault can still be planted, and was noticed by two layers; some are planted here."""

from collections.abc import Iterator

import pytest

from .__main__ import judge
from .fault import Fault, RottenFaultError, all_faults
from .layers import LAYERS
from .results import NEEDED, PAGE, kept, noticed_by, page
from .scratch import ROOT, Scratch, scratch

FAULTS = {fault.name: fault for fault in all_faults()}
LAYER = {layer.name: layer for layer in LAYERS}


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
    assert len(noticed_by(kept().get(name, {}))) >= NEEDED


def test_the_page_shows_what_is_kept():
    assert PAGE.read_text(encoding="utf-8") == page(list(FAULTS.values()), kept())


@pytest.fixture(scope="module")
def copy() -> Iterator[Scratch]:
    with scratch() as made:
        yield made


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("stale_reports_count", "check"),
        ("new_is_inverted", "oracle"),
        ("one_block_blocks_all", "examples"),
    ],
)
def test_a_layer_notices_a_fault(copy: Scratch, name: str, layer: str):
    with copy.planted(FAULTS[name]):
        found = judge(copy, LAYER[layer], FAULTS[name])
    assert found is not None
    assert found.is_noticed
    assert found.tried, "it says how much it tried"


def test_without_a_fault_a_layer_notices_nothing(copy: Scratch):
    fault = FAULTS["stale_reports_count"]
    source = (copy.root / fault.file).read_text(encoding="utf-8")
    with copy.planted(fault):
        assert (copy.root / fault.file).read_text(encoding="utf-8") != source
    found = judge(copy, LAYER["check"], fault)
    assert found is not None
    assert not found.is_noticed


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
    with pytest.raises(RuntimeError, match="broken breaks the import"), copy.planted(broken):
        pass
