"""A chart whose names mean something to other tools, or are not ASCII."""

from statemachine import State

from relink.engine import Assign, Chart, Command, Event, Facts, Reason, ignored, impossible, stays


class Wildcard(Event):
    pass


class Geöffnet(Event):
    pass


class Hasownproperty(Event):
    pass


class Ring(Command):
    pass


class RootFacts(Facts):
    id: str = "x"
    count: int = 0


class RootChart(Chart):
    """A root whose states are "<named> & 'shamed'"."""

    facts_type = RootFacts
    alphabet = (Wildcard, Geöffnet, Hasownproperty)

    root = State(initial=True, enter="constructor")

    class constructor_(State.Compound):  # noqa: N801
        größe = State()
        deep = State(initial=True)
        größe.to(deep, event="wildcard")

    start = State()
    final = State(final=True)

    root.to(constructor_, event="wildcard", cond="toString and not hasOwnProperty or über")
    stays(root, event="geöffnet", on=["valueOf", "constructor"])
    constructor_.to(root, event="geöffnet", unless="constructor_guard")
    constructor_.deep.to(constructor_.größe, event="wildcard", cond="toString", on="valueOf")
    constructor_.to(start, event="hasownproperty")
    start.to(final, event="wildcard", cond="über")
    start.to(root, event="wildcard", cond="hasOwnProperty")

    decided = (
        ignored(final, (Wildcard, Geöffnet, Hasownproperty), because="over"),
        ignored(root, Wildcard, because='<nothing> & "nobody" \']]>', when="not über"),
        ignored(
            root, Hasownproperty, because=Reason("prototype", "It\n  has\nnone."), anomaly=True
        ),
        ignored(constructor_, Geöffnet, because="closed", when="constructor_guard"),
        impossible(constructor_.deep, Wildcard, because="it has one", when="not toString"),
        ignored(start, (Geöffnet, Hasownproperty), because="größer als > früher"),
        ignored(start, Wildcard, because="neither", when="not über and not hasOwnProperty"),
    )

    def toString(self, facts: RootFacts, trigger: Event) -> bool:
        """Is it text?"""
        return True

    def hasOwnProperty(self, facts: RootFacts, trigger: Event) -> bool:
        return True

    def über(self, facts: RootFacts, trigger: Event) -> bool:
        return True

    def constructor_guard(self, facts: RootFacts, trigger: Event) -> bool:
        return True

    def valueOf(self, facts: RootFacts, trigger: Event) -> Assign:
        return Assign(count=facts.count + 1)

    def constructor(self, facts: RootFacts, trigger: Event) -> Ring:
        return Ring()
