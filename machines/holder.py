"""The holder: may a customer be written to now, or is Stripe still to answer?

A prompt names every account that needs a relink. While reads of the customer's accounts are due,
it is not known which those are, so the message waits (K9): for reads of accounts of the same
authorization, and of accounts whose authorization is not known yet. It waits for ten minutes at
most; then what is known decides.

States
    ``clear``     No read of an account of theirs is due. Machines begin here.
    ``awaiting``  One is.

The key is the holder's id, or the outage's where Stripe names no holder.

Rules kept here: K9.
"""

from statemachine import State

from relink.engine import Assign, Chart, Command, Facts, Send, stays

from . import stories
from .commands import Wake
from .compiled.holder import TABLE
from .due_reads import held_until, holds_up
from .events import DomainEvent
from .messages import MayPrompt, PromptAllowed, ReadAwaited, ReviewDue
from .phases import ANSWER

Effects = list[Command | Assign]


class Awaited(Facts):
    """A read that is due."""

    authorization: str | None
    """The account's, as far as is known."""
    since: float
    """Since when it is due (Unix seconds)."""


class HolderFacts(Facts):
    """The holder's memory."""

    id: str
    awaited: dict[str, Awaited] = {}
    """The accounts of which a read is due."""
    asking: frozenset[str] = frozenset()
    """The outages that have a message to send."""


class HolderChart(Chart):
    """A customer or connected account, as the one who is written to."""

    facts_type = HolderFacts
    table_text = TABLE
    story = stories.HOLDER
    alphabet = (ReadAwaited, MayPrompt, ReviewDue)
    sends = {
        "outage": (PromptAllowed,),
        "holder": (ReviewDue,),
    }

    clear = State(initial=True)
    awaiting = State()

    awaiting.from_(clear, event="read_awaited", cond="is_awaited", on="note_read")
    stays(clear, event="read_awaited")
    clear.from_(awaiting, event="read_awaited", cond="is_the_last", on=["note_read", "review"])
    stays(awaiting, event="read_awaited", on=["note_read", "review"])
    stays(clear, awaiting, event="may_prompt", on=["note_message", "review"])
    stays(clear, event="review_due", on="allow")
    stays(awaiting, event="review_due", on=["allow", "plan_next_look"])

    # ── guards ───────────────────────────────────────────────────────────────

    def is_awaited(self, facts: HolderFacts, trigger: ReadAwaited) -> bool:
        """The read is due."""
        return trigger.since is not None

    def is_the_last(self, facts: HolderFacts, trigger: ReadAwaited) -> bool:
        """No other read is due."""
        return trigger.since is None and not set(facts.awaited) - {trigger.account}

    # ── effects ──────────────────────────────────────────────────────────────

    def note_read(self, facts: HolderFacts, trigger: ReadAwaited) -> Assign:
        """Remember which reads are due."""
        others = {name: read for name, read in facts.awaited.items() if name != trigger.account}
        if trigger.since is None:
            return Assign(awaited=others)
        due = Awaited(authorization=trigger.authorization, since=trigger.since)
        return Assign(awaited={**others, trigger.account: due})

    def note_message(self, facts: HolderFacts, trigger: MayPrompt) -> Assign:
        """Remember who has a message to send."""
        return Assign(asking=facts.asking | {trigger.outage})

    def review(self, facts: HolderFacts, trigger: DomainEvent) -> Command:
        """Answer once everything in this step is taken in."""
        return Send(machine="holder", key=facts.id, event=trigger.follow(ReviewDue), phase=ANSWER)

    def allow(self, facts: HolderFacts, trigger: ReviewDue) -> Effects:
        """Let those write whose accounts are all known."""
        allowed = {out for out in facts.asking if not _in_the_way(facts, out, trigger.at)}
        sends = [
            Send(machine="outage", key=out, event=trigger.follow(PromptAllowed), phase=ANSWER)
            for out in sorted(allowed)
        ]
        return [Assign(asking=facts.asking - allowed), *sends]

    def plan_next_look(self, facts: HolderFacts, trigger: ReviewDue) -> list[Command]:
        """Come back when the first read that is in the way has been due for too long."""
        blocking = [since for out in facts.asking for since in _in_the_way(facts, out, trigger.at)]
        if not blocking:
            return []
        event = trigger.follow(ReviewDue)
        return [Wake(machine="holder", key=facts.id, due=held_until(min(blocking)), event=event)]


def _in_the_way(facts: HolderFacts, outage: str, at: float) -> list[float]:
    """Since when the reads are due for which this outage has to wait (Unix seconds)."""
    return [
        read.since
        for read in facts.awaited.values()
        if read.authorization in (None, outage) and holds_up(read.since, at)
    ]
