"""What a webhook reads and writes around its step: machines from their rows, and rows again.

It is most of what ingest does beside HTTP and the database itself (:mod:`.ingest`), counted by
:mod:`.counts`.
"""

from relink.adapters.store.codec import domain_codec
from relink.adapters.store.unit_of_work import InboxMessage, Stored, UnitOfWork
from relink.engine.facts_json import facts_text

from .steps import Life


class Rows:
    """The units of work of an account's life, each with the rows that it finds."""

    def __init__(self, life: Life) -> None:
        codec = domain_codec()
        self._units = [
            UnitOfWork(
                life.system,
                codec,
                InboxMessage(f"evt_{number}", "any", 0, 0.0),
                (asked.event,),
            )
            for number, asked in enumerate(life.steps)
        ]
        self._stored = [
            {
                address: Stored(found.state, facts_text(found.facts), found.version, None)
                for address, found in asked.machines.items()
            }
            for asked in life.steps
        ]

    def decide(self) -> None:
        """Read, decide and make the rows of all of them."""
        for unit, stored in zip(self._units, self._stored, strict=True):
            unit.decide_rows(stored.get)
