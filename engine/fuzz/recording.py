"""Recordings: a counterexample's history as JSON, in the form that each kind of test writes.

A recording comes from a file that somebody kept, copied or edited, or from another test. So it is
read as strictly as anything from outside: a part that is missing, unknown or of another type is
refused by its place, before anything is played. The codec reads the fields of events and facts.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from ..errors import ArgumentError
from .stream import STALE

N = TypeVar("N", bound="Recorded")


class Recorded(BaseModel):
    """A recording, or a part of one."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WrittenEvent(Recorded):
    """An event, as the codec writes it."""

    name: str
    fields: dict[str, Any]


class WrittenStart(Recorded):
    """The facts at the start, as the codec writes the snapshot before the first state."""

    machine: str
    state: Literal[""]
    version: Literal[-1]
    facts: dict[str, Any]


class SystemRecording(Recorded):
    """Of a test of a system: the outside events."""

    events: list[WrittenEvent]


class MachineRecording(Recorded):
    """Of a test of one chart: the facts at the start, and the events."""

    start: WrittenStart
    events: list[WrittenEvent]


class Planned(Recorded):
    """Something that is sent, and when each copy of it arrives."""

    plan: list[Annotated[int, Field(ge=STALE)]]


class EventSent(Planned):
    """An event that is sent."""

    event: WrittenEvent


class AllArrived(Recorded):
    """Everything that was on the way arrived."""

    everything_arrives: Literal[True]


def _kind(note: object) -> str:
    return _ARRIVED if isinstance(note, Mapping) and "everything_arrives" in note else _SENT


_SENT, _ARRIVED = "(sent)", "(arrived)"


class StreamRecording(Recorded, Generic[N]):
    """Of a test of a service: what was sent, and when everything arrived."""

    notes: list[
        Annotated[
            Annotated[N, Tag(_SENT)] | Annotated[AllArrived, Tag(_ARRIVED)], Discriminator(_kind)
        ]
    ]


def check_recording(test: str, form: type[Recorded], recording: Mapping[str, Any]) -> None:
    """Refuse a recording that is not in the form of a test.

    Args:
        test: The test's name, for the message.
        form: What its recordings look like.
        recording: The recording.

    Raises:
        ArgumentError: a part is missing, unknown or of another type.
    """
    try:
        form.model_validate(dict(recording))
    except ValidationError as error:
        raise ArgumentError(
            f"replay(): this is no recording of {test}: {difference(error)}; give the recording of "
            "a counterexample of the same test, as it was written"
        ) from None


_JSON = {
    "int_type": "a whole number",
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
}
"""What JSON calls what pydantic expects."""


def difference(error: ValidationError) -> str:
    """What is different from what was written, with its place: ``notes[0].plan is missing``."""
    wrong = error.errors()[0]
    place = ""
    for part in wrong["loc"]:
        if part not in (_SENT, _ARRIVED):
            place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else part
    kind, place = wrong["type"], place or "the whole"
    if kind == "missing":
        return f"{place} is missing"
    if kind == "extra_forbidden":
        return f"{place} is unknown"
    if kind == "value_error":
        return f"{place}: {wrong['msg'].removeprefix('Value error, ')}"
    if kind == "greater_than_equal":
        return f"{place} is below {wrong['ctx']['ge']}"
    if kind == "literal_error":
        return f"{place} is not {wrong['ctx']['expected'].lower()}"
    return f"{place} is not {_JSON.get(kind, 'as it was written')}"
