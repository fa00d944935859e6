"""How long reads and prompts wait: each bound of K4, K9 and K10 met exactly."""

from itertools import product
from typing import Any

import pytest

from relink.engine import Address, Decision, Send, Snapshot
from relink.machines import RelinkPolicy, relink_system
from relink.machines.account.facts import AccountFacts
from relink.machines.authorization import AuthorizationFacts
from relink.machines.commands import RetrieveAccount, Wake
from relink.machines.events import AccountReported, FromStripe
from relink.machines.holder import Awaited, HolderFacts
from relink.machines.messages import (
    MayPrompt,
    PromptAllowed,
    ReadAnswered,
    ReadAwaited,
    ReadDueChanged,
    ReadWanted,
    ReviewDue,
)
from relink.machines.phases import ANSWER
from relink.machines.read import ReadFacts
from relink.machines.reasons import ReadReason
from relink.machines.routing import times

AT = 1_000_000
SENT: dict[str, Any] = {"causation_id": "evt_1", "at": AT, "policy": RelinkPolicy(attempts=7)}
YES_OR_NO = (False, True)


def decide(machine: str, state: str, facts: Any, trigger: Any) -> Decision:
    return relink_system().tables[machine].decide(Snapshot(state, facts, 1), trigger)


# ── the holder (K9) ──────────────────────────────────────────────────────────

OUTAGES = ("fcauth_1", "fcauth_2")
AWAITED: dict[str, list[Awaited]] = {
    "nothing": [],
    "of the first": [Awaited(authorization="fcauth_1", since=AT - 599)],
    "of the second": [Awaited(authorization="fcauth_2", since=AT - 599)],
    "of nobody knows": [Awaited(authorization=None, since=AT - 10.5)],
    "of both": [
        Awaited(authorization="fcauth_1", since=AT - 10.0),
        Awaited(authorization="fcauth_2", since=AT - 20.0),
    ],
    "for ten minutes": [Awaited(authorization="fcauth_1", since=AT - 600)],
    "for longer": [
        Awaited(authorization=None, since=AT - 601.0),
        Awaited(authorization="fcauth_2", since=AT - 599.5),
    ],
}


def blocks(read: Awaited, outage: str) -> bool:
    """A read of the same authorization, or of an unknown one, for less than ten minutes (K9)."""
    return read.authorization in (None, outage) and AT - read.since < 600


@pytest.mark.parametrize("awaited", AWAITED)
@pytest.mark.parametrize("asking", [(), OUTAGES[:1], OUTAGES[1:], OUTAGES])
def test_K9_a_holder_lets_those_write_whom_no_read_holds_up(
    awaited: str, asking: tuple[str, ...]
) -> None:
    reads = AWAITED[awaited]
    facts = HolderFacts(id="cus_1").after(
        {
            "awaited": {f"fca_{number}": read for number, read in enumerate(reads)},
            "asking": frozenset(asking),
        }
    )
    trigger = ReviewDue(**SENT)
    decision = decide("holder", "awaiting" if reads else "clear", facts, trigger)
    held = [key for key in asking if any(blocks(read, key) for read in reads)]
    expected: list[Any] = [
        Send(machine="outage", key=key, event=trigger.follow(PromptAllowed), phase=ANSWER)
        for key in asking
        if key not in held
    ]
    if held:
        since = min(read.since for read in reads for key in held if blocks(read, key))
        due = int(since) + 601
        expected.append(Wake(machine="holder", key="cus_1", due=due, event=trigger))
    assert list(decision.commands) == expected
    assert decision.facts == facts.after({"asking": frozenset(held)})


def test_K9_a_holder_answers_last_of_all_and_knows_which_reads_are_due() -> None:
    review = Send(machine="holder", key="cus_1", event=ReviewDue(**SENT), phase=ANSWER)
    first = ReadAwaited(account="fca_1", authorization="fcauth_1", since=AT - 5.0, **SENT)
    second = ReadAwaited(account="fca_2", authorization=None, since=AT - 4.0, **SENT)
    one = Awaited(authorization="fcauth_1", since=AT - 5.0)
    two = Awaited(authorization=None, since=AT - 4.0)

    began = decide("holder", "clear", HolderFacts(id="cus_1"), first)
    assert (began.state, began.facts.awaited, began.commands) == ("awaiting", {"fca_1": one}, ())
    both = decide("holder", began.state, began.facts, second)
    assert both.facts.awaited == {"fca_1": one, "fca_2": two}
    assert (both.state, both.commands) == ("awaiting", (review,))
    left = decide("holder", both.state, both.facts, first.model_copy(update={"since": None}))
    assert (left.state, left.facts.awaited) == ("awaiting", {"fca_2": two})
    assert left.commands == (review,)
    over = decide("holder", left.state, left.facts, second.model_copy(update={"since": None}))
    assert (over.state, over.facts.awaited, over.commands) == ("clear", {}, (review,))
    again = decide("holder", over.state, over.facts, second.model_copy(update={"since": None}))
    assert (again.state, again.facts, again.commands) == ("clear", over.facts, ())

    for state in ("clear", "awaiting"):
        asked = decide("holder", state, both.facts, MayPrompt(outage="fcauth_1", **SENT))
        assert (asked.state, asked.commands) == (state, (review,))
        assert asked.facts == both.facts.after({"asking": frozenset({"fcauth_1"})})


