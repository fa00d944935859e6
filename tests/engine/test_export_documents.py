"""Exports compared as whole documents, for charts that are small enough to be checked by hand."""

import json
from typing import Any

import pytest
from statemachine import State

from relink.engine import Chart, Command, Event, Facts, Reason, ignored, stays
from relink.engine.export import scxml, xstate_json
from relink.machines import CHARTS

from .door import DoorChart
from .unusual import RootChart


class Rung(Event):
    pass


class Left(Event):
    pass


class Light(Command):
    pass


class GateFacts(Facts):
    id: str = "east"


class Gate(Chart):
    """Lets visitors in.

    At night it wants a badge.
    """

    facts_type = GateFacts
    alphabet = (Rung, Left)

    shut = State(initial=True, enter="light")

    class ajar(State.Compound):  # noqa: N801
        half = State()
        full = State(initial=True)

    gone = State(final=True)

    shut.to(ajar, event="rung", cond="is_day or has_badge", on=["light", "beep"])
    ajar.full.to(ajar.half, event="left")
    ajar.half.to(gone, event="left", cond="is_day")
    stays(ajar.half, event="left", unless="is_day", on="beep")

    decided = (
        ignored(shut, Rung, because="it is\n  night", when="not is_day and not has_badge"),
        ignored(shut, Left, because=Reason("nobody", "nobody is in"), anomaly=True),
        ignored(ajar, Rung, because="it is open"),
        ignored(gone, (Rung, Left), because="it is gone"),
    )

    def is_day(self, facts: GateFacts, trigger: Event) -> bool:
        """Whether the sun shines."""
        return True

    def has_badge(self, facts: GateFacts, trigger: Event) -> bool:
        return True

    def light(self, facts: GateFacts, trigger: Event) -> Light:
        """Switch the lamp on."""
        return Light()

    def beep(self, facts: GateFacts, trigger: Event) -> Light:
        return Light()


class Tap(Chart):  # without a docstring, guards and effects
    facts_type = GateFacts
    alphabet = (Left,)
    only = State(initial=True)
    absorbing = (only,)
    decided = (ignored(only, Left, because="it drips"),)


IS_OPEN = [{"description": "Ignored: it is open", "meta": {"outcome": "ignored"}}]
GATE: dict[str, Any] = {
    "id": "gate",
    "version": Gate.table().digest,
    "description": "Lets visitors in.",
    "meta": {
        "conditions": [
            "is_day or has_badge",
            "not is_day and not has_badge",
            "is_day",
            "not is_day",
        ],
        "guards": {"has_badge": "", "is_day": "Whether the sun shines."},
        "actions": {"beep": "", "light": "Switch the lamp on."},
    },
    "entry": ["light"],
    "initial": "shut",
    "states": {
        "shut": {
            "on": {
                "rung": [
                    {
                        "guard": {
                            "type": "is_day or has_badge",
                            "params": {"any": [{"is_day": True}, {"has_badge": True}]},
                        },
                        "target": "#gate.ajar.full",
                        "actions": ["light", "beep"],
                    },
                    {
                        "guard": {
                            "type": "not is_day and not has_badge",
                            "params": {"any": [{"is_day": False, "has_badge": False}]},
                        },
                        "description": "Ignored: it is night",
                        "meta": {"outcome": "ignored"},
                    },
                ],
                "left": [
                    {
                        "description": "Ignored: nobody is in",
                        "meta": {"outcome": "ignored", "reason": "nobody", "anomaly": True},
                    }
                ],
            }
        },
        "ajar": {
            "initial": "full",
            "states": {
                "half": {
                    "on": {
                        "rung": IS_OPEN,
                        "left": [
                            {
                                "guard": {"type": "is_day", "params": {"any": [{"is_day": True}]}},
                                "target": "#gate.gone",
                            },
                            {
                                "guard": {
                                    "type": "not is_day",
                                    "params": {"any": [{"is_day": False}]},
                                },
                                "actions": ["beep"],
                            },
                        ],
                    }
                },
                "full": {"on": {"rung": IS_OPEN, "left": [{"target": "#gate.ajar.half"}]}},
            },
        },
        "gone": {"type": "final"},
    },
}
TAP: dict[str, Any] = {
    "id": "tap",
    "version": Tap.table().digest,
    "meta": {"conditions": [], "guards": {}, "actions": {}},
    "initial": "only",
    "states": {"only": {"type": "final"}},
}


