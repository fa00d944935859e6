"""The outage: when is the customer prompted, and how often?

A customer with five accounts at one bank wants one message, not five. So prompts belong to the
authorization, or to the account where Stripe names none (P1). An outage runs from the first
account that needs a relink until none does.

Accounts tell what they need. Once all of them have, the outage reviews which message is due, and
when (:mod:`.messages_due`). A message that is due now waits until the holder has no read left that
could change it (K9), and then names what is needed at that moment.

States
    ``none``      No account needs a relink. Machines begin here.
    ``waiting``   Somebody is still to be named in a message: it waits for Stripe's answer, for the
                  gap after the prompt before, or for the next reminder.
    ``prompted``  Everybody was named, and a reminder follows.
    ``quiet``     Everybody was named, and no reminder follows: they are used up, the customer
                  revoked access, or Stripe itself writes (P2).

An account that moves to another authorization takes along that it was named, and how many of its
reminders are left (K8).

Rules kept here: P1 to P3, K8, K9.
"""

from statemachine import State

from relink.engine import Assign, Chart, Command, Facts, Send, ignored, stays

from . import messages_due, reasons, stories
from .commands import NotifyCustomer, Wake
from .compiled.outage import TABLE
from .due_reads import due_since, held_until, holds_up
from .events import DomainEvent
from .messages import (
    MayPrompt,
    NeedsChanged,
    NeedsMoved,
    PromptAllowed,
    ReadDueChanged,
    ReviewDue,
)
from .messages_due import Message, Need
from .phases import MESSAGES

Effects = list[Command | Assign]


class OutageFacts(Facts):
    """An outage's memory."""

    id: str
    """The authorization, or the account where there is none."""
    needing: dict[str, Need] = {}
    """The accounts that need a relink."""
    count: int = 0
    """Outages so far, this one included."""
    since: float = 0.0
    """When this one began (Unix seconds)."""
    sent: int = 0
    """Messages in this outage."""
    last_prompt_at: float | None = None
    """When the last prompt went out, in this outage or before (Unix seconds)."""
    planned_for: int | None = None
    """The time to which the last timer is set (Unix seconds)."""
    read_due_since: float | None = None
    """Since when a read of the authorization is due that may show that accounts came back."""


