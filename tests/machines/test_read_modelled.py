"""K9, K10: when an object is read, which questions one read answers, and who has to wait for it.

A plain model of one object's reads beside the chart: every question and answer comes at each time
that matters, in both states.
"""

from itertools import product
from typing import Any

import pytest

from relink.engine import Command, Decision, Send, Snapshot
from relink.machines import relink_system
from relink.machines.commands import (
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveExternalAccount,
    RetrievePaymentMethod,
    RetrieveSession,
)
from relink.machines.messages import ReadAnswered, ReadDueChanged, ReadFailed, ReadWanted
from relink.machines.read import ReadFacts, has_waited_long_enough
from relink.machines.reasons import ReadReason

NOW = 1_000_000.5
ID = {
    "account": "fca_1",
    "authorization": "fcauth_1",
    "session": "fcsess_1",
    "payment_method": "pm_1",
    "external_account": "ba_1",
}
WAITING = {"account": "account", "authorization": "outage"}
"""Which machine waits with its prompts for a read of this kind."""
TOLD = {kind: "payment_method" if kind == "external_account" else kind for kind in ID}
"""Which machine learns that Stripe refused it."""
LONGEST = 60
TIMES = (0, 999_999, 1_000_003, 1_000_060, 1_000_061, 1_000_100)


def retrieve(kind: str, **asked: Any) -> Command:
    match kind:
        case "account":
            return RetrieveAccount(account="fca_1", **asked)
        case "authorization":
            return RetrieveAuthorization(authorization="fcauth_1", **asked)
        case "session":
            return RetrieveSession(session="fcsess_1", **asked)
        case "payment_method":
            return RetrievePaymentMethod(payment_method="pm_1", **asked)
    return RetrieveExternalAccount(external_account="ba_1", connected_account="acct_1", **asked)


def sent(at: float = NOW, cause: str = "evt_1") -> dict[str, Any]:
    return {"causation_id": cause, "at": at}


def idle(kind: str) -> Snapshot[ReadFacts]:
    fresh = relink_system().tables["read"].start(ReadFacts(id=ID[kind]))
    assert fresh.state == "idle"
    where = {"connected_account": "acct_1"} if kind == "external_account" else {}
    return Snapshot("idle", fresh.facts.after({"number": 4, **where}), 1)


def due(kind: str, **facts: Any) -> Snapshot[ReadFacts]:
    """One that was asked for ten seconds ago."""
    remembered = {
        "kind": kind,
        "connected_account": "acct_1" if kind == "external_account" else None,
        "number": 4,
        "reason": ReadReason.LOOK,
        "since": NOW - 10,
        "asked_at": NOW - 10,
    }
    return Snapshot("due", ReadFacts(id=ID[kind]).after(remembered | facts), 1)


def decide(now: Snapshot[ReadFacts], trigger: Any) -> Decision:
    return relink_system().tables["read"].decide(now, trigger)


def waiting(kind: str, trigger: Any, since: float | None) -> set[Command]:
    """Who is told that prompts have to wait, or need not any more."""
    if kind not in WAITING:
        return set()
    changed = trigger.follow(ReadDueChanged, since=since)
    return {Send(machine=WAITING[kind], key=ID[kind], event=changed)}


def holds_up(kind: str, reason: ReadReason) -> bool:
    """An account that is down needs no confirmation by its authorization."""
    return (kind, reason) != ("authorization", ReadReason.ACCOUNT_CHANGED)


@pytest.mark.parametrize("kind", ID)
@pytest.mark.parametrize("reason", ReadReason)
def test_K10_the_first_question_has_it_read_at_its_time(kind: str, reason: ReadReason) -> None:
    for after in TIMES:
        wanted = ReadWanted(of=kind, reason=reason, after=after, **sent())  # type: ignore[arg-type]
        before = idle(kind)
        decision = decide(before, wanted)
        begins = min(after, int(NOW) + LONGEST)
        assert decision.state == "due"
        assert decision.facts == before.facts.after(
            {
                "kind": kind,
                "number": 5,
                "reason": reason,
                "settles": reason is ReadReason.CONTRADICTION,
                "since": NOW,
                "asked_at": NOW,
                "wanted_after": after,
                "not_before": begins,
            }
        )
        told = waiting(kind, wanted, NOW) if holds_up(kind, reason) else set()
        asked = retrieve(kind, number=5, reason=reason, after=begins)
        assert set(decision.commands) == told | {asked}
        (read,) = (x for x in decision.commands if not isinstance(x, Send))
        assert read.model_dump() == asked.model_dump()


