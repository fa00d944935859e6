"""Every event and command survives the way to JSON and back."""

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_core import to_json

from relink.adapters.store import Codec, UnreadableRecordError, journal
from relink.adapters.store.codec import domain_codec
from relink.engine import Address, Command, Decision, Delivery, Event, Snapshot, Started
from relink.engine.fuzz import instances
from relink.engine.shape import shape_of
from relink.machines import CHARTS, events, messages, reported
from relink.machines.commands import BY_NAME, Notification
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy
from relink.machines.report import StatusReport

from ..profile import examples


def declared(*modules: ModuleType) -> list[Any]:
    found = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    own = {kind for kind in found if issubclass(kind, Event)}
    return sorted(own - {Event}, key=lambda kind: kind.name)


COMMANDS = sorted(BY_NAME.values(), key=lambda kind: kind.name)
EVENTS = declared(events, messages, reported)
POLICIES = st.sampled_from([DEFAULT_POLICY, RelinkPolicy(), RelinkPolicy(attempts=9, reminders=())])


ANY_EVENT = st.deferred(
    lambda: st.sampled_from(EVENTS).flatmap(lambda kind: instances(kind, VALUES))
)
VALUES: dict[Any, Any] = {
    Event: ANY_EVENT,
    RelinkPolicy: POLICIES,
    **dict.fromkeys(
        ("BillingNameGiven.billing_name", "BuildResumed.billing_name"), st.nothing()
    ),  # never written
}


def reports_in(value: Any) -> Iterator[StatusReport]:
    if isinstance(value, StatusReport):
        yield value
    elif isinstance(value, BaseModel | tuple):
        for part in [v for _, v in value] if isinstance(value, BaseModel) else value:
            yield from reports_in(part)


def survives(record: Any, read: Any) -> None:
    stored = json.loads(json.dumps(domain_codec().fields(record)))
    again = read(record.name, stored)
    assert again == record
    assert type(again) is type(record)
    # Absent and null mean different things, though pydantic calls them equal.
    fields_set = [[report.model_fields_set for report in reports_in(r)] for r in (record, again)]
    assert fields_set[0] == fields_set[1]
    pair = json.loads(json.dumps(domain_codec().to_json(record)))
    assert domain_codec().from_json(type(record), pair) == record
    # The fast way writes the same.
    assert json.loads(domain_codec().text(record)) == stored


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
@settings(max_examples=examples(15), deadline=None)
@given(data=st.data())
def test_an_event_is_read_back_unchanged(kind, data):
    survives(data.draw(instances(kind, VALUES)), domain_codec().event)


@pytest.mark.parametrize("chart", CHARTS.values(), ids=lambda chart: chart.__name__)
@settings(max_examples=examples(15), deadline=None)
@given(data=st.data())
def test_changed_facts_are_written_as_a_look_at_each_value_writes_them(chart, data):
    """A journal that an earlier release wrote has the same texts."""
    old, new = (data.draw(instances(chart.facts_type, VALUES)) for _ in range(2))
    decision = Decision(Snapshot("", old), Started(), chart.table().entry, new, ())
    row = journal.to_row(Delivery(Address("m", "k"), decision), "evt_1", 1.0, "", domain_codec())
    looked_at = to_json(decision.changes, bytes_mode="base64", inf_nan_mode="strings")
    assert row["changes"] == looked_at.decode()


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.name)
@settings(max_examples=examples(15), deadline=None)
@given(data=st.data())
def test_a_command_is_read_back_unchanged(kind, data):
    record = data.draw(instances(kind, VALUES))
    survives(record, domain_codec().command)
    stored = domain_codec().fields(record)
    assert domain_codec().command(record.name, stored).id == record.id


def test_the_codec_knows_every_event_of_the_charts():
    known = {kind for chart in CHARTS.values() for kind in chart.alphabet}
    assert known
    assert known <= set(EVENTS)


def test_a_billing_name_is_never_written():
    given_name = events.BillingNameGiven(
        causation_id="c", at=1.0, account="a", billing_name="Jenny Rosen"
    )
    assert "Jenny" not in json.dumps(domain_codec().fields(given_name))
    assert "Jenny" not in domain_codec().text(given_name)


def test_the_default_policy_takes_no_space_and_another_is_kept():
    timer = messages.SessionDeadline(causation_id="c", at=1.0, policy=RelinkPolicy())
    fired = events.TimerFired(causation_id="c", at=1.0, machine="session", key="s", event=timer)
    assert domain_codec().fields(fired) == {
        "causation_id": "c",
        "at": 1.0,
        "machine": "session",
        "key": "s",
        "event": {
            "name": "session_deadline",
            "fields": {"causation_id": "c", "at": 1.0, "policy": {}},
        },
    }
    patient = timer.model_copy(update={"policy": RelinkPolicy(attempts=9)})
    stored = domain_codec().fields(patient)
    assert domain_codec().event("session_deadline", stored) == patient
    assert json.loads(domain_codec().text(patient)) == stored


def test_unknown_names_and_wrong_fields_are_refused_by_name():
    codec = domain_codec()
    with pytest.raises(UnreadableRecordError, match="no event is named 'lost'"):
        codec.event("lost", {})
    with pytest.raises(UnreadableRecordError, match="no command is named 'lost'"):
        codec.command("lost", {})
    with pytest.raises(UnreadableRecordError, match=r"ReadFailed: .*the field error is missing"):
        codec.event("read_failed", {"causation_id": "c", "at": 1.0})
    with pytest.raises(UnreadableRecordError, match=r"timer_fired\.event is not an event"):
        codec.event(
            "timer_fired", {"causation_id": "c", "at": 1, "machine": "m", "key": "k", "event": 5}
        )


class Whim(Command):
    """Of no family."""


def test_a_command_of_no_family_is_refused_when_the_codec_is_made():
    with pytest.raises(
        TypeError, match=r"Whim is of no command family\. Derive it from exactly one"
    ):
        Codec([], [Whim])


class Unregistered(events.DomainEvent):
    """An event that no codec knows."""


def test_what_could_not_be_read_back_is_not_written():
    record = Unregistered(causation_id="c", at=1.0)
    for write in (domain_codec().text, domain_codec().fields):
        with pytest.raises(TypeError, match=r"Unregistered is not one of the codec's classes"):
            write(record)


def test_two_classes_of_one_name_are_refused():
    class Wake(Notification):
        @property
        def subject(self) -> str:
            return ""

    with pytest.raises(TypeError, match=r"are both stored as 'wake'; rename one"):
        Codec([], [BY_NAME["wake"], Wake])


def test_no_event_has_to_be_read_back_when_it_is_written():
    # A type whose values JSON might change costs a quarter of the time of a webhook.
    checked = {kind.name for kind in EVENTS if not shape_of(kind).is_exact}
    assert checked == {"session_reported"}  # it holds events of a class that has subclasses
