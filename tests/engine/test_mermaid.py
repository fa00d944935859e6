"""Mermaid text tells the story, and no name of a state or event is taken for syntax."""

import re

import pytest

from docs.generate import EXAMPLES
from relink.engine.diagram import mermaid
from relink.engine.diagram.told import told
from relink.engine.errors import UnknownStateError
from relink.machines import CHARTS

from .drawn_charts import PARCEL, ParcelChart
from .large_charts import LARGE

SHIPPED = {name: chart.table() for name, chart in {**CHARTS, **EXAMPLES}.items()}

PARCEL_IN_MERMAID = """\
---
title: "parcel, in door"
---
stateDiagram-v2
    state "depot" as s_depot
    state "under way" as s_under_way
    state s_under_way {
        state "road" as s_road
        state "door" as s_door
    }
    state "note" as s_note
    state "delivered" as s_delivered
    state "any other state" as anywhere
    [*] --> s_depot
    s_depot --> s_road: loaded
    s_road --> s_door: rung
    s_door --> s_note: ▶ rung
    s_note --> s_depot: loaded, rung
    s_road --> s_depot: recalled
    s_door --> s_depot: ▶ recalled
    anywhere --> s_delivered: crushed
    s_delivered --> [*]
    classDef current stroke:#9a3412,stroke-width:4px
    class s_door current
"""


def test_mermaid_text_of_a_chart_with_a_highlighted_state():
    assert mermaid(PARCEL, "door") == PARCEL_IN_MERMAID


def test_mermaid_text_without_a_highlighted_state():
    text = mermaid(PARCEL)
    assert 'title: "parcel"\n' in text
    assert "▶" not in text
    assert "current" not in text


@pytest.mark.parametrize("name", [*SHIPPED, *LARGE])
def test_mermaid_text_has_each_arrow_of_the_story(name: str):
    table = SHIPPED[name] if name in SHIPPED else LARGE[name]()
    text, story = mermaid(table), told(table)
    ids = re.findall(r'^ *state ".*" as (\S+)$', text, re.M)
    assert len(ids) == len(set(ids)) >= len(table.states)
    assert all(re.fullmatch(r"s_[A-Za-z0-9_]+|anywhere", each) for each in ids)
    shown = re.findall(r"^    (?:s_|anywhere)\S* --> s_\S+: (.+)$", text, re.M)
    assert len(shown) == len(story.arrows) + len(story.from_anywhere)


def test_highlighting_a_state_that_is_no_leaf_of_the_chart_is_an_error():
    for state in ("under_way", "nowhere", ""):
        with pytest.raises(UnknownStateError, match=f"parcel has no leaf state '{state}'; .* road"):
            mermaid(PARCEL, state)


def test_equal_charts_give_the_same_text():
    class Again(ParcelChart):
        pass

    assert mermaid(Again.table()).replace("again", "parcel") == mermaid(PARCEL)
