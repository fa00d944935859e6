"""The chart that every slip starts from, as source text, and what a slip is."""

from dataclasses import dataclass

DOOR = """\
class Pushed(Event):
    force: int = 1


class Locked(Event):
    at: int = 0


class Slammed(Event):
    pass


class Ring(Command):
    times: int


class DoorFacts(Facts):
    id: str = "front"
    pushes: int = 0
    has_key: bool = False


class Door(Chart):
    facts_type = DoorFacts
    alphabet = (Pushed, Locked)

    opened = State(initial=True)
    shut = State()

    opened.to(shut, event="pushed", on="count")
    shut.to(opened, event="pushed", cond="is_strong")
    stays(opened, event="locked", on="ring")

    decided = (
        ignored(shut, Pushed, because="It is too heavy."),
        ignored(shut, Locked, because="It is shut."),
    )

    def is_strong(self, facts, trigger):
        return trigger.force > 3

    def count(self, facts, trigger):
        return Assign(pushes=facts.pushes + 1)

    def ring(self, facts, trigger):
        return Ring(times=facts.pushes)
"""

GATE = """

class Opened(Event):
    pass


class GateFacts(Facts):
    id: str


class Gate(Chart):
    facts_type = GateFacts
    alphabet = (Opened,)
    wide = State(initial=True)
    narrow = State()
    wide.to(narrow, event="opened")
    narrow.to(wide, event="opened")
"""
"""Another chart, for slips that mix two up."""


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip: a change of the chart's source, and an expression evaluated after it."""

    name: str
    change: tuple[tuple[str, str], ...] = ()
    """Texts of the source with what replaces them."""
    then: str = "Door.table()"
    """Evaluated after the chart's source."""
    error: str = ""
    """The name of the error; empty if the slip is understood."""
    words: tuple[str, ...] = ()
    """What the message says: the place, and the cure."""
    names: str = "Door"
    """Whose name the message has: the chart's, a record's or a function's."""

    def source(self) -> str:
        """The source with the change."""
        source = DOOR
        for old, new in self.change:
            assert source.count(old) == 1, f"{self.name}: {old!r}"
            source = source.replace(old, new)
        return source + GATE


def change(name: str, old: str, new: str, error: str, *words: str) -> Slip:
    """A change of the chart that is refused when it is declared or compiled."""
    return Slip(name, ((old, new),), error=error, words=words)


def understood(name: str, old: str, new: str) -> Slip:
    """A change of the chart that changes nothing: it means the same."""
    return Slip(name, ((old, new),))


def call(name: str, then: str, error: str, *words: str, names: str = "door") -> Slip:
    """A call that is refused."""
    return Slip(name, then=then, error=error, words=words, names=names)


def accepted(name: str, then: str) -> Slip:
    """A call that is understood: the expression is true."""
    return Slip(name, then=then)
