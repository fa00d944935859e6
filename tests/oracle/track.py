"""How an account went through time, by what was known at each step: its outages, and its causes."""

from dataclasses import dataclass, field
from typing import NamedTuple

from .known import Known
from .memory import Session


class Verdict(NamedTuple):
    """A rule that a step breaks."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"


@dataclass(eq=False)
class Outage:
    """One outage of an account (R4)."""

    began_at: float
    began_n: int
    is_sure: bool
    """Whether it began at this step for sure, and cannot have ended since."""
    is_named: bool = False
    """Whether a message named the account in it."""
    mail: Session | None = None
    """The session of Stripe's mail that was out when it began, where that is its prompt (P2)."""
    is_mail_sure: bool = True
    """Whether the rules tell if such a mail was out."""
    is_missed: bool = False
    """Whether a message that names it is overdue."""


@dataclass
class Message:
    """One message that went out."""

    at: float
    n: int
    outage: str
    reminder: int
    accounts: tuple[str, ...]


@dataclass
class Cause:
    """Something for which the service is asked for another payment method (C4)."""

    is_sure: bool
    is_spent: bool = False
    """Whether a request has answered it already."""
    is_requested: bool = False
    ready_since: float | None = None
    """Since when nothing stands between the cause and a request."""


@dataclass
class Track:
    """One account through time."""

    known: Known
    kinds: list[frozenset[str]] = field(default_factory=list)
    """What its state could be, one entry for each change."""
    needs: frozenset[str] = frozenset()
    outage: Outage | None = None
    is_vague: bool = False
    """Whether it cannot be told if an outage is under way."""
    authorization: str | None = None
    """The last one that was known for sure."""
    moved_at: float | None = None
    """When it came up that it moved."""
    due_then: frozenset[str] = frozenset()
    """The authorizations of which a read was due at that time."""
    ready_since: float | None = None
    """Since when nothing stands between its need and a message."""
    hold_since: float | None = None
    causes: dict[str, Cause] = field(default_factory=dict)
    failed_builds: int = 0
    replacements: int = 0
    """How many statements say that another account is used instead."""

    def is_out(self) -> bool:
        """Surely in an outage, of which the beginning is known."""
        return self.outage is not None and self.outage.is_sure and not self.is_vague

    def is_well(self) -> bool:
        """Surely in no outage."""
        return self.outage is None and not self.is_vague

    def follow(self, needs: frozenset[str], now: float, n: int) -> None:
        """Go on by one step (R4: suspension begins and ends no outage, K5)."""
        self.needs = needs
        match needs:
            case _ if needs == {"need"}:
                if self.outage is None:
                    self.outage = Outage(now, n, is_sure=not self.is_vague)
                elif self.is_vague:
                    self.outage.is_sure = False
                self.is_vague = False
            case _ if needs == {"no"}:
                self.outage, self.is_vague = None, False
            case _ if needs == {"suspended"}:
                pass
            case _ if needs == {"need", "suspended"} and self.outage is not None:
                pass
            case _ if needs == {"no", "suspended"} and self.outage is None:
                pass
            case _:
                self.is_vague = True
                if self.outage:
                    self.outage.is_sure = False