def test_an_external_account_is_read_where_the_question_says() -> None:
    wanted = ReadWanted(
        of="external_account", reason=ReadReason.LOOK, connected_account="acct_2", **sent()
    )
    assert decide(idle("external_account"), wanted).facts.connected_account == "acct_2"


@pytest.mark.parametrize("kind", ID)
@pytest.mark.parametrize("reason", ReadReason)
def test_K10_a_later_question_puts_it_off_at_most_by_a_minute(
    kind: str, reason: ReadReason
) -> None:
    for was, after, settles in product((0, 1_000_003), TIMES, (False, True)):
        before = due(kind, wanted_after=was, not_before=was, settles=settles)
        wanted = ReadWanted(of=kind, reason=reason, after=after, **sent())  # type: ignore[arg-type]
        decision = decide(before, wanted)
        assert decision.state == "due"
        told = waiting(kind, wanted, NOW - 10) if holds_up(kind, reason) else set()
        if after <= was:
            assert decision.facts == before.facts.after(
                {"asked_at": NOW, "settles": settles or reason is ReadReason.CONTRADICTION}
            )
            assert set(decision.commands) == told
            continue
        begins = min(after, int(NOW - 10) + LONGEST)
        assert decision.facts == before.facts.after(
            {"asked_at": NOW, "wanted_after": after, "not_before": begins, "settles": True}
        )
        same = retrieve(kind, number=4, reason=ReadReason.LOOK, after=begins)
        assert set(decision.commands) == told | {same}


@pytest.mark.parametrize("kind", ID)
def test_K10_an_answer_counts_if_it_began_after_the_last_question(kind: str) -> None:
    asked_at, not_before = NOW - 5, 999_998
    before = due(kind, asked_at=asked_at, not_before=not_before, wanted_after=1_000_070)
    own = retrieve(kind, number=4, reason=ReadReason.LOOK, after=not_before).id
    begun = (None, asked_at - 1, asked_at, not_before - 0.1, float(not_before), NOW)
    for begun_at, cause in product(begun, (own, "another_read")):
        answered = ReadAnswered(begun_at=begun_at, **sent(cause=cause))
        decision = decide(before, answered)
        if cause != own:
            assert (decision.state, decision.facts) == ("due", before.facts)
            assert not decision.commands
        elif begun_at is not None and (begun_at < asked_at or begun_at < not_before):
            again = min(1_000_070, int(NOW) + LONGEST)
            assert decision.state == "due"
            assert decision.facts == before.facts.after(
                {"number": 5, "since": NOW, "asked_at": NOW, "not_before": again}
            )
            read = retrieve(kind, number=5, reason=ReadReason.LOOK, after=again)
            assert decision.commands == (read,)
        else:
            assert (decision.state, decision.facts) == ("idle", before.facts)
            assert set(decision.commands) == waiting(kind, answered, None)


@pytest.mark.parametrize("kind", ID)
def test_a_refusal_is_told_and_nothing_waits_any_more(kind: str) -> None:
    failed = ReadFailed(error="resource_missing", **sent())
    decision = decide(due(kind), failed)
    assert (decision.state, decision.facts) == ("idle", due(kind).facts)
    told = Send(machine=TOLD[kind], key=ID[kind], event=failed)
    assert set(decision.commands) == waiting(kind, failed, None) | {told}


@pytest.mark.parametrize("kind", ID)
def test_what_nobody_waits_for_is_ignored(kind: str) -> None:
    answers = (ReadAnswered(begun_at=None, **sent()), ReadFailed(error="gone", **sent()))
    for answer in answers:
        decision = decide(idle(kind), answer)
        assert decision.outcome == "ignored"
        assert not decision.commands


def test_K10_a_read_has_waited_long_enough_after_a_minute() -> None:
    for since, not_before in product((1_000_000.0, 1_000_000.9), range(1_000_058, 1_000_063)):
        facts = ReadFacts(id="fca_1").after({"since": since, "not_before": not_before})
        assert has_waited_long_enough(facts) == (not_before >= 1_000_060)
