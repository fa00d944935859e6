"""Records of the engine and the machines never change after they are made.

Decisions are pure, and what they are made of is shared: tables by all machines of a chart, records
by the states of a search. So a field that could be set would change what others hold.
"""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import find

import relink.engine
import relink.machines
from relink.engine.explore import (
    Abstraction,
    MachineModel,
    all_transitions,
    always,
    each_move,
    explore,
    leads_to,
    never_stuck,
    sometimes,
    table_graph,
)
from relink.engine.export.nesting import nested
from relink.engine.fuzz import (
    DeliveryFaults,
    LeafCoverage,
    Transit,
    find_counterexample,
    machine_test,
    streams,
)

from .explored import Network, linked
from .lock import Dialed, Lock, Released

WORK_IN_PROGRESS = {"Bounds", "_Layout", "_Maker", "_Watch"}
"""What a function fills while it works, and does not hand out."""


def modules() -> Iterator[ModuleType]:
    for package in (relink.engine, relink.machines):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "compiled" not in found.name:
                yield importlib.import_module(found.name)


def records() -> list[type[Any]]:
    """Every dataclass that a module of the engine or the machines defines."""
    return [
        kind
        for module in modules()
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__
        and dataclasses.is_dataclass(kind)
        and kind.__name__ not in WORK_IN_PROGRESS
    ]


def test_no_field_of_a_record_can_be_set_or_deleted() -> None:
    kinds = records()
    assert len(kinds) > 50
    for kind in kinds:
        record = object.__new__(kind)
        for field in dataclasses.fields(kind):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(record, field.name, None)
            with pytest.raises(dataclasses.FrozenInstanceError):
                delattr(record, field.name)


SEVEN = [Dialed(digit=7), Released()]


def explored(**options: Any) -> Any:
    anything = sometimes(lambda snapshot: True, name="anything")
    return explore(MachineModel(Lock, SEVEN), anything, max_depth=2, **options)


def first_told(search: Callable[[Callable[[Any], None]], object]) -> Any:
    """The first progress that a search tells."""
    told: list[Any] = []
    search(told.append)
    return told[0]


def fuzzed(tell: Callable[[Any], None] | None = None) -> Any:
    test = machine_test(Lock, invariants=lambda decision: "no", against_live=False)
    return find_counterexample(test, max_examples=3, on_progress=tell)


MADE: dict[str, Callable[[], Any]] = {
    "abstraction": Abstraction,
    "exploration": explored,
    "verdict": lambda: explored().verdicts[0],
    "way": lambda: explored().verdict("anything").way,
    "progress of a search": lambda: first_told(lambda tell: explored(on_progress=tell)),
    "move": lambda: next(iter(Network().moves(next(iter(Network().starts()))))),
    "always": lambda: always(lambda state: None),
    "each_move": lambda: each_move(lambda state, move: None),
    "sometimes": lambda: sometimes(bool),
    "never_stuck": never_stuck,
    "leads_to": lambda: leads_to(bool, bool),
    "path": lambda: all_transitions(explored())[0],
    "graph": lambda: table_graph(Lock),
    "state of a system": lambda: next(iter(linked().starts())),
    "nested state": lambda: nested(Lock.table())[0],
    "faults": DeliveryFaults,
    "delivery": lambda: Transit[int](DeliveryFaults()).send(1)[0],
    "stream": lambda: find(streams(Lock), lambda stream: True),
    "coverage": lambda: LeafCoverage(Lock).report(),
    "coverage of a table": lambda: LeafCoverage(Lock).report().tables[0],
    "counterexample": fuzzed,
    "progress of fuzzing": lambda: first_told(fuzzed),
}


@pytest.mark.parametrize("name", MADE)
def test_what_a_search_hands_out_never_changes(name: str) -> None:
    record = MADE[name]()
    assert dataclasses.fields(record)
    for field in dataclasses.fields(record):
        held = getattr(record, field.name)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, field.name, held)
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(record, field.name)
        assert getattr(record, field.name) is held
