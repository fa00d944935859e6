"""What was found, kept beside the faults, and the page that shows it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from .fault import Fault
from .layers import LAYERS, Layer

KEPT = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "planted-faults.md"

NEEDED = 2
"""By how many layers each fault must be noticed."""

MOST_STEPS = 12
"""How many steps a counterexample has at most."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one layer made of a fault."""

    is_noticed: bool
    tried: int | None
    """How much it tried until it noticed, or in all; in the layer's unit."""
    seconds: float
    """The processor's."""
    steps: int | None = None
    """How many steps its counterexample has, where it tells one."""


Results = dict[str, dict[str, Result]]
"""By fault and layer."""


def kept() -> Results:
    """The results of the last runs."""
    if not KEPT.exists():
        return {}
    told = json.loads(KEPT.read_text(encoding="utf-8"))
    return {
        fault: {layer: Result(**{"tried": None, **result}) for layer, result in by_layer.items()}
        for fault, by_layer in told.items()
    }


def keep(results: Results) -> None:
    """Keep results, in place of earlier ones of the same faults and layers."""
    merged = kept()
    for fault, by_layer in results.items():
        merged[fault] = {**merged.get(fault, {}), **by_layer}
    plain = {
        fault: {layer: _plain(result) for layer, result in sorted(by_layer.items())}
        for fault, by_layer in sorted(merged.items())
    }
    KEPT.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def _plain(result: Result) -> dict[str, object]:
    return {key: value for key, value in asdict(result).items() if value is not None}


def noticed_by(found: Mapping[str, Result]) -> list[str]:
    """The layers that noticed a fault."""
    return [layer.name for layer in LAYERS if layer.name in found and found[layer.name].is_noticed]


def page(faults: list[Fault], results: Results) -> str:
    """The page, from what is kept."""
    counts = {
        layer.name: sum(layer.name in noticed_by(results.get(fault.name, {})) for fault in faults)
        for layer in LAYERS
    }
    asked = {
        layer.name: sum(layer.name in results.get(fault.name, {}) for fault in faults)
        for layer in LAYERS
    }
    rows = [
        f"| {layer.name} | {layer.sentence} | {counts[layer.name]} of {asked[layer.name]} |"
        for layer in LAYERS
    ]
    head = " | ".join(f"{layer.name} ({layer.unit})" for layer in LAYERS)
    table = [
        f"| [{fault.name}](../tests/planted/faults/{fault.name}.toml) | {fault.sentence} "
        f"| {fault.rule} | {_cells(fault, results.get(fault.name, {}))} |"
        for fault in faults
    ]
    return "\n".join(
        [
            "<!-- Written by `python -m tests.planted --write`. -->",
            "",
            "# Planted faults",
            "",
            f"{len(faults)} faults, each a few lines that break one rule, as a hurried change",
            "might. A script plants each of them in a copy of relink, and runs the layers of the",
            "tests, which do not share their judgement. A fault that fewer than two layers notice",
            "is a promise that too little keeps.",
            "",
            "| Layer | What it tries, and who judges | Noticed, of those it was run on |",
            "| --- | --- | --- |",
            *rows,
            "",
            "`python -m tests.planted` runs all of it, and `python -m tests.planted",
            "deadline_is_lost --layers oracle` a part; with `--write` it keeps what was found, and",
            "writes this page. In every run of the tests, one checks that each fault can still be",
            "planted. Others plant some, and check that the counterexamples are as short as here.",
            "",
            *_counterexamples(faults, results),
            "Each cell says how much a layer tried until it noticed, and the processor's seconds",
            "that this took, its start included. A dash: it noticed nothing. Empty: it was not",
            "run, since it does not run that code, or two others had noticed (`--quick`).",
            "",
            f"| Fault | What goes wrong | Rule | {head} |",
            f"| --- | --- | --- |{' --- |' * len(LAYERS)}",
            *table,
            "",
        ]
    )


def _counterexamples(faults: list[Fault], results: Results) -> list[str]:
    """How short the histories are by which ``relink check`` shows the faults of the machines."""
    judged = [fault for fault in faults if "check" in results.get(fault.name, {})]
    steps = [results[fault.name]["check"].steps for fault in judged]
    found = [length for length in steps if length is not None and length <= MOST_STEPS]
    return [
        f"Of {len(judged)} faults in the decisions, `relink check` shows {len(found)} by a",
        f"counterexample of at most {MOST_STEPS} steps. A step is one thing that happens: a change",
        "at the bank, a webhook, a read, a timer.",
        "",
    ]


def _cells(fault: Fault, found: Mapping[str, Result]) -> str:
    return " | ".join(_cell(layer, fault, found.get(layer.name)) for layer in LAYERS)


def _cell(layer: Layer, fault: Fault, result: Result | None) -> str:
    if result is None or layer.command(fault) is None:
        return ""
    if not result.is_noticed:
        return "-"
    tried = "" if result.tried is None else f"{result.tried:,}, "
    steps = "" if result.steps is None else f"{result.steps} steps, "
    return f"{tried}{steps}{result.seconds:.0f} s"
