"""Pictures of small odd charts that somebody has looked at.

How wide a border is, which of two free places a state takes, where a number stands: much of what
draws is a free choice, and only who looks at a picture can say whether it is a good one. Somebody
looked at each of these. They are compared to the letter, so that each constant and each tie counts.
When one changes, write all of them anew, and look in a browser at each that differs:

    python -m tests.engine.approved

Each is here for a branch that the pictures of the documentation do not take, or for a bound. The
charts mean nothing. What has a suffix other than ``.svg`` is text for Mermaid or Graphviz.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from relink.engine import System, Table
from relink.engine.diagram import Overlay, dot, mermaid, svg, system_mermaid, system_svg
from relink.engine.diagram.lanes import SYSTEM_LEVELS
from relink.engine.story import Plain, Story, Tone, Words

from .drawn_charts import PARCEL
from .odd_charts import charted, told_each_other

FOLDER = Path(__file__).with_name("pictures")

KEY = "the light goes on as soon as anybody turns the key to it"
LAMP = """
    off -> on: pressed
    on -> off: pressed
"""

SCATTERED = """
    s0 -> s4: scattered if is_one
    s0 -> s3: scattered if is_two
    s0 -> s2: scattered if is_three
    s0 -> s1: scattered if is_four
    s0 stays: scattered if not is_five
    s0 reports: scattered if is_five
"""

TONES = """
    asked -> waiting: agreed
    waiting -> linked: arrived
    waiting -> broken: failed
    linked -> broken: failed timed_out
    broken -> asked: retried
    linked -> replaced: renewed
    asked -> closed: withdrawn
    waiting -> closed: withdrawn
    linked -> closed: withdrawn
    broken -> closed: withdrawn
"""
TONES_TOLD = Story(
    title="A link to the account at a bank, as an example of every tone there is.",
    states={
        "asked": Plain("Asked", "wait for an answer of the customer, and remind them"),
        "waiting": Plain("On its way", "wait", Tone.WAITING),
        "linked": Plain("Linked", "charge it", Tone.GOOD),
        "broken": Plain("Broken, and somebody has to see to it", "call", Tone.ALERT),
        "replaced": Plain("Replaced", "look at the other one", Tone.MOVED_ON),
        "closed": Plain("Closed", "forget it", Tone.STOPPED),
    },
    usual=("asked", "waiting", "linked"),
    words=(
        Words("asked", "waiting", "The customer agrees"),
        Words("waiting", "linked", "It arrives"),
        Words("waiting", "broken", "It fails on the way, for whatever reason there may be"),
        Words("linked", "broken", "It fails"),
        Words("broken", "asked", "Somebody tries again"),
        Words("linked", "replaced", "A newer one takes its place"),
        Words(None, "closed", "The customer withdraws"),
    ),
    note="What the bank does besides is not shown, since it says nothing about that, and nobody "
    "here would know what to make of that.",
)

STAR = """
    hub -> a: to_one
    hub -> b: to_two
    hub -> c: to_three
    hub -> d: to_four
    hub -> e: to_five
    hub -> f: to_six
    hub -> g: to_seven
    a -> hub: forth and_on back
    b -> hub: forth and_on back
    c -> hub: forth and_on back
    d -> hub: forth and_on back
    e -> hub: forth and_on back
    f -> hub: forth and_on back
    g -> hub: back
"""
STAR_TOLD = Story(usual=("hub",), words=tuple(Words(each, "hub", "back") for each in "abcdefg"))

A = "a_state_whose_name_goes_on_and_on"
B = "another_one_with_as_long_a_name"
C = "an_end_of_a_name_that_fills_all_of_the_second_line"
D = "Donaudampfschifffahrtselektrizitaeten"
LONG = f"""
    {A} -> {B}: an_event_with_one_long_name_too
    {B} -> {A}: went_back if is_rather_long_as_guard and not is_another_long_guard
    {B} -> {C}: went_on
    {A} -> {C}: went_on if is_fit
    {D} -> {A}: went_on
    {B} -> {D}: went{"_on_and" * 6}_on
