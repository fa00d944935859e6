"""A door with a lock: the example chart of these tests."""

from statemachine import State

from relink.engine import (
    Assign,
    Chart,
    Command,
    Event,
    Facts,
    Reason,
    Send,
    Snapshot,
    ignored,
    impossible,
    stays,
)


class Pushed(Event):
    force: int = 1


class KeyTurned(Event):
    pass


class Burnt(Event):
    at: int = 0


class DoorFacts(Facts):
    id: str = "front"
    pushes: int = 0
    has_key: bool = False


class Ring(Command):
    times: int


class DoorChart(Chart):
    facts_type = DoorFacts
    alphabet = (Pushed, KeyTurned, Burnt)

    opened = State(initial=True)

    class closed(State.Compound):  # noqa: N801
        shut = State(initial=True)
        locked = State()

        shut.to(locked, event="key_turned", cond="holds_key")
        locked.to(shut, event="key_turned", cond="holds_key")

    gone = State(final=True)

    opened.to(closed, event="pushed", on="count")
    stays(opened, event="key_turned", unless="holds_key")
    closed.to(opened, event="pushed", cond="is_strong and not is_jammed", before="ring", on="count")
    closed.to(opened, event="pushed", cond=["is_strong", "holds_key"], on="count")
    stays(closed, event="pushed", unless="is_strong", on=["ring", "count"])
    opened.to(gone, event="burnt")
    closed.to(gone, event="burnt", on="report")

    decided = (
        impossible(opened, KeyTurned, when="holds_key", because="the key is on the wall"),
        ignored(closed, KeyTurned, because=Reason("no_key", "there is no key")),
        ignored(gone, (Pushed, KeyTurned), because="it is gone"),
        ignored(gone, Burnt, because="it burnt before", anomaly=True),
        ignored(closed, Pushed, because="jammed", when="is_jammed and not holds_key"),
    )

    def is_strong(self, facts, trigger):
        return trigger.force > 3

    def is_jammed(self, facts, trigger):
        return facts.pushes > 100

    def holds_key(self, facts, trigger):
        return facts.has_key

    def count(self, facts, trigger):
        return Assign(pushes=facts.pushes + 1)

    def ring(self, facts, trigger):
        return Ring(times=facts.pushes)

    def report(self, facts, trigger):
        return [Send(machine="house", key=facts.id, event=trigger), Assign(has_key=False)]

    def on_enter_opened(self, facts, trigger):
        return Ring(times=7)

    def on_enter_closed(self, facts, trigger):
        return [Ring(times=1), Ring(times=2)]


TABLE = DoorChart.table()


def at(state: str, **facts: object) -> Snapshot[DoorFacts]:
    return Snapshot(state, DoorFacts(**facts), 4)
