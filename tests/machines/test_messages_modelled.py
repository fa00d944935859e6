"""P1, P2: the schedule of messages, by a model that asks of one moment whether a message is due.

``messages_due`` works out times. The model knows none: it looks at a moment, and says by the rules
whether somebody has to be written to, who, and which reminder it is. Both are asked about accounts
whose times lie on each bound, and just before and after it.
"""

from math import ceil

import pytest

from relink.machines import RelinkPolicy, messages_due
from relink.machines.messages_due import Message, Needing

from .drawn_needs import AT, drawn

COUNT = 3_000
TEN_MINUTES = 600
"""How long the read of a session at its deadline may take (K9)."""

CASES = [drawn(seed) for seed in range(COUNT)]


class Moment:
    """What the rules say of one moment."""

    def __init__(
        self, needing: Needing, last: float | None, at: float, policy: RelinkPolicy
    ) -> None:
        self.needing, self.last, self.at, self.policy = needing, last, at, policy
        mails = [n.stripe_writes_since for n in needing.values()]
        self.is_silent = any(
            since is not None and at < since + policy.session_open_for + TEN_MINUTES
            for since in mails
        )
        """Stripe itself writes (P2)."""

    def named_at(self, name: str) -> float | None:
        """Its first message: ours, else Stripe's mail."""
        known = self.needing[name]
        return known.prompted_at if known.prompted_at is not None else known.mailed_at

    def is_unnamed(self, name: str) -> bool:
        return self.named_at(name) is None and self.needing[name].standing == "needed"

    def passed(self, name: str) -> int:
        """How many reminders have been due for it."""
        named = self.named_at(name)
        return sum(named is not None and named + each <= self.at for each in self.policy.reminders)

    def is_reminded(self, name: str) -> bool:
        """Whether it gets a reminder at this moment."""
        known = self.needing[name]
        is_denied = known.cause == "access_denied" and not self.policy.remind_after_denial
        if self.named_at(name) is None or known.standing != "needed" or is_denied:
            return False
        return self.passed(name) > known.reminded and not self.is_silent

    def is_due_to_be_named(self, name: str) -> bool:
        """Whether a prompt names it now, and does not wait for a reminder of another (P1)."""
        known = self.needing[name]
        day = None if known.stripe_writes_since is not None else known.relink_by
        if day is not None and day <= self.at:
            return not self.gets_a_reminder_before(day)
        gap = self.last is None or self.at >= self.last + self.policy.prompt_gap
        return gap and not self.is_silent and not self.gets_a_reminder_before(day)

    def gets_a_reminder_before(self, day: float | None) -> bool:
        """Whether somebody is reminded, from now on, before a day; or ever, where there is none."""
        for moment in self.from_now_on():
            if day is not None and moment.at >= day:
                return False
            if any(moment.is_reminded(name) for name in self.needing):
                return True
        return False

    def from_now_on(self) -> "list[Moment]":
        """Each moment at which something changes, from the first one that matters."""
        starts = [self.named_at(name) for name in self.needing]
        mails = [known.stripe_writes_since for known in self.needing.values()]
        times = {s + each for s in starts if s is not None for each in self.policy.reminders}
        open_for = self.policy.session_open_for + TEN_MINUTES
        times |= {since + open_for for since in mails if since is not None}
        return [Moment(self.needing, self.last, at, self.policy) for at in sorted(times)]

    def message(self) -> Message | None:
        """The message that is due."""
        reminded = {name for name in self.needing if self.is_reminded(name)}
        unnamed = {name for name in self.needing if self.is_unnamed(name)}
        if not reminded and not any(self.is_due_to_be_named(name) for name in unnamed):
            return None
        number = max((self.passed(name) for name in reminded), default=0)
        holder = min(self.needing[name].holder for name in reminded | unnamed)
        return Message(tuple(sorted(reminded | unnamed)), number, holder)


def test_P1_P2_a_message_is_due_when_the_rules_say_and_names_whom_they_say() -> None:
    for needing, last, policy in CASES:
        expected = Moment(needing, last, AT, policy).message()
        found = messages_due.due(needing, last, AT, policy)
        assert found == expected, (needing, last, policy)


def test_P1_P2_the_next_message_is_planned_for_the_first_second_at_which_one_is_due() -> None:
    for needing, last, policy in CASES:
        if messages_due.due(needing, last, AT, policy) is not None:
            continue
        moment = Moment(needing, last, AT, policy)
        times = {each.at for each in moment.from_now_on()}
        times |= {n.relink_by for n in needing.values() if n.relink_by is not None}
        times |= set() if last is None else {last + policy.prompt_gap}
        following = (
            second
            for second in sorted({ceil(each) for each in times if each > AT})
            if Moment(needing, last, second, policy).message() is not None
        )
        planned = messages_due.next_time(needing, last, AT, policy)
        assert planned == next(following, None), (needing, last, policy)


def test_P1_after_a_message_each_account_has_its_schedule_and_those_that_join_share_one() -> None:
    for needing, last, policy in CASES:
        message = messages_due.due(needing, last, AT, policy)
        if message is None:
            continue
        moment = Moment(needing, last, AT, policy)
        after = messages_due.after(needing, message, AT, policy)
        assert after.keys() == needing.keys()
        shared = {
            moment.named_at(name)
            for name in message.accounts
            if not moment.is_unnamed(name) and moment.passed(name) == message.reminder
        }
        for name, known in needing.items():
            now = after[name]
            changes = {"prompted_at": now.prompted_at, "reminded": now.reminded}
            assert now == known.after(changes)
            if name not in message.accounts:
                assert now == known
            elif moment.is_unnamed(name):
                assert now.prompted_at in (shared or {AT})
                assert now.reminded == message.reminder
            else:
                assert now.prompted_at == moment.named_at(name)
                assert now.reminded == moment.passed(name)


@pytest.mark.parametrize("standing", ["needed", "suspended", "given_up"])
def test_P1_P2_who_is_still_to_be_named_and_who_is_still_to_be_reminded(standing: str) -> None:
    for needing, _, policy in CASES:
        for name, drawn_need in needing.items():
            known = drawn_need.after({"standing": standing})
            is_named = known.prompted_at is not None or known.mailed_at is not None
            is_there = standing != "given_up"
            to_name = messages_due.has_somebody_to_name({name: known})
            assert to_name == (is_there and not is_named)
            is_denied = known.cause == "access_denied" and not policy.remind_after_denial
            left = known.reminded < len(policy.reminders) and not is_denied
            to_remind = messages_due.has_reminders_left({name: known}, policy)
            assert to_remind == (is_there and is_named and left)


def test_the_cases_are_of_every_kind() -> None:
    messages = [messages_due.due(*case[:2], AT, case[2]) for case in CASES]
    reminders = {message.reminder for message in messages if message}
    assert reminders == {0, 1, 2}
    assert sum(message is None for message in messages) > COUNT // 10
    assert sum(message is not None for message in messages) > COUNT // 10
    joined = [
        m
        for m, (needing, _, _) in zip(messages, CASES, strict=True)
        if m and m.reminder and any(needing[name].named_at is None for name in m.accounts)
    ]
    assert len(joined) > COUNT // 100
