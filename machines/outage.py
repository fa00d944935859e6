"""The outage: when is the customer prompted, and how often?

A customer with five accounts at one bank wants one message, not five. So prompts belong to the
authorization, or to the account where Stripe names none (P1). An outage runs from the first
need, by an inactive report or an announcement, until no account of it needs a relink.

States
    ``none``       No account needs a relink. Machines begin here.
    ``announced``  It still works and is known to stop: the prompt waits for the policy's lead (P3).
    ``prompted``   The customer was prompted; reminders follow.
    ``quiet``      The customer was prompted and gets no reminders: they are used up, or the
                   customer revoked access, or Stripe itself wrote (P2).

An account that moves to another authorization during an outage takes along whether its customer
was prompted, and whether reminders follow (K8).

Rules kept here: P1 to P3, K8.
"""

from pydantic import Field
from statemachine import State

from relink.engine import Assign, Chart, Command, Facts, Send, ignored, stays

from . import reasons
from .commands import NotifyCustomer, Wake
from .events import DomainEvent
from .messages import NeedsChanged, NeedsMoved, PromptDue, ReminderDue, StripeWrites
from .vocabulary import ACCESS_DENIED, Ask, RelinkReason

Effects = list[Command | Assign]


class Need(Facts):
    """What one account, or the authorization itself, needs a relink for."""

    needs: tuple[RelinkReason, ...] = Field(min_length=1)
    cause: str | None
    """Stripe's ``cause`` of the inactivity."""
    ask: Ask
    relink_by: int | None
    """When it stops working, while it still works (Unix seconds)."""
    is_account: bool = True
    """False: it is the authorization itself, by announcement."""


class OutageFacts(Facts):
    """An outage's memory."""

    id: str
    """The authorization, or the account where there is none."""
    needing: dict[str, Need] = {}
    """Who needs a relink."""
    count: int = 0
    """Outages so far, this one included."""
    since: float = 0.0
    """When this one began (Unix seconds)."""
    prompted: bool = False
    """Whether the customer was prompted, by relink or by Stripe."""