@pytest.mark.parametrize(("chart", "config"), [(Gate, GATE), (Tap, TAP)])
def test_the_configuration_for_xstate_is_exactly_this(chart: type[Chart], config: Any) -> None:
    assert xstate_json(chart) == json.dumps(config, indent=2, ensure_ascii=False) + "\n"


SCXML = """<?xml version="1.0" encoding="UTF-8"?>
<scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:relink="urn:relink:export" version="1.0" \
datamodel="ecmascript" name="gate" initial="start" relink:digest="DIGEST">
  <state id="start">
    <transition target="shut">
      <log label="effect" expr="'light'"/>
    </transition>
  </state>
  <state id="shut">
    <transition event="rung" cond="_event.data.is_day == true || _event.data.has_badge == true" \
target="full">
      <log label="effect" expr="'light'"/>
      <log label="effect" expr="'beep'"/>
    </transition>
    <transition event="rung" cond="_event.data.is_day != true &amp;&amp; \
_event.data.has_badge != true" relink:outcome="ignored" relink:reason="it is night"/>
    <transition event="left" relink:outcome="ignored" relink:code="nobody" \
relink:reason="nobody is in" relink:anomaly="true"/>
  </state>
  <state id="ajar" initial="full">
    <state id="half">
      <transition event="rung" relink:outcome="ignored" relink:reason="it is open"/>
      <transition event="left" cond="_event.data.is_day == true" target="gone"/>
      <transition event="left" cond="_event.data.is_day != true">
        <log label="effect" expr="'beep'"/>
      </transition>
    </state>
    <state id="full">
      <transition event="rung" relink:outcome="ignored" relink:reason="it is open"/>
      <transition event="left" target="half"/>
    </state>
  </state>
  <final id="gone"/>
</scxml>
"""


def test_the_document_in_scxml_is_exactly_this() -> None:
    assert scxml(Gate) == SCXML.replace("DIGEST", Gate.table().digest)


def test_what_has_no_effect_at_its_start_begins_in_its_own_first_state() -> None:
    head = (
        '<scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:relink="urn:relink:export" '
        'version="1.0" datamodel="ecmascript" name="tap" initial="only" '
        f'relink:digest="{Tap.table().digest}">'
    )
    assert scxml(Tap).splitlines()[1:] == [head, '  <final id="only"/>', "</scxml>"]


def found(part: Any, name: str) -> list[Any]:
    """All values of a name in a document, in the order in which they stand there."""
    if isinstance(part, list):
        return [each for inner in part for each in found(inner, name)]
    if not isinstance(part, dict):
        return []
    return [
        each
        for key, inner in part.items()
        for each in ([inner] if key == name else found(inner, name))
    ]


@pytest.mark.parametrize(
    "chart", [*CHARTS.values(), DoorChart, RootChart, Gate, Tap], ids=lambda chart: chart.__name__
)
def test_what_is_listed_is_what_its_states_ask_and_do(chart: type[Chart]) -> None:
    config = json.loads(xstate_json(chart))
    asked = found(config["states"], "guard")
    meta = config["meta"]
    assert meta["conditions"] == list(dict.fromkeys(guard["type"] for guard in asked))
    answers = [term for guard in asked for term in guard["params"]["any"]]
    assert all(answers), "a guard that asks nothing is none"
    assert list(meta["guards"]) == sorted({name for term in answers for name in term})
    done = [*found(config["states"], "actions"), config.get("entry", [])]
    assert list(meta["actions"]) == sorted({name for names in done for name in names})
