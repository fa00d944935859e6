"""A chart of these tests that asks for reads, as often and as late as its events say."""

from statemachine import State

from relink.adapters.store import Codec
from relink.engine import Chart, Event, Facts, Send, System
from relink.machines.commands import RetrieveAccount
from relink.machines.reasons import ReadReason


class Asked(Event):
    """Someone asks for reads of an account."""

    afters: tuple[int, ...]
    """When each of them is to begin, at the earliest (Unix seconds)."""
    number: int = 1
    reason: ReadReason = ReadReason.LOOK


class DeskFacts(Facts):
    id: str


class Desk(Chart):
    facts_type = DeskFacts
    alphabet = (Asked,)

    left = State(initial=True)
    right = State()

    left.to(right, event="asked", on="read")
    right.to(left, event="asked", on="read")

    def read(self, facts: DeskFacts, trigger: Asked) -> list[RetrieveAccount]:
        return [
            RetrieveAccount(
                account=facts.id, number=trigger.number, reason=trigger.reason, after=after
            )
            for after in trigger.afters
        ]


def desk_system(account: str = "fca_1") -> System:
    """A system with one desk for one account."""
    return System(
        {"desk": Desk.table()},
        lambda asked, _: [Send(machine="desk", key=account, event=asked)],
    )


CODEC = Codec([Asked], [RetrieveAccount])
