"""Messages due: who is to be named in a message to the customer, and when.

Each account keeps its own schedule, from the message that named it first: the policy's reminders
follow that one. Accounts that were named together stay together, since their schedules are equal.
An account that is not named yet joins the next reminder, if that one comes before its day, and else
gets a prompt; two prompts keep the policy's gap, though never past the day of an account (P1).

Nobody is named while its need is suspended, or once its attempts are used up. A customer who
revoked access is named once, and not reminded, unless the policy says so. While Stripe itself
writes, by a session that it delivers, nothing else goes out (P2), unless the day of an account that
is not named yet comes first (P1).

The functions are pure: what the accounts need, and a time, in; a message or a time out.

Rules kept here: P1, P2.
"""

from math import ceil
from typing import NamedTuple

from relink.engine import Facts

from .due_reads import LONGEST_HOLD
from .messages import NeedsChanged
from .policy import RelinkPolicy
from .vocabulary import ACCESS_DENIED, NeedStanding, RelinkReason


class Need(Facts):
    """What one account needs a relink for, and what was sent about it."""

    number: int
    """Which outage of the account it is (R4)."""
    needs: tuple[RelinkReason, ...]
    standing: NeedStanding
    cause: str | None
    """Stripe's ``cause`` of the inactivity."""
    relink_by: int | None
    """When it stops working, while it still works (Unix seconds)."""
    holder: str
    """The key of the machine that holds back prompts while reads are due."""
    mailed_at: float | None
    """When Stripe itself wrote, in a mail that counts as its prompt (Unix seconds)."""
    stripe_writes_since: float | None
    """Since when a session is open by which Stripe itself writes (Unix seconds)."""
    read_due_since: float | None
    """Since when a read of it is due (Unix seconds)."""
    prompted_at: float | None
    """The message of ours from which its reminders are counted (Unix seconds)."""
    reminded: int
    """How many of the policy's reminders have passed."""

    @property
    def named_at(self) -> float | None:
        """When it was named first, by us or by Stripe; None while nobody named it."""
        return self.mailed_at if self.prompted_at is None else self.prompted_at


Needing = dict[str, Need]
"""The accounts of an outage that need a relink, by their ids."""


class Message(NamedTuple):
    """A message that is due."""

    accounts: tuple[str, ...]
    """Whom it names, in alphabetical order."""
    reminder: int
    """Which reminder of the policy it is, from 1; 0 for a prompt."""
    holder: str


def due(needing: Needing, last: float | None, at: float, policy: RelinkPolicy) -> Message | None:
    """The message that is due now, if one is.

    Args:
        needing: what the accounts need.
        last: when the last prompt for the authorization went out (Unix seconds).
        at: now (Unix seconds).
        policy: the service's choices.
    """
    reminders = _reminder_times(needing, policy)
    reminded = [name for name, when in reminders.items() if when <= at]
    unnamed = _unnamed(needing)
    if not reminded and not any(
        _prompt_time(needing, name, reminders, last, at, policy) <= at for name in unnamed
    ):
        return None
    accounts = tuple(sorted({*reminded, *unnamed}))
    reminder = max((_passed(needing[name], at, policy) for name in reminded), default=0)
    return Message(accounts, reminder, min(needing[name].holder for name in accounts))


def next_time(needing: Needing, last: float | None, at: float, policy: RelinkPolicy) -> int | None:
    """When the next message is due (Unix seconds); None when none is planned.

    Args: as for :func:`due`.
    """
    reminders = _reminder_times(needing, policy)
    unnamed = _unnamed(needing)
    times = [_prompt_time(needing, name, reminders, last, at, policy) for name in unnamed]
    times += reminders.values()
    return ceil(min(times)) if times else None


def after(needing: Needing, message: Message, at: float, policy: RelinkPolicy) -> Needing:
    """What the accounts need after a message was sent.

    Args:
        needing: what they need.
        message: whom it names.
        at: when it was sent (Unix seconds).
        policy: the service's choices.
    """
    # Whoever joins a reminder shares the schedule that it belongs to.
    joined = at
    for name in message.accounts:
        start = needing[name].named_at
        if start is not None and _passed(needing[name], at, policy) == message.reminder:
            joined = start
    changed = {}
    for name in message.accounts:
        need = needing[name]
        is_new = need.named_at is None
        passed = message.reminder if is_new else _passed(need, at, policy)
        start = joined if is_new else need.named_at
        changed[name] = need.after({"prompted_at": start, "reminded": passed})
    return {**needing, **changed}


