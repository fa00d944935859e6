"""Properties: what they are named by default, and which models may be asked what leads to what."""

from functools import partial

import pytest

from relink.engine.errors import ArgumentError
from relink.engine.explore import (
    Abstraction,
    MachineModel,
    Model,
    Property,
    SystemModel,
    always,
    each_move,
    explore,
    leads_to,
    never_stuck,
    sometimes,
)

from .explored import Network, linked, links
from .lock import Lock, Released


def is_open(state: object) -> bool:
    return False


def is_wrong(state: object, move: object = None) -> None:
    return None


class Judge:
    def __call__(self, state: object, move: object = None) -> None:
        return None


NAMED: list[tuple[Property[object], str]] = [
    (always(is_wrong), "is_wrong"),
    (always(Judge()), "Judge"),
    (always(is_wrong, name="right"), "right"),
    (each_move(is_wrong), "is_wrong"),
    (each_move(is_wrong, name="right"), "right"),
    (sometimes(is_open), "is_open"),
    (sometimes(partial(is_open)), "partial"),
    (sometimes(is_open, name="opens"), "opens"),
    (never_stuck(), "never_stuck"),
    (never_stuck(is_open), "never_stuck:is_open"),
    (never_stuck(is_open, name="home"), "home"),
    (leads_to(is_open, bool), "is_open leads to bool"),
    (leads_to(is_open, bool, name="live"), "live"),
]


@pytest.mark.parametrize(("judged", "name"), NAMED, ids=lambda each: str(each)[:20])
def test_a_property_is_named_after_its_functions(judged: Property[object], name: str) -> None:
    assert judged.name == name


def test_what_leads_to_what_is_weakly_fair_unless_it_is_said() -> None:
    assert leads_to(bool, bool).fairness == "weak"
    assert leads_to(bool, bool, fairness="strong").fairness == "strong"


def test_nothing_is_the_end_unless_it_is_said() -> None:
    assert not never_stuck().is_done("anything")


ALIKE = Abstraction(interchangeable=("a", "b"))
MODELS: dict[str, tuple[Model[object], bool]] = {
    "machine": (MachineModel(Lock, [Released()], abstraction=ALIKE), True),
    "machine by default": (MachineModel(Lock, [Released()]), False),
    "machine by state": (MachineModel(Lock, [Released()], abstraction=lambda s: s.state), False),
    "system": (linked(abstraction=ALIKE, changes=1), True),
    "system by default": (linked(abstraction=None, changes=1), False),
    "system by function": (SystemModel(links(), Network(changes=1), abstraction=repr), False),
}


@pytest.mark.parametrize("name", MODELS)
def test_where_parts_change_places_nobody_can_say_what_leads_to_what(name: str) -> None:
    model, is_symmetric = MODELS[name]
    assert model.is_symmetric is is_symmetric
    live = leads_to(lambda state: False, lambda state: True, name="live")
    if is_symmetric:
        with pytest.raises(ArgumentError, match="'live' depends on which part is which"):
            explore(model, live)
    else:
        assert explore(model, live).verdict("live").outcome == "holds"
