"""The third release: no bell, a state in two, a model for the reader, and rows are aisles."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from statemachine import State

from relink.engine import (
    Assign,
    Chart,
    Command,
    Event,
    Facts,
    RemovedCommand,
    RemovedEvent,
    ignored,
    removed,
    renamed,
    stays,
    upcast,
)
from relink.machines.commands import Notification, Wake

from .one import Renewed
from .two import from_names, in_cents, joined


class Shelf(BaseModel):
    """Where a book stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    upgrades: ClassVar = (renamed("row", to="aisle"),)

    aisle: int = 0


class Person(BaseModel):
    """A reader."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""


def as_person(name_of_reader: str) -> dict[str, Any]:
    """A reader who was a name."""
    return {"reader": {"name": name_of_reader}}


class CheckedOut(Event):
    former_names = ("borrowed", "lent")
    upgrades = (
        upcast("first", "last", into="name", by=from_names),
        renamed("name", to="name_of_reader"),
        upcast("name_of_reader", into="reader", by=as_person),
    )

    reader: Person = Person(name="Ada Lovelace")
    shelf: Shelf = Shelf(aisle=7)


class Returned(Event):
    upgrades = (upcast("fee", into="cents", by=in_cents),)

    cents: int = 35


class Lapsed(Event):
    former_names = ("overdue",)

    days: int = 1


class BellRung(RemovedEvent):
    pass


class Write(Notification):
    """Write to the reader."""

    former_names = ("send_letter", "notify")
    upgrades = (renamed("text", to="body"), renamed("body", to="words"))

    reader: str
    words: str

    @property
    def subject(self) -> str:
        return self.reader


class Chime(RemovedCommand):
    pass


class LoanFacts(Facts):
    upgrades = (
        upcast(
            "first", "last", into="reader", by=lambda **names: {"reader": joined(**names)["name"]}
        ),
        upcast("fee", into="cents", by=in_cents),
        removed("note"),
        upcast("reader", into="person", by=lambda reader: {"person": {"name": reader}}),
        renamed("cents", to="fee_in_cents"),
    )

    id: str
    person: Person = Person()
    fee_in_cents: int = 0
    renewals: int = 0
    shelves: tuple[Shelf, ...] = ()


def first_or_later(facts: LoanFacts) -> State:
    """Which of two states it is in that were one."""
    return LoanChart.extended if facts.renewals else LoanChart.on_loan


class LoanChart(Chart):
    facts_type = LoanFacts
    alphabet = (CheckedOut, Renewed, Returned, Lapsed)

    shelved = State(initial=True)
    on_loan = State()
    extended = State()

    shelved.to(on_loan, event="checked_out", on="lend")
    on_loan.to(extended, event="renewed", on="count")
    stays(extended, event="renewed", on="count")
    on_loan.to(shelved, event="returned", on="take_back")
    extended.to(shelved, event="returned", on="take_back")
    stays(on_loan, extended, event="lapsed", on="write")

    decided = (
        ignored(shelved, (Renewed, Returned, Lapsed), because="it is not lent"),
        ignored((on_loan, extended), CheckedOut, because="it is lent"),
    )
    former_states = {"out": first_or_later, "lent_out": first_or_later}

    def lend(self, facts: LoanFacts, trigger: CheckedOut) -> list[Command | Assign]:
        return [
            Assign(person=trigger.reader, shelves=(*facts.shelves, trigger.shelf)),
            Wake(machine="loan", key=facts.id, due=50, event=Lapsed(days=3)),
        ]

    def count(self, facts: LoanFacts, trigger: Renewed) -> Assign:
        return Assign(renewals=facts.renewals + 1)

    def take_back(self, facts: LoanFacts, trigger: Returned) -> Assign:
        return Assign(fee_in_cents=facts.fee_in_cents + trigger.cents, renewals=0)

    def write(self, facts: LoanFacts, trigger: Lapsed) -> Write:
        return Write(reader=facts.person.name.split()[0], words=f"{trigger.days} days late")


COMMANDS = (Write, Chime, Wake)
BY_LETTER = {"b": CheckedOut, "n": Renewed, "r": Returned, "o": Lapsed, "x": BellRung}
