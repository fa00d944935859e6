"""The second release: other names, money in cents, and one field for a name."""

from typing import Any

from statemachine import State

from relink.engine import (
    Assign,
    Chart,
    Command,
    Event,
    Facts,
    ignored,
    removed,
    renamed,
    stays,
    upcast,
)
from relink.machines.commands import Notification, Wake

from .one import BellRung, Chime, Renewed, Shelf


def joined(first: str = "", last: str = "") -> dict[str, Any]:
    """One name, as this release makes it of two."""
    return {"name": f"{first} {last}".strip()}


def from_names(first: str = "Ada", last: str = "Lovelace") -> dict[str, Any]:
    """The reader in the first release's events, with the defaults of those."""
    return joined(first, last)


def in_cents(fee: float) -> dict[str, Any]:
    """An amount that was in euros."""
    return {"cents": round(fee * 100)}


class Lent(Event):
    former_names = ("borrowed",)
    upgrades = (
        upcast("first", "last", into="name", by=from_names),
        renamed("name", to="name_of_reader"),
    )

    name_of_reader: str = "Ada Lovelace"
    shelf: Shelf = Shelf(row=7)


class Returned(Event):
    upgrades = (upcast("fee", into="cents", by=in_cents),)

    cents: int = 35


class Lapsed(Event):
    former_names = ("overdue",)

    days: int = 1


class Notify(Notification):
    """Write to the reader."""

    former_names = ("send_letter",)
    upgrades = (renamed("text", to="body"),)

    reader: str
    body: str

    @property
    def subject(self) -> str:
        return self.reader


class LoanFacts(Facts):
    upgrades = (
        upcast(
            "first", "last", into="reader", by=lambda **names: {"reader": joined(**names)["name"]}
        ),
        upcast("fee", into="cents", by=in_cents),
        removed("note"),
    )

    id: str
    reader: str = ""
    cents: int = 0
    renewals: int = 0
    shelves: tuple[Shelf, ...] = ()


class LoanChart(Chart):
    facts_type = LoanFacts
    alphabet = (Lent, Renewed, Returned, Lapsed, BellRung)

    shelved = State(initial=True)
    lent_out = State()

    shelved.to(lent_out, event="lent", on="lend")
    lent_out.to(shelved, event="returned", on="take_back")
    stays(lent_out, event="renewed", on="count")
    stays(lent_out, event="lapsed", on="write")
    stays(lent_out, event="bell_rung", on="ring")

    decided = (
        ignored(shelved, (Renewed, Returned, Lapsed, BellRung), because="it is not lent"),
        ignored(lent_out, Lent, because="it is lent"),
    )
    former_states = {"out": lent_out}

    def lend(self, facts: LoanFacts, trigger: Lent) -> list[Command | Assign]:
        return [
            Assign(reader=trigger.name_of_reader, shelves=(*facts.shelves, trigger.shelf)),
            Wake(machine="loan", key=facts.id, due=50, event=Lapsed(days=3)),
        ]

    def count(self, facts: LoanFacts, trigger: Renewed) -> Assign:
        return Assign(renewals=facts.renewals + 1)

    def take_back(self, facts: LoanFacts, trigger: Returned) -> Assign:
        return Assign(cents=facts.cents + trigger.cents, renewals=0)

    def write(self, facts: LoanFacts, trigger: Lapsed) -> Notify:
        return Notify(reader=facts.reader.split()[0], body=f"{trigger.days} days late")

    def ring(self, facts: LoanFacts, trigger: BellRung) -> Chime:
        return Chime(times=trigger.times)


COMMANDS = (Notify, Chime, Wake)
BY_LETTER = {"b": Lent, "n": Renewed, "r": Returned, "o": Lapsed, "x": BellRung}
