"""P1, P2: the schedule of messages, by properties over the pure functions that decide it."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relink.machines import RelinkPolicy, messages_due
from relink.machines.messages import NeedsChanged
from relink.machines.messages_due import Message, Need, Needing

from ..profile import examples

AT = 1_000
POLICIES = st.builds(
    RelinkPolicy,
    reminders=st.sampled_from([(), (20,), (20, 70), (5, 6, 7)]),
    prompt_gap=st.sampled_from([0, 10, 100]),
    remind_after_denial=st.booleans(),
)


@st.composite
def needs(draw: st.DrawFn) -> Need:
    """What an account may need, and what may have been sent about it."""
    prompted_at = draw(st.none() | st.integers(AT - 100, AT))
    return Need(
        number=1,
        needs=("inactive",),
        standing=draw(st.sampled_from(["needed", "needed", "suspended", "given_up"])),
        cause=draw(st.sampled_from([None, "access_expired", "access_denied"])),
        relink_by=draw(st.none() | st.integers(AT - 10, AT + 100)),
        holder="cus_1",
        mailed_at=draw(st.sampled_from([None] * 9 + [AT - 5])),
        stripe_writes_since=draw(st.sampled_from([None] * 9 + [AT - 5])),
        read_due_since=None,
        prompted_at=prompted_at,
        reminded=0 if prompted_at is None else draw(st.integers(0, 3)),
    )


def was_named(need: Need) -> bool:
    return need.prompted_at is not None or need.mailed_at is not None


NEEDING = st.dictionaries(st.sampled_from(["fca_1", "fca_2", "fca_3"]), needs())
LAST = st.none() | st.integers(AT - 100, AT)


def is_mailed(needing: Needing) -> bool:
    return any(need.stripe_writes_since is not None for need in needing.values())


def has_come(need: Need, at: int) -> bool:
    """Whether its day has come, and Stripe writes of others only."""
    return need.relink_by is not None and need.relink_by <= at and not need.stripe_writes_since


def unnamed(needing: Needing) -> set[str]:
    """The accounts that may be named and were not."""
    return {
        name for name, need in needing.items() if not was_named(need) and need.standing == "needed"
    }


def sent(
    needing: Needing, last: float | None, policy: RelinkPolicy, until: int
) -> list[tuple[float, Message]]:
    """The messages up to a time, and when each is sent, if the clock wakes us as planned."""
    at: float = AT
    found: list[tuple[float, Message]] = []
    for _ in range(50):
        message = messages_due.due(needing, last, at, policy)
        if message is not None:
            found.append((at, message))
            needing = messages_due.after(needing, message, at, policy)
            last = last if message.reminder else at
            continue
        following = messages_due.next_time(needing, last, at, policy)
        if following is None or following > until:
            return found
        assert following > at, "the clock moves on"
        at = following
    raise AssertionError("messages never end")


@settings(max_examples=examples(400))
@given(needing=NEEDING, last=LAST, policy=POLICIES)
def test_P2_a_message_names_only_accounts_that_may_be_named(
    needing: Needing, last: float | None, policy: RelinkPolicy
) -> None:
    message = messages_due.due(needing, last, AT, policy)
    if message is None:
        return
    assert message.accounts
    assert list(message.accounts) == sorted(set(message.accounts))
    assert {needing[name].standing for name in message.accounts} == {"needed"}
    assert not is_mailed(needing) or any(has_come(needing[name], AT) for name in unnamed(needing))


@settings(max_examples=examples(400))
@given(needing=NEEDING, last=LAST, policy=POLICIES)
def test_P2_a_customer_who_revoked_access_is_not_reminded_unless_the_policy_says_so(
    needing: Needing, last: float | None, policy: RelinkPolicy
) -> None:
    for _, message in sent(needing, last, policy, AT + 500):
        for name in message.accounts:
            need = needing[name]
            if need.cause == "access_denied" and was_named(need):
                assert policy.remind_after_denial


@settings(max_examples=examples(400))
@given(needing=NEEDING, last=LAST, policy=POLICIES)
def test_P1_every_account_is_named_and_at_the_latest_on_its_day_or_when_the_gap_ends(
    needing: Needing, last: float | None, policy: RelinkPolicy
) -> None:
    mailed = is_mailed(needing)
    named: dict[str, float] = {}
    for at, message in sent(needing, last, policy, AT + 500):
        for name in message.accounts:
            named.setdefault(name, at)
    for name in unnamed(needing):
        day, gap_ends = needing[name].relink_by, max(AT, (last or 0) + policy.prompt_gap)
        if mailed:
            # Stripe itself writes, for longer than this: only a day that comes ends the silence.
            assert name in named or not has_come(needing[name], AT + 500)
            continue
        assert named[name] <= AT + max((*policy.reminders, policy.prompt_gap), default=0)
        if day is not None:
            assert named[name] <= max(AT, day)
        if not any(was_named(need) for need in needing.values()):
            # No reminder follows that it could join.
            assert named[name] <= gap_ends


@settings(max_examples=examples(400))
@given(needing=NEEDING, last=LAST, policy=POLICIES)
def test_P1_between_two_prompts_the_gap_passes_or_a_day_comes(
    needing: Needing, last: float | None, policy: RelinkPolicy
) -> None:
    for at, message in sent(needing, last, policy, AT + 500):
        if message.reminder:
            continue
        days = [needing[name].relink_by for name in message.accounts]
        has_day = any(day is not None and day <= at for day in days)
        assert last is None or at >= last + policy.prompt_gap or has_day
        last = at


@settings(max_examples=examples(400))
@given(needing=NEEDING, last=LAST, policy=POLICIES)
def test_P1_a_prompt_names_somebody_new_and_each_account_gets_no_more_than_its_reminders(
    needing: Needing, last: float | None, policy: RelinkPolicy
) -> None:
    seen = {name for name, need in needing.items() if was_named(need)}
    count = dict.fromkeys(needing, 0)
    for _, message in sent(needing, last, policy, AT + 500):
        if message.reminder == 0:
            assert set(message.accounts) - seen
        for name in message.accounts:
            count[name] += name in seen
        seen |= set(message.accounts)
    for name, need in needing.items():
        left = len(policy.reminders) - (need.reminded if was_named(need) else 0)
        assert count[name] <= max(left, 0)


@settings(max_examples=examples(400))
@given(needing=NEEDING, last=LAST, policy=POLICIES)
def test_P1_nothing_is_due_again_at_once_and_nothing_is_planned_for_the_past(
    needing: Needing, last: float | None, policy: RelinkPolicy
) -> None:
    message = messages_due.due(needing, last, AT, policy)
    if message is not None:
        needing = messages_due.after(needing, message, AT, policy)
        last = last if message.reminder else AT
        assert messages_due.due(needing, last, AT, policy) is None
    following = messages_due.next_time(needing, last, AT, policy)
    assert following is None or following > AT
    if following is not None:
        assert messages_due.due(needing, last, following, policy) is not None
        assert messages_due.due(needing, last, following - 1, policy) is None


@settings(max_examples=examples(400))
@given(needing=NEEDING, policy=POLICIES)
def test_P1_the_answers_about_a_schedule_agree_with_what_is_sent(
    needing: Needing, policy: RelinkPolicy
) -> None:
    """Of accounts that nothing holds up."""
    free: Needing = {
        name: need.after({"stripe_writes_since": None, "standing": "needed"})
        for name, need in needing.items()
    }
    messages = sent(free, None, policy, AT + 500)
    prompts = [message for _, message in messages if not message.reminder]
    joined = [m for _, m in messages if any(not was_named(free[n]) for n in m.accounts)]
    if not messages_due.has_somebody_to_name(free):
        assert prompts == joined == []
    else:
        assert joined
    if not messages_due.has_somebody_to_name(free):
        assert bool(messages) == messages_due.has_reminders_left(free, policy)


# ── what an account tells ────────────────────────────────────────────────────


def told(account: str, **said: Any) -> NeedsChanged:
    fields = {"number": 1, "needs": ("inactive",), "holder": "cus_1", **said}
    return NeedsChanged(causation_id="evt_1", at=AT, subject=account, **fields)


@settings(max_examples=examples(400))
@given(needing=NEEDING, number=st.integers(1, 2), mailed=st.none() | st.just(AT - 7))
def test_P1_what_was_sent_in_an_outage_of_the_account_is_remembered_in_it_and_not_after(
    needing: Needing, number: int, mailed: int | None
) -> None:
    known = needing.get("fca_1")
    now = messages_due.with_change(needing, told("fca_1", number=number, mailed_at=mailed))["fca_1"]
    kept = known.prompted_at if known and known.number == number else None
    assert now.prompted_at == kept
    assert now.named_at == (mailed if kept is None else kept)
    assert now.reminded == (known.reminded if known and known.number == number else 0)


@settings(max_examples=examples(400))
@given(needing=NEEDING)
def test_P1_an_account_that_needs_nothing_is_forgotten_and_the_others_are_not(
    needing: Needing,
) -> None:
    after = messages_due.with_change(needing, told("fca_1", needs=()))
    assert after == {name: need for name, need in needing.items() if name != "fca_1"}


def test_P2_a_mail_is_the_prompt_of_the_account_of_its_session_and_of_no_other() -> None:
    needing = messages_due.with_change({}, told("fca_2"))
    needing = messages_due.with_change(needing, told("fca_1", mailed_at=AT, stripe_writes_since=AT))
    assert {name: need.named_at for name, need in needing.items()} == {
        "fca_1": AT,
        "fca_2": None,
    }
    policy = RelinkPolicy()
    assert messages_due.due(needing, None, AT, policy) is None
    following = messages_due.next_time(needing, None, AT, policy)
    assert following is not None
    assert following > AT + policy.session_open_for


def test_P2_a_mail_that_was_answered_before_the_outage_is_not_its_prompt() -> None:
    needing = messages_due.with_change({}, told("fca_1", mailed_at=AT, stripe_writes_since=AT))
    needing = messages_due.with_change(needing, told("fca_1"))
    assert messages_due.due(needing, None, AT, RelinkPolicy()) == messages_due.Message(
        ("fca_1",), 0, "cus_1"
    )


def test_P1_an_account_that_joins_a_reminder_shares_its_schedule() -> None:
    policy = RelinkPolicy(reminders=(20, 70), prompt_gap=0)
    needing = messages_due.with_change({}, told("fca_1", prompted_at=AT))
    needing = messages_due.with_change(needing, told("fca_2"))
    found = sent(needing, AT, policy, AT + 500)
    both = ("fca_1", "fca_2")
    assert [(at, m.accounts, m.reminder) for at, m in found] == [
        (AT + 20, both, 1),
        (AT + 70, both, 2),
    ]
    assert math.isclose(needing["fca_1"].prompted_at or 0, AT)


def account(**said: Any) -> Need:
    """An account that is down, and not named yet."""
    fields = {"standing": "needed", "cause": None, "relink_by": None, "holder": "cus_1"}
    rest = {"read_due_since": None, "prompted_at": None, "reminded": 0}
    rest |= {"mailed_at": None, "stripe_writes_since": None}
    return Need(number=1, needs=("inactive",), **{**fields, **rest, **said})


def test_P1_the_gap_ends_on_the_day_of_an_account_that_is_not_named_yet() -> None:
    policy = RelinkPolicy(prompt_gap=100, reminders=())
    needing = {"fca_1": account(relink_by=AT + 20), "fca_2": account()}
    found = sent(needing, AT - 10, policy, AT + 500)
    assert [(at, m.accounts) for at, m in found] == [(AT + 20, ("fca_1", "fca_2"))]


def test_P1_an_account_does_not_wait_for_a_reminder_after_its_day() -> None:
    policy = RelinkPolicy(prompt_gap=10, reminders=(50,))
    needing = {"fca_1": account(prompted_at=AT), "fca_2": account(relink_by=AT + 30)}
    first = sent(needing, AT, policy, AT + 500)[0]
    assert (first[0], first[1].accounts, first[1].reminder) == (AT + 10, ("fca_2",), 0)


def test_P1_an_account_waits_for_a_reminder_before_its_day() -> None:
    policy = RelinkPolicy(prompt_gap=10, reminders=(50,))
    needing = {"fca_1": account(prompted_at=AT), "fca_2": account(relink_by=AT + 60)}
    first = sent(needing, AT, policy, AT + 500)[0]
    assert (first[0], first[1].accounts, first[1].reminder) == (AT + 50, ("fca_1", "fca_2"), 1)
