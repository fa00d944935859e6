"""What charts and routes declare to send: what is refused, and what a picture of it holds."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statemachine import State

from relink.engine import Chart, Event, Facts, Load, Send, System, stays
from relink.engine.diagram import system_mermaid, system_svg
from relink.engine.errors import ArgumentError, RouteError, SendsError, UndeclaredSendError
from relink.machines import CHARTS, relink_system
from relink.machines.routing import ROUTED

from .systems import nowhere, systems

SVG = "{http://www.w3.org/2000/svg}"


class Rung(Event):
    pass


class Opened(Event):
    pass


class Kept(Facts):
    id: str = ""


class BellChart(Chart):
    facts_type = Kept
    alphabet = (Rung,)
    sends = {"door": Opened}

    hung = State(initial=True)
    absorbing = (hung,)
    stays(hung, event="rung", on="tell")

    def tell(self, facts, trigger):
        return [Send(machine="door", key="1", event=Opened())]


class DoorChart(Chart):
    facts_type = Kept
    alphabet = (Opened,)
    sends = {}

    shut = State(initial=True)
    absorbing = (shut,)
    stays(shut, event="opened")


def to_bell(trigger: Event, load: Load) -> list[Send]:
    return [Send(machine="bell", key="1", event=trigger)]


def bell(sends: object) -> type[Chart]:
    return type(Chart)("BellChart", (BellChart,), {"sends": sends, "__module__": __name__})


# -- What is declared -----------------------------------------------------------------------------


def test_a_system_knows_what_its_charts_and_its_route_declare():
    system = System([BellChart, DoorChart], to_bell, routed={"bell": Rung})
    assert system.sent.sends == ((None, "rung", "bell"), ("bell", "opened", "door"))
    assert system.sent.silent == system.sent.never_sent == ()
    assert len(system.checked.step(Rung(), {}.get).deliveries) == 2


def test_events_that_no_machine_sends_come_from_outside_unless_the_route_is_declared():
    assert System([BellChart, DoorChart], to_bell).sent.sends[0] == (None, "rung", "bell")
    declared = System([BellChart, DoorChart], to_bell, routed={})
    assert declared.sent.sends == (("bell", "opened", "door"),)
    assert declared.sent.never_sent == (("bell", "rung"),)


def test_a_machine_that_declares_nothing_is_named():
    assert System({"bell": bell(None), "door": DoorChart}, to_bell).sent.silent == ("bell",)


def test_debug_mode_refuses_what_an_effect_does_not_declare():
    system = System({"bell": bell({}), "door": DoorChart}, to_bell)
    assert len(system.step(Rung(), {}.get).deliveries) == 2
    with pytest.raises(UndeclaredSendError, match=r"'tell' sends opened to 'door'.*add Opened"):
        system.checked.step(Rung(), {}.get)


def test_debug_mode_refuses_what_a_route_does_not_declare():
    system = System([BellChart, DoorChart], to_bell, routed={"door": Opened})
    assert len(system.step(Rung(), {}.get).deliveries) == 2
    with pytest.raises(RouteError, match=r"route\(rung\) sends rung to 'bell'.*add Rung"):
        system.checked.step(Rung(), {}.get)


@pytest.mark.parametrize(
    ("sends", "problem"),
    [
        ({"dor": Opened}, "no machine 'dor'; did you mean 'door'"),
        ({"door": Rung}, "the machine 'door' does not know Rung; add it to the alphabet"),
        ("door", "sends is 'door'; give a dict of classes of events"),
        ({"door": "opened"}, "sends to 'door' has 'opened'; give a dict"),
    ],
)
def test_sends_that_cannot_be_delivered_are_refused(sends: object, problem: str):
    with pytest.raises(SendsError, match=f"BellChart: .*{problem}"):
        System({"bell": bell(sends), "door": DoorChart}, to_bell)


@pytest.mark.parametrize(
    ("routed", "problem"),
    [({"dor": Opened}, "no machine 'dor'"), ({"door": Rung}, "not know Rung"), (5, "a dict")],
)
def test_a_route_that_cannot_be_delivered_is_refused(routed: object, problem: str):
    with pytest.raises(ArgumentError, match=f"System.*{problem}"):
        System([BellChart, DoorChart], to_bell, routed=routed)


@given(systems(), st.data())
def test_what_is_sent_follows_from_what_is_declared(system: System, data: st.DataObject):
    alphabets = {name: table.chart.alphabet for name, table in system.tables.items()}
    some = {name: st.lists(st.sampled_from(known)) for name, known in alphabets.items()}
    routed = data.draw(st.none() | st.fixed_dictionaries({}, optional=some))
    said = {name: table.chart.sends for name, table in system.tables.items()}
    expected: list[tuple[str | None, str, str]] = []
    unsent: list[tuple[str, str]] = []
    for target, known in alphabets.items():
        for event in known:
            senders = [
                name for name, sends in said.items() if sends and event in sends.get(target, ())
            ]
            # Where nobody says what comes from outside, it is what no machine sends.
            is_routed = not senders if routed is None else event in routed.get(target, ())
            lines = [None, *senders] if is_routed else senders
            expected += [(sender, event.name, target) for sender in lines]
            unsent += [] if lines else [(target, event.name)]
    silent = tuple(name for name, sends in said.items() if sends is None)
    declared = System(system.tables, nowhere, routed=routed)
    for found in (declared.sent, declared.checked.sent):
        assert list(found.sends) == expected
        assert list(found.never_sent) == ([] if silent else unsent)
        assert found.silent == silent


# -- The picture ----------------------------------------------------------------------------------


def shown(picture: str) -> list[tuple[str | None, str, str]]:
    """Sender, event and machine of each dot, by where it stands and what it says."""
    root = ElementTree.fromstring(picture)
    said = [title.text or "" for title in root.iter(f"{SVG}title")][1:]
    found = []
    for words in said:
        sender, target, events = re.fullmatch(r"(\w+) to (\w+): (.*)", words).groups()
        found += [
            (None if sender == "outside" else sender, event, target) for event in events.split(", ")
        ]
    return found


def declared_by(system: System) -> set[tuple[str | None, str, str]]:
    """What the charts declare, from their own attributes."""
    return {
        (sender, event.name, target)
        for sender, table in system.tables.items()
        for target, events in (table.chart.sends or {}).items()
        for event in events
    }


@pytest.mark.parametrize("level", ["story", "everything"])
def test_the_picture_of_relink_holds_exactly_the_sends_of_its_machines(level: str):
    dots = shown(system_svg(relink_system(), level))
    outside = {(None, event.name, target) for target in ROUTED for event in ROUTED[target]}
    assert len(dots) == len(set(dots))
    assert set(dots) == declared_by(relink_system()) | outside


@given(systems())
def test_a_picture_holds_exactly_the_sends_of_its_system(system: System):
    dots = shown(system_svg(system, "everything"))
    assert sorted(shown(system_svg(system)), key=str) == sorted(dots, key=str)
    assert len(dots) == len(set(dots))
    assert {dot for dot in dots if dot[0]} == declared_by(system)


def test_dots_stand_on_the_lane_of_their_sender_and_arrows_end_at_the_lane_of_their_machine():
    root = ElementTree.fromstring(system_svg(relink_system(), "everything"))
    lanes: dict[str, set[str]] = {}
    for dot in root.iter(f"{SVG}g"):
        title = dot.find(f"{SVG}title")
        if title is not None:
            lanes.setdefault(title.text.split(" ")[0], set()).add(
                dot.find(f"{SVG}circle").get("cx")
            )
    assert all(len(xs) == 1 for xs in lanes.values())
    order = sorted(lanes, key=lambda lane: float(*lanes[lane]))
    assert order == ["outside", *CHARTS]


def test_the_story_has_a_row_for_each_machine_and_everything_one_for_each_event():
    texts = [x.text for x in ElementTree.fromstring(system_svg(relink_system())).iter(f"{SVG}text")]
    assert all(texts.count(name.replace("_", " ")) == 2 for name in CHARTS)
    everything = ElementTree.fromstring(system_svg(relink_system(), "everything"))
    events = [x.text for x in everything.iter(f"{SVG}text") if x.get("class") == "mono t-ink"]
    assert events == [event.name for chart in CHARTS.values() for event in chart.alphabet]


def test_mermaid_has_an_arrow_for_each_way_with_all_its_events():
    ways = re.findall(r'(\w+) -->\|"(.*)"\| (\w+)', system_mermaid(relink_system()))
    found = {
        (None if source == "outside" else source.removeprefix("s_"), event, target[2:])
        for source, events, target in ways
        for event in events.replace(" ", "_").split("<br>")
    }
    assert found == set(relink_system().sent.sends)


QUIET = """
---
title: "What the machines tell each other"
---
flowchart LR
    s_bell["bell"]
    s_front__45__door["front-door<br>door"]
    %% not declared: what bell sends
