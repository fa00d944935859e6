"""The first release."""

from pydantic import BaseModel, ConfigDict
from statemachine import State

from relink.engine import Assign, Chart, Command, Event, Facts, ignored, stays
from relink.machines.commands import Notification, Wake


class Shelf(BaseModel):
    """Where a book stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int = 0


class Borrowed(Event):
    first: str = "Ada"
    last: str = "Lovelace"
    shelf: Shelf = Shelf(row=7)


class Renewed(Event):
    pass


class Returned(Event):
    fee: float = 0.35


class Overdue(Event):
    days: int = 1


class BellRung(Event):
    times: int = 2


class SendLetter(Notification):
    """Write to the reader."""

    reader: str
    text: str

    @property
    def subject(self) -> str:
        return self.reader


class Chime(Notification):
    """Ring a bell."""

    times: int

    @property
    def subject(self) -> str:
        return "bell"


class LoanFacts(Facts):
    id: str
    first: str = ""
    last: str = ""
    fee: float = 0.0
    note: str = ""
    renewals: int = 0
    shelves: tuple[Shelf, ...] = ()


class LoanChart(Chart):
    facts_type = LoanFacts
    alphabet = (Borrowed, Renewed, Returned, Overdue, BellRung)

    shelved = State(initial=True)
    out = State()

    shelved.to(out, event="borrowed", on="lend")
    out.to(shelved, event="returned", on="take_back")
    stays(out, event="renewed", on="count")
    stays(out, event="overdue", on="write")
    stays(out, event="bell_rung", on="ring")

    decided = (
        ignored(shelved, (Renewed, Returned, Overdue, BellRung), because="it is not lent"),
        ignored(out, Borrowed, because="it is lent"),
    )

    def lend(self, facts: LoanFacts, trigger: Borrowed) -> list[Command | Assign]:
        wake = Wake(machine="loan", key=facts.id, due=50, event=Overdue(days=3))
        new = {"first": trigger.first, "last": trigger.last}
        return [
            Assign(note="lent", shelves=(*facts.shelves, trigger.shelf), **new),
            wake,
        ]

    def count(self, facts: LoanFacts, trigger: Renewed) -> Assign:
        return Assign(renewals=facts.renewals + 1)

    def take_back(self, facts: LoanFacts, trigger: Returned) -> Assign:
        return Assign(fee=facts.fee + trigger.fee, renewals=0)

    def write(self, facts: LoanFacts, trigger: Overdue) -> SendLetter:
        return SendLetter(reader=facts.first, text=f"{trigger.days} days late")

    def ring(self, facts: LoanFacts, trigger: BellRung) -> Chime:
        return Chime(times=trigger.times)


COMMANDS = (SendLetter, Chime, Wake)
BY_LETTER = {"b": Borrowed, "n": Renewed, "r": Returned, "o": Overdue, "x": BellRung}
