"""The journal: each decision, as it was made."""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import typing_extensions
from pydantic import ConfigDict, TypeAdapter
from pydantic_core import from_json, to_json

from relink.engine import Address, Delivery, Event, Facts, Leaf, Send
from relink.engine.shape import shape_of

from .codec import Codec

Changes = dict[str, tuple[Any, Any]]
"""Facts that changed, by field: the old and the new value."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One event, and what one machine decided about it."""

    address: Address
    version: int
    """The machine's version after it."""
    causation_id: str
    """The id of the message that led to it."""
    at: float
    """When the message arrived (Unix seconds)."""
    event: Event
    outcome: str
    from_state: str
    to_state: str
    """As the chart that decided named them; the names of facts in ``changes`` too."""
    transition: str | None
    guards: tuple[tuple[str, bool], ...]
    """Which guards were asked, and what they answered."""
    chart: str
    """The digest of the table that decided; see :attr:`relink.engine.Table.digest`."""
    reason: str | None
    """Why the event was ignored, as a code; ``relink.machines.reasons.sentence`` renders it."""
    anomaly: bool
    changes: Changes
    """The facts that changed, by field: old and new value, as JSON."""
    commands: tuple[str, ...]
    """The ids of the commands that it asked for."""


_SAME = tuple(
    field
    for field in JournalEntry.__slots__
    if field not in ("address", "event", "guards", "changes", "commands")
)
"""The fields that are columns by the same name and of the same type."""


def to_row(
    delivery: Delivery, causation_id: str, at: float, chart: str, codec: Codec
) -> dict[str, Any]:
    """A decision as a row of the journal; JSON as text.

    Args:
        delivery: the decision, and whose it is.
        causation_id: the id of the message that led to it.
        at: when the message arrived (Unix seconds).
        chart: the digest of the table that decided.
        codec: writes the event.
    """
    address, decision = delivery.address, delivery.decision
    asked = [c.id for c in decision.commands if not isinstance(c, Send)]
    return {
        "machine": address.machine,
        "key": address.key,
        "version": decision.before.version + 1,
        "causation_id": causation_id,
        "at": at,
        "event": decision.trigger.name,
        "fields": codec.text(decision.trigger),
        **_of_leaf(decision.leaf),
        "chart": chart,
        "changes": _text(decision.changes, type(decision.facts)),
        "commands": json.dumps(asked) if asked else "[]",
    }


def _text(changes: Changes, model: type[Facts]) -> str:
    """Changed facts as JSON, as facts are stored."""
    return _writer(model)(changes).decode() if changes else "{}"


@functools.cache
def _writer(model: type[Facts]) -> Callable[[Changes], bytes]:
    """Writes changes of these facts. By the types of the fields, which takes a fifth of the time
    that a look at each value takes; where a value may be of a subclass, by the look."""
    if not shape_of(model).is_exact:
        return functools.partial(
            to_json, by_alias=False, bytes_mode="base64", inf_nan_mode="strings"
        )
    pair: Any = tuple
    typed_dict: Any = typing_extensions.TypedDict
    fields = model.model_fields.items()
    pairs = {name: pair[info.annotation, info.annotation] for name, info in fields}
    types = typed_dict("types", pairs, total=False)
    types.__pydantic_config__ = ConfigDict(ser_json_bytes="base64", ser_json_inf_nan="strings")
    adapter = TypeAdapter[Changes](types)
    # Their values are judged when the facts are written.
    return functools.partial(adapter.serializer.to_json, by_alias=False, warnings=False)


@functools.cache
def _of_leaf(leaf: Leaf) -> dict[str, Any]:
    """The columns that are the same for all decisions that end in this leaf."""
    return {
        "outcome": leaf.outcome,
        "from_state": leaf.source,
        "to_state": leaf.target,
        "transition": leaf.transition,
        "guards": json.dumps(leaf.guards),
        "reason": leaf.reason and (leaf.reason.code or leaf.reason.sentence),
        "anomaly": leaf.anomaly,
    }


JSON_COLUMNS = ("fields", "guards", "changes", "commands")


def parsed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of :func:`to_row` as the database gives it back: its JSON parsed."""
    return {**row, **{column: from_json(row[column]) for column in JSON_COLUMNS}}


def from_row(row: Mapping[Any, Any], codec: Codec) -> JournalEntry:
    """A row of the journal as an entry.

    Raises:
        UnreadableRecordError: this release does not know the event, or its fields don't fit.
    """
    return JournalEntry(
        address=Address(row["machine"], row["key"]),
        event=codec.event(row["event"], row["fields"]),
        guards=tuple((name, answer) for name, answer in row["guards"]),
        changes={field: (old, new) for field, (old, new) in row["changes"].items()},
        commands=tuple(row["commands"]),
        **{field: row[field] for field in _SAME},
    )
