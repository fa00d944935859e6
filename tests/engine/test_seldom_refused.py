"""What few users meet: rules and types of their own that fail, and what is said of it."""

import json
from typing import Annotated, Any, ClassVar

import pytest
from annotated_types import Ge
from pydantic import AfterValidator, BaseModel, ValidationError, field_validator, model_serializer
from statemachine import State

from relink.engine import (
    Address,
    Assign,
    Chart,
    Codec,
    Event,
    Facts,
    Snapshot,
    System,
    errors,
    stays,
    upcast,
)
from relink.engine.errors import (
    RecordError,
    UnreadableError,
    UnwritableError,
)


class Pushed(Event):
    force: int = 1


class DoorFacts(Facts):
    id: str = "front"
    pushes: int = 0


def fails(value: object) -> object:
    """A rule of a user's own that fails with an error of another kind."""
    raise KeyError(value)


def test_a_default_that_the_users_own_rule_cannot_judge_is_left_to_it() -> None:
    class Weighed(Facts):
        weight: Annotated[int, AfterValidator(fails)] = "3"  # type: ignore[assignment]

    with pytest.raises(KeyError):
        Weighed(weight=3)


def test_a_rule_for_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RecordError, match=r"^Weighed is refused: .*; see the cause$"):

        class Weighed(Event):
            weight: int

            @field_validator("wait")
            @classmethod
            def rule(cls, value: int) -> int:
                return value


class Numbered(Facts):
    id: int = 0


class NumberedChart(Chart):
    facts_type = Numbered
    alphabet = (Pushed,)

    opened = State(initial=True)
    absorbing = (opened,)
    stays(opened, event="pushed", on="weigh")

    def weigh(self, facts, trigger):
        return Assign(id=Scale(weight=trigger.force).weight)


class Scale(BaseModel):
    weight: Annotated[int, Ge(5)]


def test_a_machine_whose_facts_do_not_take_its_key_is_refused() -> None:
    system = System({"door": NumberedChart}, lambda trigger, load: [])
    with pytest.raises(errors.FieldValueError, match="Numbered: the field id takes int"):
        system.begin(Address("door", "front"))


@pytest.mark.parametrize("table", [NumberedChart.table(), NumberedChart.table().checked])
def test_values_that_an_effect_gives_a_model_of_its_own_are_no_change_in_place(table: Any) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 5"):
        table.decide(Snapshot("opened", Numbered()), Pushed(force=1))


class Hasty(Event):
    force: int = 1

    @model_serializer(mode="wrap")
    def _shortened(self, whole: Any) -> Any:
        return {name: value for name, value in whole(self).items() if value != 1}


def test_an_event_that_is_written_without_a_field_that_was_set_is_refused() -> None:
    codec = Codec(events=[Hasty])
    assert codec.from_json(Event, codec.to_json(Hasty())) == Hasty()
    assert codec.from_json(Event, codec.to_json(Hasty(force=2))) == Hasty(force=2)
    with pytest.raises(UnwritableError, match=r"Hasty cannot .*: a field that was set would be"):
        codec.to_json(Hasty(force=1))


class Moved(Facts):
    id: str = ""
    weight: int = 0
    upgrades: ClassVar[Any] = (upcast("kilos", into=("weight",), by=lambda kilos: {"wait": kilos}),)


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("{", "stored facts of the door: this is no JSON"),
        ("3", "stored facts of the door"),
    ],
)
def test_stored_facts_that_are_none_are_named(stored: str, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        Codec.facts(Moved, stored, "the door")


def test_an_upgrade_that_makes_other_fields_is_named() -> None:
    with pytest.raises(UnreadableError, match=r"the door: Moved\.upgrades: .* made something else"):
        Codec.facts(Moved, json.dumps({"id": "front", "kilos": 3}), "the door")
