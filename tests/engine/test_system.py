"""Systems: routing, delivery of sent events in order, and one step with everything that changed."""

import pytest
from statemachine import State

from relink.engine import (
    Address,
    Assign,
    Chart,
    Command,
    Event,
    Facts,
    Load,
    Send,
    Snapshot,
    System,
    ignored,
    stays,
)
from relink.engine.errors import EndlessSystemError, FieldValueError, UnknownMachineError


class Ordered(Event):
    """From outside: a guest wants a dish."""

    table: str
    dish: str


class Told(Event):
    dish: str


class Cooked(Event):
    dish: str


class Closed(Event):
    pass


class Cook(Command):
    dish: str


class Serve(Command):
    table: str
    dish: str


class TableFacts(Facts):
    id: str
    dishes: tuple[str, ...] = ()


class TableChart(Chart):
    """A table in a restaurant."""

    facts_type = TableFacts
    alphabet = (Ordered, Cooked)

    empty = State(initial=True)
    waiting = State()

    empty.to(waiting, event="ordered", on="tell_kitchen")
    stays(waiting, event="ordered", on="tell_kitchen")
    waiting.to(empty, event="cooked", on="serve")
    decided = (ignored(empty, Cooked, because="no guest waits for it"),)

    def tell_kitchen(self, facts, trigger):
        told = Told(dish=trigger.dish)
        return [
            Assign(dishes=(*facts.dishes, trigger.dish)),
            Send(machine="kitchen", key="1", event=told),
        ]

    def serve(self, facts, trigger):
        return [Assign(dishes=()), Serve(table=facts.id, dish=trigger.dish)]


class KitchenFacts(Facts):
    id: str


class KitchenChart(Chart):
    """The kitchen: it cooks, and reports to the table."""

    facts_type = KitchenFacts
    alphabet = (Told, Closed)

    open = State(initial=True)
    shut = State(final=True)

    stays(open, event="told", on="cook")
    open.to(shut, event="closed")
    decided = (ignored(shut, (Told, Closed), because="it is night"),)

    def cook(self, facts, trigger):
        ready = Cooked(dish=trigger.dish)
        return [Cook(dish=trigger.dish), Send(machine="table", key="7", event=ready)]


def to_table(trigger: Event, load: Load) -> list[Send]:
    assert isinstance(trigger, Ordered)
    return [Send(machine="table", key=trigger.table, event=trigger)]


SYSTEM = System({"table": TableChart.table(), "kitchen": KitchenChart.table()}, to_table)
TABLE, KITCHEN = Address("table", "7"), Address("kitchen", "1")


def test_sent_events_are_delivered_in_order_within_one_step():
    step = SYSTEM.step(Ordered(table="7", dish="soup"), {}.get)
    assert [(d.address, d.decision.trigger.name) for d in step.deliveries] == [
        (TABLE, "ordered"),
        (KITCHEN, "told"),
        (TABLE, "cooked"),
    ]
    assert step.commands == (Cook(dish="soup"), Serve(table="7", dish="soup"))
    assert step.snapshots[TABLE] == Snapshot("empty", TableFacts(id="7"), 2)


def test_a_stored_machine_continues_from_its_version():
    stored = {TABLE: Snapshot("empty", TableFacts(id="7"), 41)}
    step = SYSTEM.step(Ordered(table="7", dish="soup"), stored.get)
    assert step.snapshots[TABLE].version == 43
    assert stored == {TABLE: Snapshot("empty", TableFacts(id="7"), 41)}


def test_a_step_loads_each_machine_once():
    loaded = []

    def load(address: Address) -> None:
        loaded.append(address)

    SYSTEM.step(Ordered(table="7", dish="soup"), load)
    assert loaded == [TABLE, KITCHEN]


def test_a_step_returns_equal_commands_once():
    def twice(trigger: Event, load: Load) -> list[Send]:
        return to_table(trigger, load) * 2

    system = System(SYSTEM.tables, twice)
    step = system.step(Ordered(table="7", dish="soup"), {}.get)
    assert step.commands == (Cook(dish="soup"), Serve(table="7", dish="soup"))


def test_a_step_is_a_pure_function_of_event_and_snapshots():
    order = Ordered(table="7", dish="soup")
    assert SYSTEM.step(order, {}.get) == SYSTEM.step(order, {}.get)


def test_replaying_the_events_of_a_machine_gives_its_snapshot():
    world: dict[Address, Snapshot[Facts]] = {}
    received: list[Event] = []
    for dish in ("soup", "bread", "soup"):
        step = SYSTEM.step(Ordered(table="7", dish=dish), world.get)
        received += [d.decision.trigger for d in step.deliveries if d.address == TABLE]
        world.update(step.snapshots)
    assert SYSTEM.replay(TABLE, received) == world[TABLE]


def test_the_id_of_a_command_is_a_function_of_its_name_and_data():
    assert Cook(dish="soup").id == Cook(dish="soup").id
    assert Cook(dish="soup").id.startswith("cook_")
    others = {Cook(dish="soup").id, Cook(dish="bread").id, Serve(table="7", dish="soup").id}
    assert len(others) == 3


def test_the_id_of_a_command_is_the_same_in_every_release():
    """The gateway keeps it: another id would be another request."""
    assert Cook(dish="soup").id == "cook_b191b2497d4987bc158d1e39"
    told = Send(machine="table", key="7", event=Told(dish="soup"))
    assert told.id == "send_d04a3e63b0e6cc08aaeed8af"