def with_change(needing: Needing, changed: NeedsChanged) -> Needing:
    """What the accounts need once one of them has told what it needs."""
    others = without(needing, changed.subject)
    if not changed.needs:
        return others
    known = needing.get(changed.subject)
    is_same = known is not None and known.number == changed.number
    need = Need(
        number=changed.number,
        needs=changed.needs,
        standing=changed.standing,
        cause=changed.cause,
        relink_by=changed.relink_by,
        holder=changed.holder,
        mailed_at=changed.mailed_at,
        read_due_since=changed.read_due_since,
        stripe_writes_since=changed.stripe_writes_since,
        prompted_at=known.prompted_at if known and is_same else changed.prompted_at,
        reminded=known.reminded if known and is_same else changed.reminded,
    )
    return {**others, changed.subject: need}


def without(needing: Needing, account: str) -> Needing:
    """What the others need."""
    return {name: need for name, need in needing.items() if name != account}


def has_somebody_to_name(needing: Needing) -> bool:
    """Whether an account is still to be named, now or once it is no longer suspended."""
    return any(need.named_at is None and need.standing != "given_up" for need in needing.values())


def has_reminders_left(needing: Needing, policy: RelinkPolicy) -> bool:
    """Whether a reminder follows for one of the accounts, now or once it is no longer suspended."""
    return any(
        need.named_at is not None
        and need.standing != "given_up"
        and need.reminded < len(policy.reminders)
        and _may_be_reminded(need, policy)
        for need in needing.values()
    )


def _unnamed(needing: Needing) -> list[str]:
    return [
        name
        for name, need in needing.items()
        if need.named_at is None and need.standing == "needed"
    ]


def _stripe_writes_until(needing: Needing, policy: RelinkPolicy) -> float:
    """Until when Stripe's own mails stand for messages: their sessions are open for no longer.

    At its deadline a session is read, which may take a moment (K9).
    """
    mails = [
        need.stripe_writes_since
        for need in needing.values()
        if need.stripe_writes_since is not None
    ]
    return max(mails) + policy.session_open_for + LONGEST_HOLD if mails else 0.0


def _may_be_reminded(need: Need, policy: RelinkPolicy) -> bool:
    return policy.remind_after_denial or need.cause != ACCESS_DENIED


def _next_reminder(need: Need, policy: RelinkPolicy) -> float | None:
    """When its next reminder is due (Unix seconds); None when it gets none (now)."""
    if need.named_at is None or need.standing != "needed":
        return None
    if need.reminded >= len(policy.reminders) or not _may_be_reminded(need, policy):
        return None
    return need.named_at + policy.reminders[need.reminded]


def _reminder_times(needing: Needing, policy: RelinkPolicy) -> dict[str, float]:
    """When the next reminders go out, of the accounts that get one: not while Stripe itself writes
    (P2)."""
    until = _stripe_writes_until(needing, policy)
    times = {name: _next_reminder(need, policy) for name, need in needing.items()}
    return {name: max(when, until) for name, when in times.items() if when is not None}


def _passed(need: Need, at: float, policy: RelinkPolicy) -> int:
    """How many reminders of an account are due by now: of several that were missed, one is sent."""
    start = need.named_at or 0.0
    return sum(start + offset <= at for offset in policy.reminders)


def _prompt_time(
    needing: Needing,
    name: str,
    reminders: dict[str, float],
    last: float | None,
    at: float,
    policy: RelinkPolicy,
) -> float:
    """When an account that is not named yet is to be named (Unix seconds).

    Args: as for :func:`due`, and when the next reminders of the others go out.
    """
    need = needing[name]
    # Of an account of which Stripe itself writes, the customer knows.
    day = need.relink_by if need.stripe_writes_since is None else None
    following = min(reminders.values(), default=None)
    if following is not None and (day is None or following < day):
        return following
    gap_ends = max(at, _stripe_writes_until(needing, policy))
    if last is not None:
        gap_ends = max(gap_ends, last + policy.prompt_gap)
    return gap_ends if day is None else min(gap_ends, max(at, day))