class OutageChart(Chart):
    """The outages of one authorization, one after the other."""

    facts_type = OutageFacts
    table_text = TABLE
    story = stories.OUTAGE
    alphabet = (NeedsChanged, NeedsMoved, ReadDueChanged, ReviewDue, PromptAllowed)
    sends = {
        "outage": (NeedsChanged, ReviewDue),
        "holder": (MayPrompt,),
    }

    none = State(initial=True)
    waiting = State()
    prompted = State()
    quiet = State()

    running = (waiting, prompted, quiet)

    # ── accounts tell what they need ─────────────────────────────────────────
    stays(none, *running, event="needs_changed", on=["note", "review"])
    stays(none, *running, event="needs_moved", on=["drop", "hand_on", "review"])
    stays(none, *running, event="read_due_changed", on=["note_read", "review"])

    # ── it begins, goes on and ends ──────────────────────────────────────────
    stays(none, event="review_due", cond="needs_nothing")
    waiting.from_(none, event="review_due", cond="has_somebody_to_name", on=["begin", "look"])
    prompted.from_(none, event="review_due", cond="has_reminders_left", on=["begin", "look"])
    quiet.from_(none, event="review_due", on=["begin", "look"])
    none.from_(*running, event="review_due", cond="needs_nothing", on="end")
    stays(waiting, event="review_due", cond="has_somebody_to_name", on="look")
    waiting.from_(prompted, quiet, event="review_due", cond="has_somebody_to_name", on="look")
    stays(prompted, event="review_due", cond="has_reminders_left", on="look")
    prompted.from_(waiting, quiet, event="review_due", cond="has_reminders_left", on="look")
    stays(quiet, event="review_due", on="look")
    quiet.from_(waiting, prompted, event="review_due", on="look")

    # ── the message goes out ─────────────────────────────────────────────────
    stays(*running, event="prompt_allowed", cond="has_no_message_due")
    waiting.from_(
        prompted, event="prompt_allowed", cond="leaves_somebody_to_name", on="write_to_customer"
    )
    stays(waiting, event="prompt_allowed", cond="leaves_somebody_to_name", on="write_to_customer")
    stays(prompted, event="prompt_allowed", cond="leaves_reminders", on="write_to_customer")
    prompted.from_(
        waiting, quiet, event="prompt_allowed", cond="leaves_reminders", on="write_to_customer"
    )
    quiet.from_(waiting, prompted, event="prompt_allowed", on="write_to_customer")
    stays(quiet, event="prompt_allowed", on="write_to_customer")

    decided = (ignored(none, PromptAllowed, because=reasons.OUTAGE_OVER),)

    # ── guards ───────────────────────────────────────────────────────────────

    def needs_nothing(self, facts: OutageFacts, trigger: ReviewDue) -> bool:
        """No account needs a relink."""
        return not facts.needing

    def has_no_message_due(self, facts: OutageFacts, trigger: PromptAllowed) -> bool:
        """Nothing is due any more, or a read is due that could change the message."""
        message = _due(facts, trigger)
        return message is None or _held_until(facts, message, trigger) is not None

    def has_somebody_to_name(self, facts: OutageFacts, trigger: ReviewDue) -> bool:
        """An account is still to be named in a message."""
        return messages_due.has_somebody_to_name(facts.needing)

    def has_reminders_left(self, facts: OutageFacts, trigger: ReviewDue) -> bool:
        """The policy has another reminder for one of the accounts."""
        return messages_due.has_reminders_left(facts.needing, trigger.policy)

    def leaves_somebody_to_name(self, facts: OutageFacts, trigger: PromptAllowed) -> bool:
        """After this message, an account is still to be named."""
        return messages_due.has_somebody_to_name(_after_message(facts, trigger))

    def leaves_reminders(self, facts: OutageFacts, trigger: PromptAllowed) -> bool:
        """After this message, the policy has another reminder for one of the accounts."""
        return messages_due.has_reminders_left(_after_message(facts, trigger), trigger.policy)

    # ── effects ──────────────────────────────────────────────────────────────

    def note(self, facts: OutageFacts, trigger: NeedsChanged) -> Assign:
        """Remember what the account needs now; a mail that Stripe wrote is a prompt (P2)."""
        prompts = [at for at in (facts.last_prompt_at, trigger.mailed_at) if at is not None]
        return Assign(
            needing=messages_due.with_change(facts.needing, trigger),
            last_prompt_at=max(prompts, default=None),
        )

    def drop(self, facts: OutageFacts, trigger: NeedsMoved) -> Assign:
        """The account belongs to another authorization now."""
        return Assign(needing=messages_due.without(facts.needing, trigger.subject))

    def hand_on(self, facts: OutageFacts, trigger: NeedsMoved) -> Send:
        """Its need continues at another outage, with what was sent about it (K8)."""
        known = facts.needing.get(trigger.subject)
        along = {"prompted_at": known.prompted_at, "reminded": known.reminded} if known else {}
        needs = trigger.successor.model_copy(update=along)
        return Send(machine="outage", key=trigger.to, event=needs)

    def note_read(self, facts: OutageFacts, trigger: ReadDueChanged) -> Assign:
        """A read of the authorization is due, or not any more (K9)."""
        return Assign(read_due_since=due_since(facts.read_due_since, trigger))

    def review(
        self, facts: OutageFacts, trigger: NeedsChanged | NeedsMoved | ReadDueChanged
    ) -> Send:
        """Look at it once every account has told what it needs (K9)."""
        event = trigger.follow(ReviewDue)
        return Send(machine="outage", key=facts.id, event=event, phase=MESSAGES)

    def begin(self, facts: OutageFacts, trigger: ReviewDue) -> Assign:
        """A new outage begins."""
        return Assign(count=facts.count + 1, since=trigger.at, sent=0)

    def end(self, facts: OutageFacts, trigger: ReviewDue) -> Assign:
        """No account needs a relink any more."""
        return Assign(planned_for=None)

    def look(self, facts: OutageFacts, trigger: ReviewDue) -> Effects:
        """Ask the holder whether the message that is due may go out (K9); else plan the next."""
        message = _due(facts, trigger)
        if message is None:
            return _plan(facts, facts.needing, facts.last_prompt_at, trigger)
        if (until := _held_until(facts, message, trigger)) is not None:
            return _wake(facts, until, trigger)
        event = trigger.follow(MayPrompt, outage=facts.id)
        return [Send(machine="holder", key=message.holder, event=event, phase=MESSAGES)]

    def write_to_customer(self, facts: OutageFacts, trigger: PromptAllowed) -> Effects:
        """Write to the customer, and plan the next message."""
        message = _due(facts, trigger)
        assert message is not None, "without one, has_no_message_due comes first"
        needing = messages_due.after(facts.needing, message, trigger.at, trigger.policy)
        last = facts.last_prompt_at if message.reminder else trigger.at
        named = [facts.needing[name] for name in message.accounts]
        days = [need.relink_by for need in named]
        notify = NotifyCustomer(
            outage=facts.id,
            outage_number=facts.count,
            number=facts.sent + 1,
            since=facts.since,
            accounts=message.accounts,
            reasons=tuple(sorted({need.cause or need.needs[0] for need in named})),
            reminder=message.reminder,
            relink_by=None if None in days else min(day for day in days if day is not None),
        )
        changes = Assign(needing=needing, sent=facts.sent + 1, last_prompt_at=last)
        return [changes, notify, *_plan(facts, needing, last, trigger)]


def _due(facts: OutageFacts, trigger: DomainEvent) -> Message | None:
    """The message that is due now."""
    return messages_due.due(facts.needing, facts.last_prompt_at, trigger.at, trigger.policy)


def _held_until(facts: OutageFacts, message: Message, trigger: DomainEvent) -> int | None:
    """Until when reads that are due hold it up: of whom it names, and of the authorization (K9)."""
    named = (facts.needing[name].read_due_since for name in message.accounts)
    since = [
        due
        for due in (facts.read_due_since, *named)
        if due is not None and holds_up(due, trigger.at)
    ]
    return held_until(max(since)) if since else None


def _after_message(facts: OutageFacts, trigger: PromptAllowed) -> dict[str, Need]:
    message = _due(facts, trigger)
    assert message is not None, "without one, has_no_message_due comes first"
    return messages_due.after(facts.needing, message, trigger.at, trigger.policy)


def _plan(
    facts: OutageFacts, needing: dict[str, Need], last: float | None, trigger: DomainEvent
) -> Effects:
    when = messages_due.next_time(needing, last, trigger.at, trigger.policy)
    return [] if when is None else _wake(facts, when, trigger)


def _wake(facts: OutageFacts, when: int, trigger: DomainEvent) -> Effects:
    if when == facts.planned_for:
        return []
    wake = Wake(machine="outage", key=facts.id, due=when, event=trigger.follow(ReviewDue))
    return [Assign(planned_for=when), wake]
