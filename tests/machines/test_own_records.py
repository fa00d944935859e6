"""relink's own records keep the rules that a user's are held to, and are built when needed."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest
from pydantic import BaseModel, ValidationError

import relink.engine
import relink.machines
from relink.engine import Event
from relink.engine.errors import RecordError
from relink.engine.record import Record, check_class, check_types
from relink.machines import report
from relink.machines.assessment import Assessment, NextAction
from relink.machines.commands import Notification
from relink.machines.events import DomainEvent
from relink.machines.policy import RelinkPolicy


def own_records() -> list[type[Record]]:
    for package in (relink.engine, relink.machines):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return [found for found in derived(Record) if found.__module__.startswith("relink.")]


def derived(base: type[Record]) -> Iterator[type[Record]]:
    for found in base.__subclasses__():
        yield found
        yield from derived(found)


@pytest.mark.parametrize("record", own_records(), ids=lambda record: record.__qualname__)
def test_a_record_of_our_own_keeps_the_rules(record: type[Record]):
    check_types(record)
    check_class(record)
    assert not [name for name in record.model_fields if hasattr(BaseModel, name)]


def test_a_rule_that_a_record_of_our_own_breaks_is_found():
    body = {"__module__": "relink.machines.events", "__annotations__": {"at": int}, "at": "now"}
    wrong = type(Event)("Wrong", (Event,), body)
    with pytest.raises(RecordError, match=r"Wrong\.at: its default 'now' is not a value"):
        check_types(wrong)


@pytest.mark.parametrize("base", [DomainEvent, Notification])
def test_a_record_that_a_user_derives_is_built_and_checked_at_once(base: type[Record]):
    body = {"__module__": __name__, "__annotations__": {"seen": int}}
    assert type(base)("Seen", (base,), {**body, "seen": 1}).__pydantic_complete__
    with pytest.raises(RecordError, match=r"Seen\.seen: its default 'no' is not a value"):
        type(base)("Seen", (base,), {**body, "seen": "no"})


def dataclasses_of_the_machines() -> Iterator[type]:
    for module in pkgutil.walk_packages(relink.machines.__path__, "relink.machines."):
        for held in vars(importlib.import_module(module.name)).values():
            if isinstance(held, type) and is_dataclass(held) and held.__module__ == module.name:
                yield held


SHARED = list(dataclasses_of_the_machines())


@pytest.mark.parametrize("made", SHARED, ids=lambda made: made.__qualname__)
def test_what_the_machines_share_cannot_be_changed(made: type):
    with pytest.raises(FrozenInstanceError):
        setattr(object.__new__(made), fields(made)[0].name, 1)


FROM_OUTSIDE = [
    RelinkPolicy,
    report.AccountNumber,
    report.PaymentMethodReport,
    report.StatusReport,
    report.ExternalAccountReport,
    report.Holder,
]


@pytest.mark.parametrize("model", [*FROM_OUTSIDE, Assessment, NextAction])
def test_what_records_hold_and_callers_get_cannot_be_changed(model: type[BaseModel]):
    name = next(iter(model.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(model.model_construct(**{name: 1}), name, 2)


@pytest.mark.parametrize("model", FROM_OUTSIDE)
def test_what_is_told_from_outside_names_no_unknown_field(model: type[BaseModel]):
    with pytest.raises(ValidationError, match=r"no_such_field\n.*not permitted"):
        model.model_validate({"no_such_field": 1})
