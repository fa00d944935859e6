"""Ways told in lines and drawn as sequence diagrams: every kind of move, and every odd label."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statemachine import State

from relink.engine import Chart, Command, Event, Facts, Send, System, stays
from relink.engine.explore import (
    Move,
    Verdict,
    Way,
    explore,
    never_stuck,
    sequence_diagram,
    sometimes,
    story,
)

from .door import TABLE, Burnt, DoorFacts, KeyTurned, Pushed, at
from .explored import Numbers

# ── what a decision says ──────────────────────────────────────────────────────


def told(move: Move[int]) -> tuple[str, ...]:
    return story(Way(0, (move,)))


def drawn(*moves: Move[int], loop: int | None = None) -> list[str]:
    """The lines of a diagram below its participants."""
    lines = sequence_diagram(Way(0, moves, loop)).splitlines()
    assert lines[0] == "sequenceDiagram"
    assert all(line.startswith("    ") for line in lines[1:])
    return [line.strip() for line in lines[1:] if not line.strip().startswith("participant")]


def participants(*moves: Move[int]) -> list[str]:
    lines = sequence_diagram(Way(0, moves)).splitlines()
    return [line.strip() for line in lines if line.strip().startswith("participant")]


NOTES = {
    "moved": (at("opened"), Pushed(), "opened → shut"),
    "stayed": (at("opened"), KeyTurned(), "opened"),
    "ignored": (at("shut"), KeyTurned(), "ignored: there is no key"),
    "gone": (at("gone"), Burnt(), "ignored: it burnt before"),
}


@pytest.mark.parametrize("name", NOTES)
def test_a_note_says_what_became_of_the_machine(name: str) -> None:
    before, event, note = NOTES[name]
    decision = TABLE.decide(before, event)
    move = Move("it happens", 1, event, outcome=decision)
    assert participants(move) == [
        "participant environment as environment",
        "participant machine as machine",
    ]
    assert drawn(move) == [
        "environment->>machine: it happens",
        f"Note over machine: {note}",
        *(f"machine-->>environment: {each.name}" for each in decision.commands),
    ]
    assert told(move) == ("1. it happens", f"   {decision}")


def test_the_start_of_a_machine_comes_from_no_state() -> None:
    started = TABLE.start(DoorFacts())
    assert drawn(Move("on", 1, outcome=started))[:2] == [
        "environment->>machine: on",
        "Note over machine: opened",
    ]


def test_commands_are_drawn_and_what_is_sent_to_other_machines_is_not() -> None:
    burnt = TABLE.decide(at("shut"), Burnt())
    assert [each.name for each in burnt.commands] == ["send"]
    assert drawn(Move("fire", 1, outcome=burnt))[2:] == []
    shut = TABLE.decide(at("opened"), Pushed())
    assert drawn(Move("push", 1, outcome=shut))[2:] == ["machine-->>environment: ring"] * 2


def test_what_happens_in_the_environment_alone_is_a_note() -> None:
    assert drawn(Move("it rains", 1)) == ["Note over environment: it rains"]
    assert told(Move("it rains", 1)) == ("1. it rains",)


def test_an_error_is_told_with_its_text_and_drawn_with_its_class() -> None:
    move = Move("it breaks", 1, error=KeyError("secret"))
    assert told(move) == ("1. it breaks", "   KeyError: 'secret'")
    assert drawn(move) == ["Note over environment: it breaks: KeyError"]


# ── systems ───────────────────────────────────────────────────────────────────


class Asked(Event):
    of: tuple[str, ...]


class Fetched(Event):
    pass


class Print(Command):
    pass


class NoFacts(Facts):
    id: str


class Desk(Chart):
    """Asks the store for what it is asked for."""

    facts_type = NoFacts
    alphabet = (Asked,)
    open = State(initial=True)
    absorbing = (open,)
    stays(open, event="asked", on="fetch")

    def fetch(self, facts: NoFacts, trigger: Asked) -> Send:
        return Send(machine="store", key="s", event=Fetched())


class Store(Chart):
    facts_type = NoFacts
    alphabet = (Fetched,)
    full = State(initial=True)
    empty = State()
    full.to(empty, event="fetched", on="out")
    empty.to(full, event="fetched")

    def out(self, facts: NoFacts, trigger: Fetched) -> Print:
        return Print()


def route(trigger: Event, load: object) -> list[Send]:
    assert isinstance(trigger, Asked)
    return [Send(machine="desk", key=key, event=trigger) for key in trigger.of]


SHOP = System({"desk": Desk, "store": Store}, route)


def asked(*desks: str) -> Move[int]:
    event = Asked(of=desks)
    return Move("a customer asks", 1, event, outcome=SHOP.step(event, {}.get))


def test_a_step_to_no_machine_is_told_and_drawn_so() -> None:
    assert told(asked()) == ("1. a customer asks", "   routed to no machine")
    assert drawn(asked()) == ["Note over environment: a customer asks"]
    assert participants(asked()) == ["participant environment as environment"]


def test_each_delivery_comes_from_its_sender() -> None:
    assert participants(asked("a", "b")) == [
        "participant environment as environment",
        *(
            f"participant machine_{n} as {name}"
            for n, name in enumerate(("desk a", "desk b", "store s"), 1)
        ),
    ]
    # Both desks send the store the same event.
    lines = drawn(asked("a", "b"))
    assert sorted(lines) == sorted(
        [
            "environment->>machine_1: a customer asks",
            "Note over machine_1: open",
            "environment->>machine_2: a customer asks",
            "Note over machine_2: open",
            "machine_1->>machine_3: fetched",
            "Note over machine_3: full → empty",
            "machine_3-->>environment: print",
            "machine_2->>machine_3: fetched",
            "Note over machine_3: empty → full",
        ]
    )
    first, second = (lines.index(f"machine_{n}->>machine_3: fetched") for n in (1, 2))
    assert lines[first + 1 : first + 3] == [
        "Note over machine_3: full → empty",
        "machine_3-->>environment: print",
    ]
    assert lines[second + 1] == "Note over machine_3: empty → full"


def test_of_three_that_send_the_same_each_is_the_sender_once():
    lines = drawn(asked("a", "b", "c"))
    sent = [line for line in lines if line.endswith("machine_4: fetched")]
    assert sent == [f"machine_{n}->>machine_4: fetched" for n in (1, 2, 3)]


def test_each_delivery_is_told_with_the_place_of_its_machine() -> None:
    step = SHOP.step(Asked(of=("a",)), {}.get)
    assert told(asked("a")) == (
        "1. a customer asks",
        *(f"   {d.address.machine} {d.address.key}: {d.decision}" for d in step.deliveries),
    )
    assert [line.split(":")[0].strip() for line in told(asked("a"))[1:]] == ["desk a", "store s"]


def test_a_machine_keeps_its_place_from_move_to_move() -> None:
    both = [asked("b"), asked("a")]
    assert [each.split()[-2:] for each in participants(*both)[1:]] == [
        ["desk", "b"],
        ["store", "s"],
        ["desk", "a"],
    ]


# ── loops and verdicts ────────────────────────────────────────────────────────

THREE = tuple(Move(f"step {n}", n) for n in (1, 2, 3))


@pytest.mark.parametrize("loop", [0, 1, 2])
def test_a_loop_is_told_and_drawn_where_it_begins(loop: int) -> None:
    lines = [f"{n}. step {n}" for n in (1, 2, 3)]
    assert story(Way(0, THREE, loop)) == (*lines[:loop], "then for ever:", *lines[loop:])
    notes = [f"Note over environment: step {n}" for n in (1, 2, 3)]
    assert drawn(*THREE, loop=loop) == [*notes[:loop], "loop for ever", *notes[loop:], "end"]


def test_a_run_that_stops_or_ends_has_no_loop() -> None:
    lines = tuple(f"{n}. step {n}" for n in (1, 2, 3))
    notes = [f"Note over environment: step {n}" for n in (1, 2, 3)]
    assert story(Way(0, THREE)) == lines
    assert drawn(*THREE) == notes
    assert story(Way(0, THREE, 3)) == (*lines, "and nothing more happens, though it could")
    assert drawn(*THREE, loop=3) == [*notes, "Note over environment: nothing more"]


def test_a_verdict_says_first_what_it_is_about() -> None:
    found = explore(
        Numbers({0: [(1, None)], 1: []}),
        [never_stuck(), sometimes(lambda n: n == 1, name="one"), sometimes(bool, name="open")],
    )
    assert story(found.verdict("never_stuck")) == (
        "never_stuck: nothing can happen any more",
        "1. 0 to 1",
    )
    assert story(found.verdict("one")) == ("one: holds", "1. 0 to 1")
    assert story(Verdict("any", "open")) == ("any: open",)


# ── labels ────────────────────────────────────────────────────────────────────


def read(label: str) -> str:
    """A label of Mermaid as people read it: it writes characters by number as ``#59;``."""
    return unescape(re.sub(r"#(\d+);", r"&#\1;", label.replace("&", "&amp;")))


@given(st.text(st.sampled_from("ab&;#:5\n ->"), max_size=12))
def test_any_label_is_drawn_in_one_line_and_read_as_it_is(label: str) -> None:
    for line in (
        drawn(Move(label, 1))[0] if label.strip() else "Note over environment: ",
        sequence_diagram(Way(0, (Move(label, 1, outcome=TABLE.start(DoorFacts())),))).split("\n")[
            3
        ],
    ):
        _, _, text = line.lstrip().partition(": ")
        assert read(text).strip() == label.replace("\n", " ").strip()
        # A semicolon ends a statement, and a hash begins a character's number.
        assert not re.search(r"[#;]", re.sub(r"#(35|59);", "", text))


def test_a_semicolon_and_a_hash_are_written_by_their_numbers() -> None:
    assert drawn(Move("a; b # c\nd", 1)) == ["Note over environment: a#59; b #35; c d"]