def test_commands_with_different_events_have_different_ids():
    told = Send(machine="table", key="7", event=Told(dish="soup"))
    cooked = Send(machine="table", key="7", event=Cooked(dish="soup"))
    assert told.id != cooked.id


def test_an_event_for_an_unknown_machine_is_an_error_that_names_it():
    system = System({"table": TableChart.table()}, to_table)
    with pytest.raises(
        UnknownMachineError, match="the system has no machine 'kitchen'; it has table"
    ):
        system.step(Ordered(table="7", dish="soup"), {}.get)


class Ping(Event):
    pass


class EchoFacts(Facts):
    id: str


class EchoChart(Chart):
    """A machine that sends every event on to another one."""

    facts_type = EchoFacts
    alphabet = (Ping, Closed)

    here = State(initial=True)
    gone = State(final=True)

    stays(here, event="ping", on="answer")
    here.to(gone, event="closed")
    decided = (ignored(gone, (Ping, Closed), because="it is gone"),)

    def answer(self, facts, trigger):
        return Send(machine="echo", key="a" if facts.id == "b" else "b", event=trigger)


def test_machines_that_send_each_other_events_without_end_are_an_error_that_shows_the_cycle():
    def begin(trigger: Event, load: Load) -> list[Send]:
        return [Send(machine="echo", key="start", event=trigger)]

    system = System({"echo": EchoChart.table()}, begin, limit=50)
    with pytest.raises(EndlessSystemError) as endless:
        system.step(Ping(), {}.get)
    assert endless.value.trail == ("echo:a ← ping", "echo:b ← ping", "echo:a ← ping")
    assert "more than 50 deliveries" in str(endless.value)


class FanChart(Chart):
    """A machine that sends every event on to two others, whose keys are longer by a letter."""

    facts_type = EchoFacts
    alphabet = (Ping,)

    here = State(initial=True)
    absorbing = (here,)
    stays(here, event="ping", on="answer")

    def answer(self, facts, trigger):
        return [Send(machine="fan", key=f"{facts.id}{way}", event=trigger) for way in "lr"]


@pytest.mark.parametrize("limit", range(12))
def test_an_endless_step_shows_how_it_came_to_its_last_event(limit: int):
    def begin(trigger: Event, load: Load) -> list[Send]:
        return [Send(machine="fan", key="x", event=trigger)]

    with pytest.raises(EndlessSystemError) as endless:
        System({"fan": FanChart.table()}, begin, limit=limit).step(Ping(), {}.get)
    # Each machine answers two: so the one in place n was answered by the one in place n // 2.
    place, ways = limit + 1, ""
    while place > 1:
        place, way = divmod(place, 2)
        ways = "lr"[way] + ways
    keys = [f"x{ways[:length]}" for length in range(len(ways) + 1)]
    assert endless.value.trail == tuple(f"fan:{key} ← ping" for key in keys)


class Bell(Event):
    """From outside: it rings in some rooms."""

    rooms: tuple[str, ...]


class Looked(Event):
    pass


class Lights(Event):
    pass


class Report(Command):
    lit: int


class HallFacts(Facts):
    id: str
    lit: int = 0


class HallChart(Chart):
    """The hall: it counts the lights, and reports on them once all of them are on."""

    facts_type = HallFacts
    alphabet = (Lights, Looked)

    open = State(initial=True)
    closed = State(final=True)
    open.to(closed, event="looked", cond="is_late", on="report")
    stays(open, event="looked", on="report")
    stays(open, event="lights", on="count")
    decided = (ignored(closed, (Lights, Looked), because="the hall is closed"),)

    def is_late(self, facts, trigger):
        return facts.lit > 9

    def count(self, facts, trigger):
        look = Send(machine="hall", key=facts.id, event=Looked(), phase=1)
        return [Assign(lit=facts.lit + 1), look]

    def report(self, facts, trigger):
        return Report(lit=facts.lit)


def to_rooms(trigger: Event, load: Load) -> list[Send]:
    assert isinstance(trigger, Bell)
    return [Send(machine="hall", key="1", event=Lights()) for _ in trigger.rooms]


HALL = System({"hall": HallChart.table()}, to_rooms)


def test_a_later_phase_begins_when_nothing_of_the_earlier_ones_is_left():
    step = HALL.step(Bell(rooms=("a", "b", "c")), {}.get)
    assert [d.decision.trigger.name for d in step.deliveries] == [
        "lights",
        "lights",
        "lights",
        "looked",
    ]


def test_of_equal_events_that_wait_for_a_later_phase_one_is_delivered():
    assert HALL.step(Bell(rooms=("a", "b", "c")), {}.get).commands == (Report(lit=3),)


def test_an_event_of_an_earlier_phase_goes_before_what_waits_for_a_later_one():
    def to_both(trigger: Event, load: Load) -> list[Send]:
        late = Send(machine="hall", key="1", event=Looked(), phase=2)
        return [late, Send(machine="hall", key="1", event=Lights())]

    step = System(HALL.tables, to_both).step(Bell(rooms=()), {}.get)
    assert [d.decision.trigger.name for d in step.deliveries] == ["lights", "looked", "looked"]


def test_a_key_that_the_id_of_the_facts_cannot_be_is_refused_with_the_field():
    class Numbered(Facts):
        id: int

    class NumberedChart(EchoChart):
        facts_type = Numbered

    system = System({"numbered": NumberedChart}, lambda trigger, load: [])
    assert system.begin(Address("numbered", "7")).facts == Numbered(id=7)
    with pytest.raises(FieldValueError, match=r"^Numbered: the field id takes int, and got a"):
        system.begin(Address("numbered", "seven"))