# ── reads (K10) ──────────────────────────────────────────────────────────────


def wanted(**fields: Any) -> ReadWanted:
    return ReadWanted(**{"of": "account", "reason": ReadReason.LOOK, **SENT, **fields})


def read_facts(**facts: Any) -> ReadFacts:
    known = {"number": 2, "reason": ReadReason.LOOK, "since": AT - 30.5, "asked_at": AT - 30.5}
    return ReadFacts(id="fca_1").after(known | facts)


def told_since(since: float | None, trigger: Any) -> Send:
    event = trigger.follow(ReadDueChanged, since=since)
    return Send(machine="account", key="fca_1", event=event)


@pytest.mark.parametrize("after", [0, AT + 59, AT + 60, AT + 61, AT + 500])
@pytest.mark.parametrize("reason", [ReadReason.LOOK, ReadReason.CONTRADICTION])
def test_K10_a_read_begins_when_it_is_wanted_and_a_minute_later_at_most(
    after: int, reason: ReadReason
) -> None:
    trigger = wanted(after=after, reason=reason)
    decision = decide("read", "idle", read_facts(), trigger)
    begins = min(after, AT + 60)
    read = RetrieveAccount(account="fca_1", number=3, reason=reason, after=begins)
    assert (decision.state, decision.commands) == ("due", (read, told_since(AT, trigger)))
    assert decision.facts == read_facts(
        number=3,
        reason=reason,
        settles=reason is ReadReason.CONTRADICTION,
        since=AT,
        asked_at=AT,
        wanted_after=after,
        not_before=begins,
    )


LATEST = int(AT - 30.5) + 60
"""To when a read that was first asked for 30.5 s ago may be put off."""


@pytest.mark.parametrize("settles", YES_OR_NO)
@pytest.mark.parametrize("reason", [ReadReason.LOOK, ReadReason.CONTRADICTION])
@pytest.mark.parametrize("after", [0, AT + 9, AT + 10, AT + 11, LATEST, LATEST + 1])
def test_K10_a_later_question_puts_a_read_off_and_a_minute_in_all(
    after: int, reason: ReadReason, settles: bool
) -> None:
    known = read_facts(wanted_after=AT + 10, not_before=AT + 10, settles=settles)
    trigger = wanted(after=after, reason=reason)
    decision = decide("read", "due", known, trigger)
    is_later = after > AT + 10
    begins = min(after, LATEST)
    read = RetrieveAccount(account="fca_1", number=2, reason=ReadReason.LOOK, after=begins)
    told = told_since(AT - 30.5, trigger)
    assert decision.state == "due"
    assert decision.commands == ((read, told) if is_later else (told,))
    times_of_it = {"wanted_after": after, "not_before": begins} if is_later else {}
    now_settles = settles or is_later or reason is ReadReason.CONTRADICTION
    assert decision.facts == known.after({"asked_at": AT, "settles": now_settles, **times_of_it})


@pytest.mark.parametrize("not_before", [0, AT - 10])
@pytest.mark.parametrize("begun", [None, *(AT - 20 + d for d in (-1, 0, 1, 9, 10, 11))])
@pytest.mark.parametrize("answers", ["retrieve_account_fca_1_2", "retrieve_account_fca_1_1"])
def test_K10_a_read_that_began_too_early_is_asked_for_once_more(
    not_before: int, begun: float | None, answers: str
) -> None:
    known = read_facts(asked_at=AT - 20.0, not_before=not_before, wanted_after=AT + 500)
    trigger = ReadAnswered(begun_at=begun, **{**SENT, "causation_id": answers})
    decision = decide("read", "due", known, trigger)
    if answers.endswith("_1"):
        assert (decision.state, decision.facts, decision.commands) == ("due", known, ())
    elif begun is not None and begun < max(AT - 20, not_before):
        latest = AT + 60
        read = RetrieveAccount(account="fca_1", number=3, reason=ReadReason.LOOK, after=latest)
        assert (decision.state, decision.commands) == ("due", (read,))
        changed = {"number": 3, "since": AT, "asked_at": AT, "not_before": latest}
        assert decision.facts == known.after(changed)
    else:
        released = told_since(None, trigger)
        assert (decision.state, decision.facts) == ("idle", known)
        assert decision.commands == (released,)