"""

NESTED = """
    idle -> first: started if is_ready
    busy -> idle: stopped if is_ready
    first -> second: stepped if is_ready and (is_high or is_low)
    second -> third: stepped
    third -> fourth: stepped
    fourth -> idle: stepped if not is_new
    fourth -> over: stepped if is_new
    second stays: looked_again
    idle reports: stepped
    idle -> over: crashed
    busy -> over: crashed
    first -> idle: paused if is_high
    first -> idle: paused if is_low
    first -> over: paused if is_new
    second -> over: paused if is_new
    second -> idle: paused if is_low
    second -> idle: paused if is_high
    deep -> idle: paused if is_high or is_low
    deep -> over: paused if is_new
    deep -> second: looked_again
"""
INSIDE = {"deep": ("third", "fourth"), "busy": ("first", "second", "deep")}

BESIDE = {
    "round-of-7": (7, True, "5-0 0-4 5-1 2-6"),
    "round-of-6": (6, True, "2-0 4-2 1-5 0-5 4-0 0-3 0-2 3-2 4-3"),
    "round-of-9": (9, True, "5-8 6-5 2-8 5-7 0-4 0-3 0-6 5-3 8-7 7-3 2-6 6-3 0-7 4-0"),
    "way-of-11": (
        11,
        False,
        "6-5 3-10 0-9 3-9 8-0 0-7 9-2 10-0 6-1 9-1 6-9 4-9 10-8 9-5 5-10 1-0 9-4",
    ),
}
"""How many states go round, or along a way, and which arrows run beside that."""

# Names of machines that are hardly narrower, and hardly wider, than what is left of all lanes.
FITS = "once_list_and_bank_keeps_who_ends_what"
WRAPS = "what_the_link_to_that_bank_see_in_at_once"
MANY: Mapping[str, Mapping[str, str] | None] = {
    FITS: {WRAPS: "told"},
    WRAPS: {FITS: "told"},
    "customer": {"account_of_the_customer": "asked"},
    "account_of_the_customer": {"authorization_of_the_bank": "asked opened"},
    "authorization_of_the_bank": {
        "account_of_the_customer": "an_event_with_one_name_that_goes_on_until_it_is_too_long",
        "mandate": "opened",
    },
    "account_number": {"mandate": "opened"},
    "mandate": {"customer": "told_if_it_is_still_filled_till_it_is_lit"},
    "payment_method": {},
}
MANY_TOLD = {
    "mandate": Story("link keeps each what may ends them until"),
    "customer": Story("the who at each until what bank keeps for"),
}
FEW: Mapping[str, Mapping[str, str] | None] = {
    "a": {"b": "asked told"},
    "b": {"a": "answered", "b": "again"},
    "c": {"b": "asked", "d": "told"},
    "d": {"b": "asked"},
    "quiet": None,
}


def ring(states: int) -> str:
    """States in a round."""
    names = [f"s{number}" for number in range(states)]
    return "\n".join(f"{a} -> {b}: on" for a, b in zip(names, [*names[1:], "s0"], strict=True))


def complete(states: int) -> str:
    """Every state leads to every other one."""
    names = [f"s{number}" for number in range(states)]
    return "\n".join(f"{a} -> {b}: to_{b}" for a in names for b in names if a != b)


def beside(states: int, is_round: bool, arrows: str) -> Table:
    """A chart whose states have fixed places, with arrows between them that go anywhere."""
    way = [f"s{number}" for number in range(states)] + ["s0"] * is_round
    pairs = [
        *pairwise(way),
        *((f"s{a}", f"s{b}") for a, b in (arrow.split("-") for arrow in arrows.split())),
    ]
    text = "\n".join(f"{a} -> {b}: to_{b}" for a, b in pairs)
    return charted(text, story=in_full(text, *way))


def in_full(text: str, *usual: str) -> Story:
    """A story with words for each move of a chart."""
    moves = [line.split(":")[0].strip().split(" -> ") for line in text.strip().splitlines()]
    return Story(usual=usual, words=tuple(Words(a, b, f"{a} to {b}") for a, b in moves))


def light(table: Table, level: Any = "story", **given: Any) -> str:
    """A picture of a chart in light colours, which are fewer than those of both kinds."""
    return svg(table, level, theme="light", **given)


Drawn = dict[str, Callable[[], str]]


def of_charts() -> Drawn:
    """What happens, in a row, in a round and in neither; all moves; and both with an overlay."""
    lamp = cache(lambda: charted(LAMP))
    tones = cache(lambda: charted(TONES, story=TONES_TOLD))
    long = cache(lambda: charted(LONG))
    nested = cache(lambda: charted(NESTED, inside=INSIDE))
    star = cache(lambda: charted(STAR, story=STAR_TOLD))
    taken = {
        ("asked", "agreed", "waiting"): 1,
        ("waiting", "arrived", "linked"): 1200,
        ("linked", "timed_out", "broken"): 2,
        ("asked", "withdrawn", "closed"): 3,
    }
    return {
        "lamp.svg": lambda: light(lamp()),
        "lamp-dark.svg": lambda: svg(lamp(), theme="dark"),
        "lamp-moves.svg": lambda: light(lamp(), "moves"),
        "one-move.svg": lambda: light(charted("open -> shut: pushed"), "moves"),
        "tones.svg": lambda: svg(tones()),
        "tones-moves.svg": lambda: light(tones(), "moves"),
        "tones-overlay.svg": lambda: light(
            tones(),
            overlay=Overlay(
                here="linked",
                path=("asked", "waiting", "linked"),
                counts={"asked": 1, "linked": 12345},
                moves=taken,
                shows_missing=True,
            ),
        ),
        "tones-moves-overlay.svg": lambda: light(
            tones(),
            "moves",
            overlay=Overlay("closed", ("asked", "waiting"), moves=taken, shows_missing=True),
        ),
        "ring-3.svg": lambda: light(charted(ring(3))),
        "ring-7.svg": lambda: light(charted(ring(7))),
        "ring-10.svg": lambda: light(charted(ring(10))),
        "ring-11.svg": lambda: light(charted(ring(11))),
        **{
            f"{name}.svg": lambda given=given: light(beside(*given))  # type: ignore[misc]
            for name, given in BESIDE.items()
        },
        "complete-6.svg": lambda: light(
            charted(complete(6), story=in_full(complete(6), "s0", "s1"))
        ),
        "strips.svg": lambda: light(
            charted(LAMP, story=Story(words=(Words(None, "off", "dark"), Words(None, "on", KEY))))
        ),
        "star-moves.svg": lambda: light(star(), "moves"),
        "long.svg": lambda: light(long()),
        "long-moves.svg": lambda: light(long(), "moves"),
        "nested.svg": lambda: light(nested()),
        "nested-moves.svg": lambda: light(nested(), "moves"),
        "star-focus.svg": lambda: light(star(), focus="hub"),
        "star-focus-end.svg": lambda: light(star(), focus="g"),
        "tones-focus.svg": lambda: light(tones(), focus="closed"),
        "long-focus.svg": lambda: light(long(), focus=B),
        "nested-focus.svg": lambda: light(nested(), focus="third"),
        "nested-matrix.svg": lambda: light(nested(), "everything"),
        "long-matrix.svg": lambda: light(long(), "everything"),
        "ring-28-matrix.svg": lambda: light(charted(ring(28) + SCATTERED), "everything"),
        "lamp.dot": lambda: dot(lamp()),
        "parcel.dot": lambda: dot(PARCEL, "road"),
        "nested.dot": lambda: dot(nested()),
        "long.dot": lambda: dot(long()),
        "parcel.mmd": lambda: mermaid(PARCEL, "road"),
        "tones.mmd": lambda: mermaid(tones()),
        "nested.mmd": lambda: mermaid(nested()),
        "long.mmd": lambda: mermaid(long()),
    }


def of_systems() -> Drawn:
    """Machines that send nothing, each other, themselves, or more than one can say."""

    def both(name: str, system: Callable[[], System]) -> Drawn:
        return {
            f"{name}-{level}.svg": lambda level=level: system_svg(  # type: ignore[misc]
                system(), level, title="Letters" * (level == "story"), theme="light"
            )
            for level in SYSTEM_LEVELS
        } | {f"{name}.mmd": lambda: system_mermaid(system())}

    return {
        "no-machines.svg": lambda: system_svg(told_each_other({}), theme="light"),
        "no-letters.svg": lambda: system_svg(told_each_other({"alone": {}}, {}), theme="light"),
        **both("few", lambda: told_each_other(FEW, {"a": "called"})),
        **both("many", lambda: told_each_other(MANY, {}, MANY_TOLD)),
    }


PICTURES = {**of_charts(), **of_systems()}


def write() -> None:
    """Write all pictures anew."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    write()
