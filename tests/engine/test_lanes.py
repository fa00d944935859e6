"""Lanes: a dot for each sender, an arrow from each side, and labels that never meet."""

import re
from collections import defaultdict
from itertools import product
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings

from relink.engine import System
from relink.engine.diagram import system_svg
from relink.engine.diagram.measure import width

from ..profile import examples
from .systems import EVENTS, charted, nowhere, systems

SVG = "{http://www.w3.org/2000/svg}"
OUTSIDE = "outside"


def lanes(system: System) -> list[str]:
    outside = [OUTSIDE] * any(each.sender is None for each in system.sent.sends)
    return [*outside, *system.tables]


def middles(system: System, left: float) -> dict[str, float]:
    """Where lanes are, if they share what is right of their names equally."""
    names = lanes(system)
    step = (830 - 12 - left) / len(names)
    return {lane: left + step * (index + 0.5) for index, lane in enumerate(names)}


def left_of_lanes(system: System) -> float:
    """Names have the room of the longest event, a third of the width at most."""
    longest = max((len(each.event) for each in system.sent.sends), default=0)
    return 12 + min(longest * 0.61 * 11.5 * 1.03 + 14, 806 * 0.34)


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow])
@given(systems())
def test_each_row_has_a_dot_for_each_sender_and_an_arrow_from_each_side(system: System):
    at = middles(system, left_of_lanes(system))
    senders: dict[str, dict[tuple[str, ...], set[str]]] = {"story": {}, "everything": {}}
    for each in system.sent.sends:
        lane = each.sender or OUTSIDE
        senders["story"].setdefault((each.target,), set()).add(lane)
        senders["everything"].setdefault((each.target, each.event), set()).add(lane)
    for level, expected in senders.items():
        picture = system_svg(system, level)  # type: ignore[arg-type]
        root = ElementTree.fromstring(picture)
        dots = defaultdict(set)
        for dot in root.iter(f"{SVG}circle"):
            dots[float(dot.get("cy", 0))].add(float(dot.get("cx", 0)))
        arrows = defaultdict(set)
        for line in root.iter(f"{SVG}path"):
            if line.get("class") == "line":
                found = re.fullmatch(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)", line.get("d", ""))
                assert found
                x, y, to_x, to_y = map(float, found.groups())
                assert y == to_y
                arrows[y].add((x, to_x))
        assert len(dots) == len(expected)
        for (y, found_dots), (row, found_senders) in zip(
            sorted(dots.items()), expected.items(), strict=True
        ):
            aim = at[row[0]]
            xs = [at[lane] for lane in found_senders]
            assert sorted(found_dots) == [round(x, 1) for x in sorted(xs)], (level, row)
            # From the sender that is farthest away, to the border of the lane but for the tip.
            ends = {(min(xs), aim - 6 - 8)} if min(xs) < aim else set()
            ends |= {(max(xs), aim + 6 + 8)} if max(xs) > aim else set()
            near = [
                arrow for at_y, those in arrows.items() if abs(at_y - y) < 0.2 for arrow in those
            ]
            assert len(near) == len(ends)
            for (x, to_x), (end, to_end) in zip(sorted(near), sorted(ends), strict=True):
                assert abs(x - end) < 0.11
                assert abs(to_x - to_end) < 0.11


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
@given(systems())
def test_what_is_sent_is_counted_and_described(system: System):
    sends = system.sent.sends
    for level in ("story", "everything"):
        root = ElementTree.fromstring(system_svg(system, level, title="Who tells whom"))
        assert root.findtext(f"{SVG}title") == "Who tells whom"
        described = " ".join(f"{x.sender or OUTSIDE} to {x.target}: {x.event}." for x in sends)
        assert (root.findtext(f"{SVG}desc") or "") == described
        said = " ".join(each.text or "" for each in root.iter(f"{SVG}text"))
        ways = len({(each.sender, each.target) for each in sends})
        assert f"{len(sends)} message{'' if len(sends) == 1 else 's'}, " in said
        assert f"between {ways} pair{'' if ways == 1 else 's'} of machines" in said
        hints = [each.findtext(f"{SVG}title") for each in root.iter(f"{SVG}g")]
        told = sorted(each for each in hints if each)
        if level == "everything":
            assert told == sorted(f"{x.sender or OUTSIDE} to {x.target}: {x.event}" for x in sends)
        else:
            events: dict[str, list[str]] = {}
            for x in sends:
                events.setdefault(f"{x.sender or OUTSIDE} to {x.target}", []).append(x.event)
            assert told == sorted(f"{pair}: {', '.join(each)}" for pair, each in events.items())


def alike(count: int, name: str) -> System:
    """Machines whose names are equally wide, and stand as close as their number makes them."""
    charts = {f"{name}{chr(97 + n)}": charted(f"Chart{n}", EVENTS[:1], {}) for n in range(count)}
    return System(charts, nowhere)


def test_labels_beside_each_other_are_eight_pixels_apart_and_none_is_raised_without_need():
    tried = set()
    for count, letters in product(range(5, 12), range(6, 22)):
        root = ElementTree.fromstring(system_svg(alike(count, "m" + "i" * letters), "story"))
        ends: dict[float, float] = {}
        for label in root.iter(f"{SVG}text"):
            if label.get("class") != "t-ink middle":
                continue
            x, y, text = float(label.get("x", "")), float(label.get("y", "")), label.text or ""
            half = width(text, 11.5, bold=True) / 2
            for height, end in ends.items():
                gap = x - half - end
                tried.add(round(gap))
                if height == y:
                    assert gap > 8 - 0.1
                elif height > y:
                    assert gap <= 8 + 0.1
            ends[y] = x + half
    assert tried > {6, 7, 8, 9, 10}