# ── which answer settles a contradiction (K10) ───────────────────────────────


def settles(
    known: Any, read: ReadFacts | None, begun_at: float | None, as_of: int, is_read: bool = True
) -> bool:
    world: dict[Address, Snapshot[Any]] = {}
    if known is not None:
        world[Address("account", "fca_1")] = Snapshot("active", known, 1)
    if read is not None:
        world[Address("read", "fca_1")] = Snapshot("due", read, 1)
    fields = {"account": "fca_1", "report": None, "as_of": as_of, "read": is_read}
    trigger: FromStripe = AccountReported(begun_at=begun_at, **fields, **SENT)
    return times.decides_contradiction(trigger, "account", "fca_1", world.get)


KNOWN = [
    AccountFacts(id="fca_1").after({"as_of": AT - 100}),
    AccountFacts(id="fca_1").after({"as_of": AT - 200, "repaired_as_of": AT - 100}),
    AuthorizationFacts(id="fca_1").after({"as_of": AT - 200, "announcement_as_of": AT - 100}),
]
"""What is known until then, by a report, by a repair, or by an announcement."""


@pytest.mark.parametrize("known", KNOWN, ids=["report", "repair", "announcement"])
def test_K10_an_answer_two_seconds_after_all_that_is_known_settles_any_contradiction(
    known: Any,
) -> None:
    for asked, begun, as_of in product(
        (None, read_facts()), (-99, -98.5, -98, -97), (-99, -98, -97)
    ):
        expected = begun >= -98 and as_of >= -98
        assert settles(known, asked, AT + begun, AT + as_of) == expected
        assert not settles(known, asked, AT + begun, AT + as_of, is_read=False)
        assert not settles(known, asked, None, AT + as_of)


@pytest.mark.parametrize("known", KNOWN, ids=["report", "repair", "announcement"])
def test_K10_the_read_that_was_asked_for_settles_if_it_begins_when_it_was_to(known: Any) -> None:
    for later, begun in product((-110, -98, -90), (-99.0, -98.0, -97.0, -91.0, -90.0, -89.0)):
        asked = read_facts(settles=True, since=AT - 120.0, not_before=AT + later)
        expected = begun >= max(later, -98)
        assert settles(known, asked, AT + begun, AT) == expected, (later, begun)


@pytest.mark.parametrize("known", KNOWN, ids=["report", "repair", "announcement"])
def test_K10_a_read_that_was_put_off_for_a_minute_settles_what_was_known_when_it_began(
    known: Any,
) -> None:
    for put_off, asked_at, begun in product((59, 60, 61), (-120, -90), (-100, -99, -98, -90)):
        since = AT - 160.0
        not_before = int(since) + put_off
        asked = read_facts(
            settles=True, since=since, asked_at=float(AT + asked_at), not_before=not_before
        )
        if put_off < 60:
            expected = begun >= max(not_before - AT, -98)
        else:
            expected = begun >= max(asked_at, -99)
        assert settles(known, asked, AT + begun, AT) == expected, (put_off, asked_at, begun)


def test_K10_nothing_is_known_of_an_account_that_was_never_seen() -> None:
    assert settles(None, None, 1.0, 1)
    assert not settles(None, None, 0.0, 1)


@pytest.mark.parametrize("ahead", [299, 300, 301])
@pytest.mark.parametrize("begun_at", [None, AT - 2.5])
def test_K2_a_time_five_minutes_ahead_counts_and_a_later_one_does_not(
    ahead: int, begun_at: float | None
) -> None:
    fields = {"account": "fca_1", "report": None, "begun_at": begun_at, "as_of": AT + ahead}
    for read in YES_OR_NO:
        trigger = AccountReported(read=read, **fields, **SENT)
        is_ahead = ahead > 300
        assert times.is_in_future(trigger) == is_ahead
        assert times.is_unusable(trigger) == (is_ahead and not read)
        instead = AT if begun_at is None else AT - 3
        assert times.as_of_report(trigger) == (instead if is_ahead and read else AT + ahead)