""".lstrip()

TOLD = """
---
title: "Bells, and \\"doors\\""
---
flowchart LR
    outside([outside])
    s_door["door"]
    s_bell["bell"]
    outside -->|"opened"| s_door
    s_bell -->|"opened"| s_door
    outside -->|"rung"| s_bell
""".lstrip()


def test_the_text_of_a_system_names_machines_ways_and_what_is_not_declared():
    quiet = System({"bell": bell(None), "front-door": DoorChart}, to_bell, routed={})
    assert system_mermaid(quiet) == QUIET
    routed = {"bell": Rung, "door": Opened}
    loud = System([DoorChart, BellChart], to_bell, routed=routed)
    assert system_mermaid(loud, 'Bells, and "doors"') == TOLD
    inner = system_mermaid(System([DoorChart, BellChart], to_bell, routed={}))
    assert 's_bell -->|"opened"| s_door' in inner
    assert "outside" not in inner


def test_what_is_not_declared_is_said_below_the_picture():
    picture = system_svg(System({"bell": bell(None), "door": DoorChart}, to_bell))
    assert "Not declared: what bell may send." in picture
    unsent = system_svg(System([BellChart, DoorChart], to_bell, routed={}))
    assert "Nobody sends rung to bell." in unsent


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((BellChart,), "a System, and got the class BellChart"),
        ((relink_system(), "moves"), "a level of story, everything, and got 'moves'"),
    ],
)
def test_what_is_no_system_or_level_is_refused(arguments: tuple, problem: str):
    with pytest.raises(ArgumentError, match=problem):
        system_svg(*arguments)
    with pytest.raises(ArgumentError):
        system_mermaid(BellChart)
