"""Mermaid text tells the story, and no name of a state or event is taken for syntax."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.example_charts import EXAMPLES
from relink.engine import Table
from relink.engine.diagram import mermaid, system_mermaid
from relink.engine.diagram.told import told
from relink.engine.errors import UnknownStateError
from relink.machines import CHARTS, relink_system
from tests.simulator.browser import MISSING, Browser, installed

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


# -- The real Mermaid -----------------------------------------------------------------------------

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / ".venv" / "mermaid" / "package" / "dist" / "mermaid.min.js"

LOADED = """new Promise((resolve, reject) => {
    const give_up = Date.now() + 20000;
    (function look() {
        if (window.mermaid) resolve(mermaid.initialize({ startOnLoad: false }));
        else if (Date.now() < give_up) setTimeout(look, 50);
        else reject(new Error("Mermaid does not load"));
    })();
})"""

DRAW = """(async (text) => {
    await mermaid.parse(text);
    const { svg } = await mermaid.render("drawn", text);
    document.body.innerHTML = svg;
    const ids = [...document.querySelectorAll("g.node, g.statediagram-cluster")];
    return document.body.innerText + " " + ids.map((each) => each.id).join(" ");
})"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = installed()
    if program is None:
        pytest.skip(MISSING)
    if not LIBRARY.exists():
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed")
        subprocess.run(["make", ".venv/mermaid/installed"], cwd=ROOT, check=True)
    folder = tmp_path_factory.mktemp("mermaid")
    file = folder / "page.html"
    file.write_text(f'<meta charset="utf-8"><body><script src="{LIBRARY.as_uri()}"></script>')
    browser = Browser(program, folder / "profile")
    browser.open(file.as_uri())
    browser.run(LOADED)
    yield browser
    browser.close()


def drawn(page: Browser, text: str) -> str:
    found: str = page.run(f"({DRAW})({json.dumps(text)})")
    return " ".join(found.split())


ODD = {name: LARGE[name] for name in ("names", "hub", "one")}


@pytest.mark.parametrize("name", [*SHIPPED, "parcel", *ODD])
def test_mermaid_draws_the_text_with_every_state(page: Browser, name: str):
    table: Table = PARCEL if name == "parcel" else SHIPPED.get(name) or ODD[name]()
    for text in (mermaid(table), mermaid(table, table.initial)):
        shown = drawn(page, text)
        for state, plain in told(table).states.items():
            assert "".join(plain.name.split()) in "".join(shown.split()), state


def test_mermaid_draws_the_system_with_every_machine_and_message(page: Browser):
    shown = "".join(drawn(page, system_mermaid(relink_system())).split())
    for _, event, target in relink_system().sent.sends:
        assert event.replace("_", "") in shown
        assert target.replace("_", "") in shown