class OutageChart(Chart):
    """The outages of one authorization, one after the other."""

    facts_type = OutageFacts
    alphabet = (NeedsChanged, NeedsMoved, PromptDue, ReminderDue, StripeWrites)

    none = State(initial=True)
    announced = State()
    prompted = State()
    quiet = State()

    running = (announced, prompted, quiet)

    # ── it begins ────────────────────────────────────────────────────────────
    stays(none, event="needs_changed", cond="needs_nothing")
    quiet.from_(
        none, event="needs_changed", cond="had_no_reminders_left_elsewhere", on="begin_prompted"
    )
    prompted.from_(
        none,
        event="needs_changed",
        cond="was_prompted_elsewhere",
        on=["begin_prompted", "plan_reminder"],
    )
    announced.from_(none, event="needs_changed", cond="can_wait", on=["begin", "plan_prompt"])
    quiet.from_(none, event="needs_changed", cond="is_not_to_be_reminded", on=["begin", "prompt"])
    prompted.from_(none, event="needs_changed", on=["begin", "prompt", "plan_reminder"])

    # ── it continues ──────────────────────────────────────────────────────────
    none.from_(*running, event="needs_changed", cond="is_the_last", on="end")
    stays(*running, event="needs_changed", cond="needs_nothing", on="note")
    quiet.from_(
        announced,
        event="needs_changed",
        cond="was_prompted_elsewhere",
        on=["note", "note_prompted"],
    )
    stays(announced, event="needs_changed", cond="can_wait", on=["note", "plan_prompt"])
    quiet.from_(
        announced,
        event="needs_changed",
        cond="is_not_to_be_reminded",
        on=["note", "prompt"],
    )
    prompted.from_(announced, event="needs_changed", on=["note", "prompt", "plan_reminder"])
    stays(prompted, quiet, event="needs_changed", on="note")

    # ── an account of it moves to another authorization (K8) ─────────────────
    none.from_(announced, prompted, event="needs_moved", cond="is_the_last", on=["end", "hand_on"])
    none.from_(
        quiet, event="needs_moved", cond="is_the_last", on=["end", "hand_on_without_reminders"]
    )
    stays(announced, prompted, event="needs_moved", on=["drop", "hand_on"])
    stays(quiet, event="needs_moved", on=["drop", "hand_on_without_reminders"])
    stays(none, event="needs_moved", on="hand_on")

    # ── timers ───────────────────────────────────────────────────────────────
    stays(*running, event="prompt_due", cond="is_of_an_earlier_outage")
    stays(announced, event="prompt_due", cond="was_put_off")
    quiet.from_(announced, event="prompt_due", cond="has_no_reminders", on="prompt")
    prompted.from_(announced, event="prompt_due", on=["prompt", "plan_reminder"])
    stays(*running, event="reminder_due", cond="is_of_an_earlier_outage")
    stays(prompted, event="reminder_due", cond="was_put_off", on="put_off_reminder")
    quiet.from_(prompted, event="reminder_due", cond="was_denied")
    quiet.from_(prompted, event="reminder_due", cond="is_the_last_reminder", on="remind")
    stays(prompted, event="reminder_due", on=["remind", "plan_next_reminder"])

    # ── Stripe itself writes to the customer (P2) ────────────────────────────
    quiet.from_(announced, prompted, event="stripe_writes", on="note_prompted")

    decided = (
        ignored(none, (PromptDue, ReminderDue), because=reasons.OUTAGE_OVER),
        ignored((prompted, quiet), PromptDue, because=reasons.ALREADY_PROMPTED),
        ignored(announced, ReminderDue, because=reasons.NOT_PROMPTED_YET),
        ignored(quiet, ReminderDue, because=reasons.NO_MORE_REMINDERS),
        ignored((none, quiet), StripeWrites, because=reasons.NO_MESSAGE_PLANNED),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def needs_nothing(self, facts: OutageFacts, trigger: NeedsChanged) -> bool:
        """The account needs no relink any more."""
        return not trigger.needs

    def is_the_last(self, facts: OutageFacts, trigger: NeedsChanged | NeedsMoved) -> bool:
        """No other account needs a relink, and this one does not any more, or moved."""
        stays_needed = isinstance(trigger, NeedsChanged) and bool(trigger.needs)
        return not stays_needed and not set(facts.needing) - {trigger.subject}

    def was_prompted_elsewhere(self, facts: OutageFacts, trigger: NeedsChanged) -> bool:
        """The account moved here from an outage whose customer was prompted (K8)."""
        return trigger.prompted_since is not None

    def had_no_reminders_left_elsewhere(self, facts: OutageFacts, trigger: NeedsChanged) -> bool:
        """The account moved here from an outage that had no reminders left (K8)."""
        return trigger.reminders_ended

    def can_wait(self, facts: OutageFacts, trigger: NeedsChanged) -> bool:
        """The account works until a day that is further away than the policy's lead (P3)."""
        lead = trigger.policy.announcement_lead
        return trigger.relink_by is not None and trigger.at < trigger.relink_by - lead

    def is_not_to_be_reminded(self, facts: OutageFacts, trigger: NeedsChanged) -> bool:
        """The policy has no reminders, or none for customers who revoked access (P2)."""
        return not trigger.policy.reminders or _is_denied(_noted(facts, trigger), trigger)

    def has_no_reminders(self, facts: OutageFacts, trigger: PromptDue) -> bool:
        """The policy has no reminders."""
        return not trigger.policy.reminders

    def is_of_an_earlier_outage(self, facts: OutageFacts, trigger: PromptDue | ReminderDue) -> bool:
        """The timer was set for an outage that is over."""
        return trigger.outage != facts.count

    def was_put_off(self, facts: OutageFacts, trigger: PromptDue | ReminderDue) -> bool:
        """Stripe announced a later day since, further away than the policy's lead."""
        day = _earliest(facts.needing)
        return day is not None and trigger.at < day - trigger.policy.announcement_lead

    def was_denied(self, facts: OutageFacts, trigger: ReminderDue) -> bool:
        """The customer revoked access to every account that needs a relink (P2)."""
        return _is_denied(facts.needing, trigger)

    def is_the_last_reminder(self, facts: OutageFacts, trigger: ReminderDue) -> bool:
        """The policy has no more after this one."""
        return trigger.number >= len(trigger.policy.reminders)

    # ── effects ──────────────────────────────────────────────────────────────

    def begin(self, facts: OutageFacts, trigger: NeedsChanged) -> Assign:
        """A new outage begins with this need."""
        return Assign(count=facts.count + 1, since=trigger.at, needing=_noted(facts, trigger))

    def begin_prompted(self, facts: OutageFacts, trigger: NeedsChanged) -> Assign:
        """The outage continues here with its prompt, which came along with the account (K8)."""
        return Assign(
            count=facts.count + 1,
            since=trigger.prompted_since,
            needing=_noted(facts, trigger),
            prompted=True,
        )

    def note(self, facts: OutageFacts, trigger: NeedsChanged) -> Assign:
        """Remember what the account needs now."""
        return Assign(needing=_noted(facts, trigger))

    def note_prompted(self, facts: OutageFacts, trigger: DomainEvent) -> Assign:
        """The customer was prompted, if not by relink."""
        return Assign(prompted=True)

    def drop(self, facts: OutageFacts, trigger: NeedsMoved) -> Assign:
        """The account belongs to another authorization now."""
        return Assign(needing=_without(facts, trigger.subject))

    def end(self, facts: OutageFacts, trigger: NeedsChanged | NeedsMoved) -> Assign:
        """No account needs a relink any more."""
        return Assign(needing={}, prompted=False)

    def hand_on(self, facts: OutageFacts, trigger: NeedsMoved) -> Send:
        """Its needs continue at another outage, and are not prompted for again (K8)."""
        since = facts.since if facts.prompted else None
        needs = trigger.successor.model_copy(update={"prompted_since": since})
        return Send(machine="outage", key=trigger.to, event=needs)

    def hand_on_without_reminders(self, facts: OutageFacts, trigger: NeedsMoved) -> Send:
        """The same, and no reminders follow there that would not have followed here."""
        standing = {"prompted_since": facts.since, "reminders_ended": True}
        needs = trigger.successor.model_copy(update=standing)
        return Send(machine="outage", key=trigger.to, event=needs)

    def plan_prompt(self, facts: OutageFacts, trigger: NeedsChanged) -> Command:
        """Prompt when the policy's lead begins (P3)."""
        day = trigger.relink_by or 0
        event = trigger.follow(PromptDue, outage=_number(facts))
        due = day - trigger.policy.announcement_lead
        return Wake(machine="outage", key=facts.id, due=due, event=event)

    def prompt(self, facts: OutageFacts, trigger: NeedsChanged | PromptDue) -> Effects:
        """Prompt once, for every account that needs a relink (P1)."""
        needing = _noted(facts, trigger) if isinstance(trigger, NeedsChanged) else facts.needing
        since = facts.since if facts.needing else trigger.at
        return [Assign(prompted=True), _message(facts, needing, since, reminder=0)]

    def plan_reminder(self, facts: OutageFacts, trigger: NeedsChanged | PromptDue) -> Effects:
        """Plan the first reminder, counted from the prompt."""
        return _reminders(facts, trigger, 1)

    def remind(self, facts: OutageFacts, trigger: ReminderDue) -> Command:
        """Remind, for every account that needs a relink by now, in one message."""
        return _message(facts, facts.needing, facts.since, reminder=trigger.number)

    def put_off_reminder(self, facts: OutageFacts, trigger: ReminderDue) -> Command:
        """Remind when the policy's lead to the later day begins (P3)."""
        event = trigger.follow(ReminderDue, outage=facts.count, number=trigger.number)
        due = (_earliest(facts.needing) or 0) - trigger.policy.announcement_lead
        return Wake(machine="outage", key=facts.id, due=due, event=event)

    def plan_next_reminder(self, facts: OutageFacts, trigger: ReminderDue) -> Effects:
        """Plan the next reminder, counted from this one."""
        return _reminders(facts, trigger, trigger.number + 1)


def _noted(facts: OutageFacts, trigger: NeedsChanged) -> dict[str, Need]:
    """Who needs a relink once this is noted."""
    others = _without(facts, trigger.subject)
    if not trigger.needs:
        return others
    need = Need(
        needs=trigger.needs,
        cause=trigger.cause,
        ask=trigger.ask,
        relink_by=trigger.relink_by,
        is_account=trigger.is_account,
    )
    return {**others, trigger.subject: need}


def _without(facts: OutageFacts, subject: str) -> dict[str, Need]:
    return {key: need for key, need in facts.needing.items() if key != subject}


def _number(facts: OutageFacts) -> int:
    """Which outage a step belongs to, also the step that begins it."""
    return facts.count if facts.needing else facts.count + 1


def _earliest(needing: dict[str, Need]) -> int | None:
    """When the first of them stops working; None when one has already."""
    days = [need.relink_by for need in needing.values()]
    return None if None in days else min((d for d in days if d is not None), default=None)


def _is_denied(needing: dict[str, Need], trigger: DomainEvent) -> bool:
    """The customer revoked access of them all, and the policy leaves it at that."""
    if trigger.policy.remind_after_denial or not needing:
        return False
    return all(need.cause == ACCESS_DENIED for need in needing.values())


def _message(
    facts: OutageFacts, needing: dict[str, Need], since: float, reminder: int
) -> NotifyCustomer:
    needs = list(needing.values())
    return NotifyCustomer(
        outage=facts.id,
        outage_number=_number(facts),
        since=since,
        accounts=tuple(sorted(name for name, need in needing.items() if need.is_account)),
        ask="relink" if any(n.ask == "relink" for n in needs) else "new_payment_method",
        reasons=tuple(sorted({n.cause or n.needs[0] for n in needs})),
        reminder=reminder,
        relink_by=_earliest(needing),
    )


def _reminders(facts: OutageFacts, trigger: DomainEvent, number: int) -> Effects:
    """Wake for the given reminder, if the policy has it."""
    times = (0, *trigger.policy.reminders)
    if number >= len(times):
        return []
    event = trigger.follow(ReminderDue, outage=_number(facts), number=number)
    due = int(trigger.at) + times[number] - times[number - 1]
    return [Wake(machine="outage", key=facts.id, due=due, event=event)]
