"""Every payload with a valid signature is received or refused, without another exception."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relink.adapters.stripe import Accepted, WebhookRefused
from relink.adapters.stripe.handlers import HANDLERS

from ..profile import examples

texts = st.text(max_size=8) | st.sampled_from(["\ud800", "a\x00b", "s" * 300, "fca_1", "active"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a value, with each of its keys or indexes."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    found = []
    for key in keys:
        found.append((value, key))
        if isinstance(value[key], dict | list):
            found += places(value[key])
    return found


def damage(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """A copy with up to three values removed or replaced."""
    broken = deepcopy(whole)
    for _ in range(draw(st.integers(0, 3))):
        container, key = draw(st.sampled_from(places(broken)))
        if draw(st.booleans()):
            del container[key]
        else:
            container[key] = draw(json_values)
        if not broken:
            break
    return broken


@settings(max_examples=examples(200), deadline=None)
@given(body=json_values)
def test_any_signed_json_is_received_or_refused(deliver, body):
    try:
        received = deliver(json.dumps(body))
    except WebhookRefused as refused:
        received = refused
    # Without the shape of an event nothing is accepted, and no error leads to the payload.
    assert isinstance(received, WebhookRefused)
    assert received.__context__ is None


@settings(max_examples=examples(500), deadline=None)
@given(data=st.data())
def test_a_signed_event_with_damaged_fields_is_received_or_refused(
    deliver, event, thin, whole_objects, data
):
    kind = data.draw(st.sampled_from(sorted(HANDLERS)))
    whole = data.draw(st.sampled_from(whole_objects))
    sent = event(kind, whole) if data.draw(st.booleans()) else thin(f"v1.{kind}", whole["id"])
    try:
        received = deliver(damage(data.draw, sent))
    except WebhookRefused:
        return
    if isinstance(received, Accepted):
        (report,) = received.events
        # What was accepted can be stored: it survives the way to JSON and back.
        assert (
            type(report).model_validate_json(report.model_dump_json(exclude_unset=True)) == report
        )
